import assert from 'node:assert/strict';
import { Scheduler } from '../../server/sim/scheduler';
import { ManualClock, fixedStartMs } from './manualClock';

function newScheduler() {
  const clock = new ManualClock();
  const scheduler = new Scheduler({ clock, startMs: fixedStartMs, settled: () => Promise.resolve() });
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${scheduler.nowMs() - fixedStartMs}`);
  return { clock, scheduler, seen, note };
}

describe('Scheduler', () => {
  it('follows the clock at its pace', () => {
    const { clock, scheduler, seen, note } = newScheduler();
    scheduler.after(1000, note('a'));
    scheduler.pace = 10;
    clock.tick(99);
    assert.deepEqual(seen, []);
    clock.tick(1);
    assert.deepEqual(seen, ['a@1000']);
  });

  it('stands still at pace 0 and holds no timer of the clock', () => {
    const { clock, scheduler, seen, note } = newScheduler();
    scheduler.after(10, note('a'));
    clock.tick(100_000);
    assert.deepEqual(seen, []);
    assert.equal(scheduler.nowMs(), fixedStartMs);
    assert.equal(clock.waiting, 0);
  });

  it('takes a new pace at once, in the middle of a wait', () => {
    const { clock, scheduler, seen, note } = newScheduler();
    scheduler.pace = 1;
    scheduler.after(1000, note('a'));
    clock.tick(500);
    scheduler.pace = 0;
    clock.tick(5000);
    assert.deepEqual(seen, []);
    scheduler.pace = 5;
    clock.tick(99);
    assert.deepEqual(seen, []);
    clock.tick(1);
    assert.deepEqual(seen, ['a@1000']);
  });

  it('runs by hand in order of time, then of age, including what is added on the way', async () => {
    const { scheduler, seen, note } = newScheduler();
    scheduler.after(30, note('c'));
    scheduler.after(10, () => {
      note('a')();
      scheduler.after(5, note('b'));
    });
    scheduler.after(30, note('d'));
    scheduler.after(31, note('late'));
    await scheduler.advance(30);
    assert.deepEqual(seen, ['a@10', 'b@15', 'c@30', 'd@30']);
    assert.equal(scheduler.nowMs() - fixedStartMs, 30);
    assert.equal(scheduler.waiting, 1);
  });

  it('forgets cancelled timers, and all of them when it closes', () => {
    const { clock, scheduler, seen, note } = newScheduler();
    scheduler.pace = 1;
    scheduler.after(10, note('a')).cancel();
    scheduler.after(20, note('b'));
    clock.tick(15);
    scheduler.close();
    scheduler.after(1, note('c'));
    clock.tick(1000);
    assert.deepEqual(seen, []);
    assert.equal(clock.waiting, 0);
    assert.equal(scheduler.waiting, 0);
  });

  it('refuses more timers than its limit', () => {
    const { scheduler } = newScheduler();
    assert.throws(() => {
      for (let i = 0; i <= 10_000; i++) scheduler.after(1, () => undefined);
    }, /10000 timers/);
  });

  it('takes a pace that makes no sense as the nearest that does', () => {
    const { scheduler } = newScheduler();
    scheduler.pace = -3;
    assert.equal(scheduler.pace, 0);
    scheduler.pace = 1e9;
    assert.equal(scheduler.pace, 1000);
    scheduler.pace = NaN;
    assert.equal(scheduler.pace, 0);
  });
});
