/** No flicker: from the pages of rings to the rows of the view, with all that is between them. */
import assert from 'node:assert/strict';
import { DrawnRows } from '../../extension/rings/drawnRows';
import { listIntervalMs, Rings } from '../../extension/rings/rings';
import { diagnose } from '../../server/doctor/doctor';
import { RingWatch } from '../../server/model/rings/ringWatch';
import type { ApiNotifications, RingRow } from '../../server/rpc/api';
import { RingFeed, stillFrameIntervalMs } from '../../server/rpc/ringFeed';
import { ManualClock } from '../sim/manualClock';
import { ObservedRingPage, PageObserver } from '../support/observedPage';
import { rawFrame } from '../support/rawConnection';
import { FakeServer } from './fakeServer';

const host = 'simulator';
const request = rawFrame({ type: 'WRITE', reqId: 1, payload: 'data/beat|1' });

/** Two guests, an xenstore and a console ring each, in a view that asks thirty times a second. */
function open(intervalMs = 1_000 / 30) {
  const pages = [1, 2].flatMap((domid) =>
    (['xenstore', 'console'] as const).map((kind) => new ObservedRingPage({ kind, domid })),
  );
  const clock = new ManualClock();
  const observer = new PageObserver(pages.map(({ observed }) => observed));
  const watch = new RingWatch({ observer, clock, judge: diagnose });
  const messages: (keyof ApiNotifications)[] = [];
  const server = new FakeServer({});
  server.become('running');
  const feed = new RingFeed({
    host,
    watch,
    isBusy: () => false,
    send: (name, params) => {
      messages.push(name);
      server.tell(name, JSON.parse(JSON.stringify(params)) as typeof params);
    },
  });
  const rings = new Rings(server, (error) => assert.fail(String(error)));
  const rows = new DrawnRows();
  const drawn: string[] = [];
  rings.onChange(({ structure, changed }) => {
    if (structure) return rows.forget();
    const news = rows.news(changed, rings.list(host));
    drawn.push(...news.rings.map(({ id }) => id), ...news.domids.map((domid) => `group ${domid}`));
  });
  feed.startList(intervalMs);
  const forget = () => [messages, drawn].forEach((list) => (list.length = 0));
  return { pages, clock, feed, rings, messages, drawn, forget };
}

describe('rings at rest', () => {
  it('cause no message and draw no row, however long one looks', () => {
    const { pages, clock, messages, drawn, forget } = open();
    for (const { layout } of pages) assert.equal(layout.directions.length, 2);
    pages[0]!.pass('req', request);
    clock.tick(20_000);
    forget();
    clock.tick(60_000);
    assert.deepEqual([messages, drawn], [[], []]);
  });

  it('leave the rows of the others alone when one of them moves, and the row of that one once it says the same', () => {
    const { pages, clock, messages, drawn, forget, rings } = open(listIntervalMs);
    clock.tick(5_000);
    for (let beat = 0; beat < 3; beat++) {
      forget();
      pages[0]!.pass('req', request);
      clock.tick(10_000);
      assert.deepEqual([...new Set(drawn)], ['xenstore:1']);
      // Moves, flows at a rate, flows no more, is idle: each of it once.
      assert.ok(drawn.length >= 2 && drawn.length <= 5, drawn.join());
      assert.ok(messages.length <= 6, `${messages.length} messages`);
    }
    assert.equal(rings.find(host, 'xenstore:1')?.verdict.rule, 'idle');
  });

  it('say by their group that something is wrong, once', () => {
    const { pages, clock, drawn, forget } = open(listIntervalMs);
    clock.tick(5_000);
    forget();
    pages[2]!.produce('rsp', Buffer.alloc(1_024, 1));
    clock.tick(30_000);
    assert.equal(drawn.filter((row) => row === 'group 2').length, 1, 'full');
    assert.ok(!drawn.includes('group 1'));
  });

  it('keep a panel alive with a frame now and then, and never send the page again', () => {
    const { clock, feed, messages, forget } = open();
    clock.tick(20_000);
    feed.openView(1, 'xenstore:1', 1_000 / 30);
    clock.tick(1_000);
    forget();
    clock.tick(10_000);
    assert.deepEqual([...new Set(messages)], ['xenscope/ringFrame']);
    assert.ok(messages.length <= 10_000 / stillFrameIntervalMs + 1, `${messages.length} frames`);
  });
});

describe('a row of the view', () => {
  const row = (text: string, bytes: number): RingRow => ({
    id: 'xenstore:3',
    kind: 'xenstore',
    domid: 3,
    directions: [],
    verdict: { rule: 'idle', severity: 'fine', text, evidence: [`${bytes} bytes`] },
  });

  it('is news when it says something else, and not when only its hover would', () => {
    const rows = new DrawnRows();
    const news = (ring: RingRow) => rows.news([ring], [ring]).rings.length;
    assert.deepEqual([news(row('idle', 1)), news(row('idle', 2)), news(row('flowing', 2))], [1, 0, 1]);
    rows.forget();
    assert.equal(news(row('flowing', 2)), 1);
  });
});
