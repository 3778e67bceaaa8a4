import assert from 'node:assert/strict';
import { SeededRandom } from '../../server/sim/seededRandom';

const take = (random: SeededRandom, count: number) => Array.from({ length: count }, () => random.next());

describe('SeededRandom', () => {
  it('repeats itself for one seed', () => {
    assert.deepEqual(take(new SeededRandom(42), 100), take(new SeededRandom(42), 100));
  });

  it('differs between neighbouring seeds, large seeds and fractions', () => {
    const seeds = [0, 1, 2, 0.5, 2 ** 32, 2 ** 32 + 1, 2 ** 40, -1];
    const firsts = seeds.map((seed) => new SeededRandom(seed).next());
    assert.equal(new Set(firsts).size, seeds.length);
  });

  it('stays in its bounds and reaches both ends', () => {
    const random = new SeededRandom(7);
    const seen = new Set(Array.from({ length: 1000 }, () => random.between(3, 6)));
    assert.deepEqual([...seen].sort(), [3, 4, 5, 6]);
    for (const value of take(random, 1000)) assert.ok(value >= 0 && value < 1);
  });

  it('spreads evenly enough', () => {
    const random = new SeededRandom(1);
    const buckets = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) buckets[random.below(16)]!++;
    for (const count of buckets) assert.ok(Math.abs(count - 1000) < 150, `bucket of ${count}`);
  });

  it('makes UUIDs of version 4 and MAC addresses of Xen', () => {
    const random = new SeededRandom(3);
    assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(random.mac(), /^00:16:3e(:[0-9a-f]{2}){3}$/);
  });
});
