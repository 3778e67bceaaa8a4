/** What an editor is told of rings, with an editor that reads when it likes and a clock that the test moves. */
import assert from 'node:assert/strict';
import type { ObservedPage, Observer } from '../../server/host/observer';
import { diagnose } from '../../server/doctor/doctor';
import { RingWatch } from '../../server/model/rings/ringWatch';
import type { ApiNotifications } from '../../server/rpc/api';
import { maxRingViews, RingFeed } from '../../server/rpc/ringFeed';
import { XS_RING_PAGE } from '../../server/wire/xsRing';
import { ManualClock } from '../sim/manualClock';

type Sent = {
  [Name in keyof ApiNotifications]: { name: Name; params: ApiNotifications[Name] };
}[keyof ApiNotifications];

class Scene {
  readonly clock = new ManualClock();
  readonly sent: Sent[] = [];
  readonly pages = new Map<string, { readonly page: ObservedPage; readonly bytes: Buffer }>();
  readonly feed: RingFeed;
  isBusy = false;
  #changed: () => void = () => undefined;

  constructor(guests: number) {
    for (let domid = 1; domid <= guests; domid++) this.add(domid);
    const observer: Observer = {
      pages: () => [...this.pages.values()].map(({ page }) => page),
      onChange: (listener) => {
        this.#changed = listener;
        return () => undefined;
      },
    };
    const watch = new RingWatch({ observer, clock: this.clock, judge: diagnose });
    this.feed = new RingFeed({
      host: 'simulator',
      watch,
      isBusy: () => this.isBusy,
      send: (name, params) => this.sent.push({ name, params } as Sent),
    });
  }

  add(domid: number): void {
    const bytes = Buffer.alloc(4096);
    const id = `xenstore:${domid}`;
    const copy = (into: Uint8Array, offset = 0) => {
      if (this.pages.get(id)?.bytes !== bytes) return false;
      into.set(bytes.subarray(offset, offset + into.length));
      return true;
    };
    this.pages.set(id, { bytes, page: { id, kind: 'xenstore', domid, found: 'made for a test', copy } });
  }

  remove(domid: number): void {
    this.pages.delete(`xenstore:${domid}`);
    this.#changed();
  }

  /** The guest has written so far. */
  produce(domid: number, reqProd: number): void {
    this.pages
      .get(`xenstore:${domid}`)!
      .bytes.writeUInt32LE(reqProd, XS_RING_PAGE.fields.req_prod.offsetBytes);
  }

  /** What was sent under this name since the last call. */
  take<Name extends keyof ApiNotifications>(name: Name): ApiNotifications[Name][] {
    const taken = this.sent
      .filter((one) => one.name === name)
      .map(({ params }) => params as ApiNotifications[Name]);
    const rest = this.sent.filter((one) => one.name !== name);
    this.sent.splice(0, this.sent.length, ...rest);
    return taken;
  }
}

describe('the feed of rings to an editor', () => {
  it('tells all once and then only what changed', () => {
    const scene = new Scene(3);
    scene.feed.startList(100);
    scene.clock.tick(1_000);
    const [first, ...more] = scene.take('xenscope/ringsFrame');
    assert.ok(first?.whole);
    assert.equal(first.rings.length, 3);
    assert.ok(more.every(({ whole }) => !whole));
    scene.produce(2, 40);
    scene.clock.tick(100);
    const [change] = scene.take('xenscope/ringsFrame');
    assert.deepEqual(
      change?.changes.map(({ id, directions }) => [id, directions?.[0]!.usedBytes]),
      [['xenstore:2', 40]],
    );
    assert.deepEqual(change?.rings, []);
  });

  it('leaves out what an editor does not read, and makes it good with the next frame', () => {
    const scene = new Scene(3);
    scene.feed.startList(50);
    scene.clock.tick(1_000);
    scene.take('xenscope/ringsFrame');
    scene.isBusy = true;
    scene.sent.length = 0;
    for (const domid of [1, 3]) {
      scene.produce(domid, 16 * domid);
      scene.clock.tick(10_000);
    }
    assert.deepEqual(scene.sent, [], 'nothing piles up');
    scene.isBusy = false;
    scene.clock.tick(50);
    const [change] = scene.take('xenscope/ringsFrame');
    assert.deepEqual(
      change?.changes.map(({ id, directions }) => [id, directions?.[0]!.usedBytes]),
      [
        ['xenstore:1', 16],
        ['xenstore:3', 48],
      ],
    );
  });

  it('tells a panel that its page is gone, once', () => {
    const scene = new Scene(2);
    scene.clock.tick(1_000);
    scene.feed.openView(7, 'xenstore:1', 33);
    scene.clock.tick(100);
    assert.ok(scene.take('xenscope/ringFrame').length >= 1);
    scene.remove(1);
    scene.clock.tick(60_000);
    assert.deepEqual(scene.take('xenscope/ringGone'), [{ viewId: 7 }]);
    assert.ok(!scene.feed.closeView(7));
  });

  it('tells it also where the editor did not read when it went', () => {
    const scene = new Scene(2);
    scene.clock.tick(1_000);
    scene.feed.openView(7, 'xenstore:1', 33);
    scene.clock.tick(100);
    scene.isBusy = true;
    scene.remove(1);
    scene.clock.tick(60_000);
    assert.deepEqual(scene.take('xenscope/ringGone'), []);
    scene.isBusy = false;
    scene.clock.tick(1_000);
    assert.deepEqual(scene.take('xenscope/ringGone'), [{ viewId: 7 }]);
  });

  it('tells findings when they come and when they go, also while no view is open', () => {
    const scene = new Scene(1);
    scene.clock.tick(1_000);
    scene.produce(1, 5_000);
    scene.clock.tick(5_000);
    const found = scene.take('xenscope/findings');
    assert.ok(
      found.at(-1)?.findings.some(({ rule, severity }) => rule === 'index-insane' && severity === 'error'),
    );
    scene.produce(1, 0);
    scene.clock.tick(5_000);
    assert.ok(
      !scene
        .take('xenscope/findings')
        .at(-1)
        ?.findings.some(({ rule }) => rule === 'index-insane'),
    );
  });

  it('shows only so many panels, and looks at nothing once it is closed', () => {
    const scene = new Scene(1);
    scene.clock.tick(1_000);
    for (let viewId = 1; viewId <= maxRingViews; viewId++) scene.feed.openView(viewId, 'xenstore:1', 100);
    assert.throws(() => scene.feed.openView(99, 'xenstore:1', 100), /rings are shown on this host already/);
    assert.throws(() => new Scene(1).feed.openView(1, 'xenstore:9', 100), /no ring "xenstore:9"/);
    scene.feed.close();
    assert.equal(scene.clock.waiting, 0);
  });
});
