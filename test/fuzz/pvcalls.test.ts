/** Both ends of PV Calls in every order that a seed can draw: each call answered once, no byte lost, nothing left. */
import assert from 'node:assert/strict';
import { PvCallsLife, pvcallsFaults, type PvCallsFault } from './pvcallsLife';
import { effort, seed } from './seed';

/** Of each kind, and no seed twice: `npm test` lives 648 of them, a soak twenty times as many. */
const LIVES = 72 * effort;

const kinds: readonly [what: string, faults: readonly PvCallsFault[]][] = [
  ['without faults', []],
  ['with readers that stop for a while, or while anything moves', ['slowReader', 'suspendedReader']],
  ['with calls that somebody holds', ['held', 'leaving']],
  ['with programs and services that leave in the middle', ['leaving', 'slowReader']],
  ['with doubled and late doorbells', ['duplicatedNotify', 'delayedDelivery', 'leaving']],
  ['with lost doorbells, woken for nothing where all sleep', ['lostNotify', 'slowReader']],
  ['with indices that cannot be', ['insaneIndex', 'leaving']],
  ['with devices that end, in good order and not', ['disconnect', 'crash', 'delayedDelivery']],
  ['with everything at once', pvcallsFaults],
];

describe('both ends of PV Calls', function () {
  this.timeout(60_000 * effort);

  for (const [kind, [what, faults]] of kinds.entries()) {
    it(`answer every call once and lose no byte, ${what}`, async () => {
      const struck = new Map<PvCallsFault, number>(faults.map((fault) => [fault, 0]));
      let bytes = 0;
      let calls = 0;
      let downloads = 0;
      for (let number = 0; number < LIVES; number++) {
        const life = new PvCallsLife(seed + kind * LIVES + number, faults);
        try {
          await life.live();
        } catch (error) {
          const repeat = `XENSCOPE_SEED=${seed} XENSCOPE_EFFORT=${effort}`;
          throw new Error(`Life ${number} of this kind; repeat with ${repeat}`, { cause: error });
        }
        bytes += life.bytesHeard;
        calls += life.calls;
        downloads += life.downloads;
        for (const [fault, times] of life.struck) struck.set(fault, (struck.get(fault) ?? 0) + times);
      }
      for (const [fault, times] of struck) assert.ok(times > LIVES / 24, `${fault} struck ${times} times`);
      assert.ok(bytes > 500 * LIVES, `only ${bytes} bytes were heard`);
      if (!faults.includes('crash')) assert.ok(calls > 5 * LIVES, `only ${calls} calls`);
      const least = faults.includes('crash') ? 0 : LIVES / 12;
      assert.ok(downloads > least, `only ${downloads} downloads were heard to their end`);
    });
  }
});
