/** Two ends of a ring in every order that a seed can draw: no byte lost, doubled, out of order or out of the past. */
import assert from 'node:assert/strict';
import { RingLife, type Faults } from './ringLife';
import { effort, seed } from './seed';

/** For each kind of fault; `npm test` runs 500 lives, a soak 20 times as many. */
const LIVES = 100 * effort;
const ACTS = 300;

const noFaults: Faults = { bells: false, tornIndices: false, slowReaders: false, reconnects: false };

const kinds: readonly [what: string, faults: Faults][] = [
  ['without faults', noFaults],
  ['with readers that stop for a while', { ...noFaults, slowReaders: true }],
  ['with lost and doubled doorbells', { ...noFaults, bells: true, slowReaders: true }],
  ['with reconnects over scribbled pages', { ...noFaults, slowReaders: true, reconnects: true }],
  [
    'with everything: torn indices, lost doorbells, slow readers, reconnects',
    { bells: true, tornIndices: true, slowReaders: true, reconnects: true },
  ],
];

describe('two ends of a ring', function () {
  this.timeout(60_000 * effort);

  for (const [what, faults] of kinds) {
    it(`agree about every byte, ${what}`, async () => {
      let connections = 0;
      for (let life = 0; life < LIVES; life++) {
        const ring = new RingLife(seed + life, faults);
        try {
          await ring.live(ACTS);
        } catch (error) {
          throw new Error(`Repeat with XENSCOPE_SEED=${seed + life}`, { cause: error });
        }
        connections += ring.connections;
      }
      if (faults.reconnects) assert.ok(connections > 2 * LIVES, `only ${connections} connections`);
      else if (!faults.tornIndices) assert.equal(connections, LIVES);
    });
  }
});
