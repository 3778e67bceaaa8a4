import assert from 'node:assert/strict';
import { goneShownMs } from '../../../server/model/rings/ringWatch';
import type { RingsFrame } from '../../../server/model/rings/ringTypes';
import { ObservedRingPage } from '../../support/observedPage';
import { read, watchRings } from './watchRings';

describe('RingWatch', () => {
  it('tells each subscriber of all rings, as often as it likes, and nobody when nobody asks', () => {
    const { clock, watch, subscribe, frames, page, observer } = watchRings();
    const slow: RingsFrame[] = [];
    const one = subscribe(50);
    const other = watch.subscribe((frame) => slow.push(frame), { intervalMs: 500 });
    clock.tick(1_000);
    assert.ok(frames.length >= 20 && frames.length <= 22, `${frames.length} frames`);
    assert.ok(slow.length >= 2 && slow.length <= 3, `${slow.length} frames`);
    assert.deepEqual(
      frames[0]!.rings.map(({ id, verdict }) => `${id} ${verdict.rule}`),
      ['xenstore:1 idle', 'console:2 idle'],
    );
    one.stop();
    one.stop();
    other.setInterval(100);
    slow.length = 0;
    clock.tick(1_000);
    assert.ok(slow.length >= 9, `${slow.length} frames`);
    other.stop();
    const { copies } = page;
    clock.tick(10_000);
    assert.deepEqual([page.copies, clock.waiting, observer.listeners], [copies, 0, 0]);
  });

  it('tells the same row while nothing about a ring changes', () => {
    const { clock, subscribe, frames, page } = watchRings();
    subscribe();
    clock.tick(5_000);
    assert.equal(new Set(frames.map(({ rings }) => rings[0])).size, 1);
    page.pass('req', read(1));
    clock.tick(100);
    assert.notEqual(frames.at(-1)!.rings[0], frames[0]!.rings[0]);
    assert.equal(frames.at(-1)!.rings[1], frames[0]!.rings[1]);
  });

  it('tells occupancy, rates, and who writes and reads', () => {
    const { clock, subscribe, last, page } = watchRings();
    subscribe();
    clock.tick(2_000);
    for (let turn = 0; turn < 20; turn++) {
      page.pass('req', Buffer.concat([read(turn), read(turn)]));
      clock.tick(100);
    }
    page.produce('rsp', Buffer.alloc(100));
    clock.tick(100);
    const [req, rsp] = last().rings[0]!.directions;
    assert.deepEqual([req!.producer, req!.consumer, rsp!.producer], ['guest', 'xenstored', 'xenstored']);
    assert.deepEqual([req!.usedBytes, rsp!.usedBytes, rsp!.prod, rsp!.cons], [0, 100, 100, 0]);
    const perSecond = 20 * read(1).length;
    assert.ok(Math.abs(req!.producedPerSecond - perSecond) < 0.2 * perSecond, `${req!.producedPerSecond}`);
    assert.ok(Math.abs(req!.messagesPerSecond! - 20) < 4, `${req!.messagesPerSecond}`);
    clock.tick(3_000);
    assert.equal(last().rings[0]!.directions[0]!.producedPerSecond, 0);
    assert.equal(last().rings[1]!.directions[0]!.messagesPerSecond, undefined);
  });

  it('tells of a vchan how often its producers move: at least so often something was written', () => {
    const { clock, subscribe, last, page } = watchRings({ kinds: ['vchan', 'xenstore'] });
    subscribe();
    clock.tick(2_000);
    let [prod, cons] = [0, 0];
    for (let turn = 0; turn < 20; turn++) {
      // Two writes between two looks are seen as one; what is read is none.
      for (let write = 0; write < 2; write++) page.setPair('left', (prod += 10), cons);
      clock.tick(50);
      page.setPair('left', prod, (cons = prod));
      clock.tick(50);
    }
    const [toServer, toClient] = last().rings[0]!.directions;
    assert.ok(
      toServer!.writesPerSecond! >= 8 && toServer!.writesPerSecond! <= 10,
      `${toServer!.writesPerSecond}`,
    );
    assert.ok(Math.abs(toServer!.producedPerSecond - 200) < 40, `${toServer!.producedPerSecond}`);
    assert.equal(toClient!.writesPerSecond, 0);
    assert.equal(toServer!.messagesPerSecond, undefined);
    assert.equal(last().rings[1]!.directions[0]!.writesPerSecond, undefined);
    clock.tick(3_000);
    assert.equal(last().rings[0]!.directions[0]!.writesPerSecond, 0);
  });

  it('tells findings with names that stay, and none for what is fine', () => {
    const { clock, subscribe, last, page } = watchRings();
    subscribe();
    clock.tick(100);
    assert.deepEqual(last().findings, []);
    page.produce('rsp', Buffer.alloc(1_024));
    clock.tick(2_000);
    const [finding] = last().findings;
    assert.deepEqual(
      [finding!.id, finding!.ring, finding!.domid, finding!.severity],
      ['xenstore:1/rsp/full', 'xenstore:1', 1, 'error'],
    );
    clock.tick(2_000);
    assert.equal(last().findings[0]!.id, finding!.id);
    assert.equal(last().rings[0]!.verdict.rule, 'full');
  });

  it('does not count the time in which the world was held against anybody', () => {
    const { clock, subscribe, last, page, hold } = watchRings();
    subscribe();
    page.produce('req', read(1));
    clock.tick(200);
    hold(true);
    clock.tick(60_000);
    assert.deepEqual(last().findings, []);
    hold(false);
    clock.tick(200);
    assert.deepEqual(last().findings, []);
    clock.tick(1_000);
    assert.equal(last().findings[0]!.rule, 'request-waiting');
  });

  it('shows a page that is gone for a while, and a new one of the same name at once', () => {
    const { clock, subscribe, last, observer, pages, watch } = watchRings();
    subscribe();
    clock.tick(100);
    observer.setPages([pages[1]!.observed]);
    clock.tick(100);
    assert.equal(last().rings.find(({ id }) => id === 'xenstore:1')!.verdict.rule, 'peer-gone');
    const { observed } = new ObservedRingPage({ domid: 1, startIndex: 77 });
    observer.setPages([observed]);
    clock.tick(200);
    const anew = last().rings.find(({ id }) => id === 'xenstore:1')!;
    assert.deepEqual([anew.verdict.rule, anew.directions[0]!.prod], ['idle', 77]);
    observer.setPages([]);
    clock.tick(100);
    assert.equal(last().rings.length, 2);
    clock.tick(goneShownMs);
    assert.deepEqual(last().rings, []);
    assert.equal(watch.detail('xenstore:1'), undefined);
  });

  it('survives JSON', () => {
    const { clock, subscribe, last, page, watch } = watchRings();
    page.inside = { pendingToServer: true, pendingToGuest: false, toldServer: 1, toldGuest: undefined };
    subscribe();
    page.produce('req', read(1));
    clock.tick(300);
    for (const value of [
      last(),
      watch.detail('xenstore:1'),
      watch.detail('console:2'),
      watch.strip('console:2'),
    ]) {
      assert.deepEqual(JSON.parse(JSON.stringify(value)), value);
    }
  });
});
