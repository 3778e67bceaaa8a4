/** Two ends of a vchan in every order that a seed can draw: no byte lost, doubled or out of order, and nobody waits in vain. */
import assert from 'node:assert/strict';
import { effort, seed } from './seed';
import { VchanLife, vchanFaults, type VchanFault } from './vchanLife';

/** Of each kind, and no seed twice: `npm test` lives 1 200 of them, a soak ten times as many. */
const LIVES = 150 * effort;

const kinds: readonly [what: string, faults: readonly VchanFault[]][] = [
  ['without faults', []],
  ['with readers that stop for a while', ['slowReader']],
  ['with ends that leave and die in the middle', ['leaving', 'slowReader']],
  ['with domains that end in the middle, of which nobody is told', ['suddenEnd', 'slowReader']],
  ['with doubled and late doorbells', ['duplicatedNotify', 'delayedDelivery', 'leaving']],
  ['with lost doorbells, woken for nothing where all sleep', ['lostNotify', 'leaving', 'slowReader']],
  ['with torn indices and such that cannot be', ['tornIndex', 'corruptIndex', 'delayedDelivery']],
  ['with everything at once', vchanFaults],
];

describe('two ends of a vchan', function () {
  this.timeout(60_000 * effort);

  for (const [kind, [what, faults]] of kinds.entries()) {
    it(`agree about every byte, ${what}`, async () => {
      const struck = new Map<VchanFault, number>(faults.map((fault) => [fault, 0]));
      let bytesRead = 0;
      let looksThatPaid = 0;
      for (let number = 0; number < LIVES; number++) {
        const life = new VchanLife(seed + kind * LIVES + number, faults);
        try {
          await life.live();
        } catch (error) {
          const repeat = `XENSCOPE_SEED=${seed} XENSCOPE_EFFORT=${effort}`;
          throw new Error(`Life ${number} of this kind; repeat with ${repeat}`, { cause: error });
        }
        bytesRead += life.bytesRead;
        looksThatPaid += life.looksThatPaid;
        for (const [fault, times] of life.struck) struck.set(fault, (struck.get(fault) ?? 0) + times);
      }
      for (const [fault, times] of struck) assert.ok(times > LIVES / 4, `${fault} struck ${times} times`);
      assert.ok(looksThatPaid > LIVES / 4, `only ${looksThatPaid} looks found something`);
      assert.ok(bytesRead > 1000 * LIVES, `only ${bytesRead} bytes were read`);
    });
  }
});
