/** One seed, one life: everything that happens in a closed world, byte for byte. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { demoDomains } from '../../server/sim/demo';
import { faultTexts } from '../../server/sim/faults';
import { SeededRandom } from '../../server/sim/seededRandom';
import { effort } from '../fuzz/seed';
import { closeWorlds, dump, openWorld } from './worldKit';

const SEEDS = 100 * Math.min(effort, 10);
const LIFE_MS = 10_000;

const guests = demoDomains.filter(({ name }) => ['rolling', 'mini-os', 'rowdy'].includes(name));

/** A hash over the whole journal, and over the store at the end. With faults, some of them, by the seed. */
async function lifeOf(
  seed: number,
  { faults }: { faults: boolean },
): Promise<{ moves: number; hash: string }> {
  const hash = createHash('sha256');
  let moves = 0;
  const world = await openWorld({
    seed,
    domains: guests,
    onMove: ({ number, atMs, kind, domid, text }) => {
      moves = number;
      hash.update(`${number} ${atMs} ${kind} ${domid} ${text}\n`);
    },
  });
  if (faults) {
    const random = new SeededRandom(seed);
    for (const name of Object.keys(faultTexts)) world.world.setFault(name, random.chance(0.3) ? 0.02 : 0);
  }
  await world.advance(LIFE_MS);
  for (const [path, { value, perms }] of await dump(world)) hash.update(`${path} ${value} ${perms}\n`);
  await world.close();
  return { moves, hash: hash.digest('hex') };
}

describe('the journal of a closed world', function () {
  this.timeout(300_000 * effort);
  afterEach(closeWorlds);

  it(`is the same byte for byte for the same seed, with faults and without, over ${SEEDS} seeds`, async () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const faults = seed % 2 === 0;
      const first = await lifeOf(seed, { faults });
      assert.ok(first.moves > 1000, `seed ${seed}: only ${first.moves} things happened`);
      assert.deepEqual(await lifeOf(seed, { faults }), first, `seed ${seed} led two different lives`);
      hashes.add(first.hash);
    }
    assert.equal(hashes.size, SEEDS, 'two seeds led the same life');
  });
});
