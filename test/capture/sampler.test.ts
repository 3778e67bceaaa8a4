import assert from 'node:assert/strict';
import { restAfterMs, restIntervalMs } from '../../server/capture/pageSampler';
import {
  maxShareOfTime,
  maxStretchedIntervalMs,
  unhurriedIntervalMs,
  minSampleIntervalMs,
  RingSampler,
  type SampleListener,
} from '../../server/capture/sampler';
import { ManualClock } from '../sim/manualClock';
import { ObservedRingPage, PageObserver } from '../support/observedPage';

function rig(pages = [new ObservedRingPage({ domid: 1 }), new ObservedRingPage({ domid: 2 })]) {
  const clock = new ManualClock();
  const observer = new PageObserver(pages.map((page) => page.observed));
  return { pages, clock, observer, sampler: new RingSampler({ observer, clock }) };
}

function listener() {
  const seen: string[] = [];
  const told: SampleListener & { readonly seen: string[]; rounds: number } = {
    seen,
    rounds: 0,
    sampled: ({ page }, result) => void seen.push(`${page.id} ${result}`),
    ended: () => void told.rounds++,
  };
  return told;
}

describe('RingSampler', () => {
  it('reads nothing before somebody listens, and nothing after', () => {
    const { pages, clock, observer, sampler } = rig();
    clock.tick(1_000);
    assert.equal(pages[0]!.copies, 0);
    const one = listener();
    const listening = sampler.listen(one, 100);
    clock.tick(1_000);
    assert.equal(one.rounds, 11);
    listening.stop();
    listening.stop();
    const { copies } = pages[0]!;
    clock.tick(1_000);
    assert.deepEqual([pages[0]!.copies, one.rounds, clock.waiting, observer.listeners], [copies, 11, 0, 0]);
    assert.equal(sampler.isSampling, false);
  });

  it('keeps to the most eager listener', () => {
    const { clock, sampler } = rig();
    const [slow, eager] = [listener(), listener()];
    sampler.listen(slow, 500);
    clock.tick(0);
    const quick = sampler.listen(eager, 50);
    clock.tick(500);
    assert.equal(eager.rounds, 11);
    quick.stop();
    const before = slow.rounds;
    clock.tick(1_050);
    assert.ok(slow.rounds - before <= 3, `${slow.rounds - before} rounds in a second`);
  });

  it('takes no more than its share of the time: rounds come later while they take long, and no later than that', () => {
    const { clock, sampler } = rig();
    const one = listener();
    let roundMs = 0;
    sampler.listen({ ...one, ended: () => (one.ended!(0), clock.tick(roundMs)) }, 20);
    const roundsIn = (ms: number) => {
      const before = one.rounds;
      clock.tick(ms);
      return one.rounds - before;
    };
    clock.tick(1_000);
    assert.equal(roundsIn(1_000), 50);
    roundMs = 1;
    clock.tick(5_000);
    assert.ok(Math.abs(roundsIn(4_100) * roundMs - maxShareOfTime * 4_100) < 5);
    roundMs = 30;
    clock.tick(5_000);
    assert.equal(roundsIn(10 * (maxStretchedIntervalMs + roundMs)), 10);
    roundMs = 0;
    clock.tick(10_000);
    assert.equal(roundsIn(1_000), 50, 'as asked for again');
  });

  it('holds to its share longer where nobody waits for a picture', () => {
    const { clock, sampler } = rig();
    const one = listener();
    sampler.listen({ ...one, ended: () => (one.ended!(0), clock.tick(100)) }, unhurriedIntervalMs);
    clock.tick(60_000);
    const before = one.rounds;
    clock.tick(10 * (4 * unhurriedIntervalMs + 100));
    assert.equal(one.rounds - before, 10);
  });

  it('looks at a page at rest ten times a second, and with every round from when it is seen to move', () => {
    const { pages, clock, sampler } = rig();
    const one = listener();
    const looksAt = (domid: number) => one.seen.filter((what) => what.startsWith(`xenstore:${domid}`)).length;
    sampler.listen(one, 20);
    clock.tick(restAfterMs);
    assert.equal(looksAt(1), one.rounds);
    one.seen.length = 0;
    clock.tick(10_000);
    assert.ok(looksAt(1) >= 90 && looksAt(1) <= 110, `${looksAt(1)} looks in ten seconds`);
    one.seen.length = 0;
    pages[0]!.produce('req', Buffer.alloc(10));
    clock.tick(restIntervalMs);
    assert.ok(one.seen.includes('xenstore:1 moved'));
    one.seen.length = 0;
    clock.tick(500);
    assert.deepEqual([looksAt(1), looksAt(2) < 10], [25, true]);
  });

  it('looks at a page that is gone, torn or at rest at a slow rate with every round', () => {
    const { pages, clock, sampler } = rig();
    const one = listener();
    sampler.listen(one, 20);
    pages[0]!.isGone = true;
    pages[1]!.beforeCopy = () => pages[1]!.pass('req', Buffer.alloc(10));
    clock.tick(3_000);
    assert.equal(one.seen.length, 2 * one.rounds);
    const slow = rig();
    const other = listener();
    slow.sampler.listen(other, 500);
    slow.clock.tick(10_000);
    assert.equal(other.seen.length, 2 * other.rounds);
  });

  it('changes its rate when asked, and is never faster than it may', () => {
    const { clock, sampler } = rig();
    const one = listener();
    const listening = sampler.listen(one, 1_000);
    clock.tick(0);
    listening.setInterval(0);
    clock.tick(100);
    assert.equal(one.rounds, 1 + 100 / minSampleIntervalMs);
  });

  it('tells of pages that come and go, and keeps the counts of those that stay', () => {
    const { pages, clock, observer, sampler } = rig();
    const one = listener();
    const [first, second] = observer.pages();
    sampler.listen(one, 100);
    clock.tick(0);
    assert.deepEqual(one.seen.splice(0), ['xenstore:1 moved', 'xenstore:2 moved']);
    observer.setPages([second!, new ObservedRingPage({ domid: 5 }).observed]);
    clock.tick(100);
    assert.deepEqual(one.seen.splice(0), ['xenstore:1 gone', 'xenstore:2 same', 'xenstore:5 moved']);
    pages[1]!.isGone = true;
    clock.tick(100);
    assert.deepEqual(one.seen.splice(0), ['xenstore:2 gone', 'xenstore:5 same']);
    observer.setPages([first!]);
    clock.tick(100);
    assert.deepEqual(one.seen.splice(0), ['xenstore:2 gone', 'xenstore:5 gone', 'xenstore:1 moved']);
  });

  it('goes on with the others when a page cannot be read, and tells why', () => {
    const { pages, clock, sampler } = rig();
    const one = listener();
    const reasons: (string | undefined)[] = [];
    sampler.listen(one, 100);
    sampler.listen({ sampled: ({ unreadable }) => void reasons.push(unreadable) }, 100);
    pages[0]!.beforeCopy = () => {
      throw new Error('no more pages can be mapped');
    };
    clock.tick(100);
    assert.deepEqual(one.seen.splice(0), [
      'xenstore:1 gone',
      'xenstore:2 moved',
      'xenstore:1 gone',
      'xenstore:2 same',
    ]);
    assert.deepEqual(reasons.splice(2), ['no more pages can be mapped', undefined]);
    pages[0]!.beforeCopy = undefined;
    clock.tick(100);
    assert.deepEqual(one.seen, ['xenstore:1 moved', 'xenstore:2 same']);
  });

  it('goes on when a listener throws, or the host cannot tell its pages, and tells each mistake once', () => {
    const { clock, observer } = rig();
    const mistakes: string[] = [];
    const onMistake = (error: unknown) => void mistakes.push(String(error));
    const sampler = new RingSampler({ observer, clock, onMistake });
    const throwing = () => {
      throw new Error('a listener of no use');
    };
    const one = listener();
    sampler.listen({ sampled: throwing, ended: throwing }, 100);
    sampler.listen(one, 100);
    clock.tick(300);
    assert.deepEqual([one.seen.length, one.rounds], [8, 4]);
    assert.deepEqual(mistakes.splice(0), ['Error: a listener of no use']);
    const { pages } = observer;
    observer.pages = () => {
      throw new Error('no list today');
    };
    observer.setPages([]);
    clock.tick(100);
    assert.deepEqual(one.seen.splice(8), ['xenstore:1 same', 'xenstore:2 same'], 'as it was known');
    assert.deepEqual(mistakes, ['Error: no list today'], 'and no other one again');
    observer.pages = pages;
    clock.tick(100);
    assert.deepEqual(one.seen.splice(8), ['xenstore:1 gone', 'xenstore:2 gone']);
  });

  it('counts across a time in which nobody looked', () => {
    const { pages, clock, sampler } = rig();
    let total = 0;
    const counting: SampleListener = {
      sampled: ({ page, directions }) => {
        if (page.domid === 1) total = directions[0]!.counter.totalProducedBytes;
      },
    };
    const listening = sampler.listen(counting, 100);
    clock.tick(0);
    listening.stop();
    pages[0]!.pass('req', Buffer.alloc(123_456));
    clock.tick(60_000);
    sampler.listen(counting, 100);
    clock.tick(0);
    assert.equal(total, 123_456);
  });
});
