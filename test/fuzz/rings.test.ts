/** Two ends of a ring in every order that a seed can draw: no byte lost, doubled, out of order or out of the past. */
import assert from 'node:assert/strict';
import { faultNames, RingLife, type FaultName } from './ringLife';
import { effort, seed } from './seed';

/** Of each kind, and no seed twice: `npm test` lives 2 000 of them, a soak 20 times as many. */
const LIVES = 250 * effort;
const ACTS = 300;

const kinds: readonly [what: string, faults: readonly FaultName[]][] = [
  ['without faults', []],
  ['with readers that stop for a while', ['slowReader']],
  [
    'with lost, doubled and late doorbells',
    ['lostNotify', 'duplicatedNotify', 'delayedDelivery', 'slowReader'],
  ],
  ['with reconnects over scribbled pages', ['reconnect', 'slowReader']],
  ['with torn indices', ['tornIndex', 'delayedDelivery']],
  [
    'until a guest writes an index that cannot be, or over what was not read',
    ['corruptIndex', 'ignoredBackpressure', 'slowReader'],
  ],
  ['until a guest crashes in the middle of a packet', ['crashInPacket', 'slowReader']],
  ['with everything at once', faultNames],
];

/** What ends a connection; after each of them the ends find together again. */
const endings: readonly FaultName[] = ['reconnect', 'corruptIndex', 'ignoredBackpressure', 'crashInPacket'];

describe('two ends of a ring', function () {
  this.timeout(60_000 * effort);

  for (const [kind, [what, faults]] of kinds.entries()) {
    it(`agree about every byte, ${what}`, async () => {
      let connections = 0;
      const struck = new Map<FaultName, number>(faults.map((fault) => [fault, 0]));
      for (let number = 0; number < LIVES; number++) {
        const life = new RingLife(seed + kind * LIVES + number, faults);
        try {
          await life.live(ACTS);
        } catch (error) {
          const repeat = `XENSCOPE_SEED=${seed} XENSCOPE_EFFORT=${effort}`;
          throw new Error(`Life ${number} of this kind; repeat with ${repeat}`, { cause: error });
        }
        connections += life.connections;
        for (const [fault, times] of life.struck) struck.set(fault, struck.get(fault)! + times);
      }
      for (const [fault, times] of struck) assert.ok(times > LIVES / 2, `${fault} struck ${times} times`);
      if (faults.some((fault) => endings.includes(fault))) {
        assert.ok(connections > 2 * LIVES, `only ${connections} connections`);
      } else if (!faults.includes('tornIndex')) assert.equal(connections, LIVES);
    });
  }
});
