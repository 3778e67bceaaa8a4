import assert from 'node:assert/strict';
import { Gate } from '../../server/sim/due';
import type { What } from '../../server/sim/due';
import { Scheduler } from '../../server/sim/scheduler';
import type { SchedulerOptions } from '../../server/sim/scheduler';
import { SeededRandom } from '../../server/sim/seededRandom';
import { ManualClock, fixedStartMs } from './manualClock';

const thing: What = { kind: 'request', domid: 3, text: 'Something happens.' };

function newScheduler(options: Partial<SchedulerOptions> = {}) {
  const clock = new ManualClock();
  const settled = () => Promise.resolve();
  const scheduler = new Scheduler({ clock, startMs: fixedStartMs, settled, ...options });
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

  it('goes on after one thing threw, and tells what', async () => {
    const mistakes: unknown[] = [];
    const { scheduler, seen, note } = newScheduler({ onMistake: (error) => mistakes.push(error) });
    const mistake = new Error('a guest went wrong');
    scheduler.after(10, () => {
      throw mistake;
    });
    scheduler.after(20, note('next'));
    await scheduler.advance(30);
    assert.deepEqual(seen, ['next@20']);
    assert.deepEqual(mistakes, [mistake]);
    assert.ok(scheduler.isAtRest);
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

  it('draws the order of what may happen at the same moment, and only of that', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { scheduler, seen, note } = newScheduler({ random: new SeededRandom(seed) });
      scheduler.after(20, note('late'));
      for (const name of ['a', 'b', 'c']) scheduler.after(10, note(name));
      await scheduler.advance(30);
      assert.equal(seen.at(-1), 'late@20');
      orders.add(seen.slice(0, 3).join());
    }
    assert.equal(orders.size, 6);
  });

  it('does things of the moment at pace 0 as well, later than the call that asks for them', async () => {
    const { scheduler, seen, note } = newScheduler();
    scheduler.soon(note('a'), thing);
    const taken = scheduler.soon(note('b'), thing);
    taken.cancel();
    assert.deepEqual(seen, []);
    assert.equal(scheduler.isAtRest, false);
    while (!scheduler.isAtRest) await Promise.resolve();
    assert.deepEqual(seen, ['a@0']);
  });

  it('keeps what belongs to a shut gate until it is opened', async () => {
    const { scheduler, seen, note } = newScheduler();
    const gate = new Gate();
    gate.isOpen = false;
    scheduler.after(10, note('a'), { ...thing, gate });
    const forgotten = scheduler.after(15, note('never'), { ...thing, gate });
    scheduler.after(20, note('b'));
    await scheduler.advance(30);
    assert.deepEqual(seen, ['b@20']);
    forgotten.cancel();
    scheduler.open(gate);
    await scheduler.advance(5);
    assert.deepEqual(seen, ['b@20', 'a@30']);
  });

  it('lets time pass when there is no end to what happens at one moment', async () => {
    const { scheduler, seen, note } = newScheduler();
    let isEndless = true;
    const again = () => {
      if (isEndless) scheduler.soon(again, thing);
    };
    again();
    scheduler.after(3, () => {
      note('a')();
      isEndless = false;
    });
    await scheduler.advance(10);
    assert.deepEqual(seen, ['a@3']);
  });

  it('does one thing at a time while it is held, and tells which', async () => {
    const told: string[] = [];
    const { clock, scheduler, seen, note } = newScheduler({
      onMove: ({ number, atMs, kind, domid, text }) =>
        told.push(`${number} ${atMs - fixedStartMs} ${kind} ${domid} ${text}`),
    });
    scheduler.pace = 1;
    scheduler.hold();
    scheduler.after(500, note('timer'));
    scheduler.soon(note('thing'), thing);
    clock.tick(10_000);
    assert.deepEqual(seen, []);
    assert.equal(clock.waiting, 0);
    assert.equal((await scheduler.step())?.kind, 'request');
    assert.equal((await scheduler.step())?.kind, 'timer');
    assert.equal(await scheduler.step(), undefined);
    assert.deepEqual(seen, ['thing@0', 'timer@500']);
    assert.deepEqual(told, ['1 0 request 3 Something happens.', '2 500 timer undefined A timer ends.']);
    await assert.rejects(scheduler.advance(1), /held/);
    // The time that passed outside is not made up for.
    scheduler.after(100, note('later'));
    scheduler.resume();
    clock.tick(99);
    assert.equal(seen.length, 2);
    clock.tick(1);
    assert.equal(seen.at(-1), 'later@600');
    await assert.rejects(scheduler.step(), /not held/);
  });
});
