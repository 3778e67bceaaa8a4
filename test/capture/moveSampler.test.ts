import assert from 'node:assert/strict';
import { maxLooksAtOne, maxLooksPerRound, roundMs, sampleMoves } from '../../server/capture/moveSampler';
import type { SampleListener } from '../../server/capture/sampler';
import { ManualClock } from '../sim/manualClock';
import { MovingPageObserver, ObservedRingPage } from '../support/observedPage';

function rig(domids: readonly number[] = [1, 2]) {
  const clock = new ManualClock();
  const pages = domids.map((domid) => new ObservedRingPage({ domid }));
  const observer = new MovingPageObserver(pages.map((page) => page.observed));
  const seen: string[] = [];
  const listener: SampleListener = { sampled: ({ page }, result) => void seen.push(`${page.id} ${result}`) };
  return { clock, pages, observer, seen, listener };
}

describe('sampling of moves', () => {
  it('sees all pages at first, the pages of a domain that moved at once, and all once more later', () => {
    const { clock, pages, observer, seen, listener } = rig();
    const stop = sampleMoves({ observer, clock, listener });
    assert.deepEqual(seen.splice(0), ['xenstore:1 moved', 'xenstore:2 moved']);
    pages[1]!.produce('req', Buffer.alloc(20));
    observer.moved(2);
    assert.deepEqual(seen.splice(0), ['xenstore:2 moved']);
    pages[0]!.produce('req', Buffer.alloc(20));
    observer.moved();
    assert.deepEqual(seen, [], 'nobody knows where');
    clock.tick(roundMs);
    assert.deepEqual(seen.splice(0), ['xenstore:1 moved', 'xenstore:2 same']);
    stop();
  });

  it('wakes nobody while nothing moves, and leaves nothing behind', () => {
    const { clock, pages, observer, listener } = rig();
    const stop = sampleMoves({ observer, clock, listener });
    const { copies } = pages[0]!;
    assert.equal(clock.waiting, 0);
    clock.tick(60_000);
    assert.equal(pages[0]!.copies, copies);
    observer.moved(1);
    assert.equal(clock.waiting, 1);
    clock.tick(roundMs);
    assert.equal(clock.waiting, 0, 'one round, then rest');
    observer.moved(1);
    stop();
    observer.moved(1);
    assert.deepEqual([clock.waiting, observer.listeners, observer.moveListeners], [0, 0, 0]);
  });

  it('looks at a flood no more often than its limits, and counts all of it', () => {
    const domids = Array.from({ length: 10 }, (_, at) => at + 1);
    const { clock, pages, observer, seen } = rig(domids);
    let counted = 0;
    const listener: SampleListener = {
      sampled: ({ page, directions }, result) => {
        seen.push(`${page.id} ${result}`);
        if (page.domid === 1) counted = directions[0]!.counter.totalProducedBytes;
      },
    };
    const stop = sampleMoves({ observer, clock, listener });
    const flood = (domid: number) => {
      pages[domid - 1]!.pass('req', Buffer.alloc(16));
      observer.moved(domid);
    };
    seen.length = 0;
    for (let at = 0; at < 1_000; at++) flood(1);
    assert.equal(seen.length, maxLooksAtOne);
    for (const domid of domids.slice(1)) for (let at = 0; at < 1_000; at++) flood(domid);
    assert.equal(seen.length, maxLooksPerRound);
    clock.tick(roundMs);
    assert.equal(counted, 16_000);
    seen.length = 0;
    flood(1);
    assert.deepEqual(seen, ['xenstore:1 moved'], 'a new round, a new allowance');
    stop();
  });

  it('tells of pages that come and go', () => {
    const { clock, observer, seen, listener } = rig();
    const stop = sampleMoves({ observer, clock, listener });
    seen.length = 0;
    observer.setPages([observer.pages()[1]!, new ObservedRingPage({ domid: 3 }).observed]);
    observer.moved(3);
    assert.deepEqual(seen.splice(0), ['xenstore:1 gone', 'xenstore:3 moved']);
    stop();
  });

  it('goes on when its listener throws', () => {
    const { clock, pages, observer } = rig();
    const mistakes: unknown[] = [];
    let calls = 0;
    const listener: SampleListener = {
      sampled: () => {
        calls++;
        throw new Error('of no use');
      },
    };
    const stop = sampleMoves({ observer, clock, listener, onMistake: (error) => mistakes.push(error) });
    pages[0]!.produce('req', Buffer.alloc(20));
    observer.moved(1);
    clock.tick(roundMs);
    assert.deepEqual([calls, mistakes.length], [5, 1]);
    stop();
  });
});
