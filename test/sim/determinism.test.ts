import assert from 'node:assert/strict';
import { closeWorlds, dump, followAll, openWorld } from './worldKit';

const SEEDS = 10;

/** Everything that can be seen of some minutes of a world's life. */
async function lifeOf(seed: number, ms: number) {
  const world = await openWorld({ seed });
  const events = await followAll(world, { values: true });
  await world.advance(ms);
  const after = [...(await dump(world))];
  await world.close();
  return { events: [...events], after };
}

describe('a closed world', () => {
  afterEach(closeWorlds);

  it('leads the same life for the same seed, whichever seed it is', async function () {
    this.timeout(180_000);
    for (let seed = 1; seed <= SEEDS; seed++) {
      const first = await lifeOf(seed, 60_000);
      const second = await lifeOf(seed, 60_000);
      assert.ok(first.events.length > 20, `seed ${seed}: only ${first.events.length} changes`);
      assert.deepEqual(second, first, `seed ${seed} led two different lives`);
    }
  });

  it('leads another life for another seed', async () => {
    assert.notDeepEqual((await lifeOf(1, 60_000)).events, (await lifeOf(2, 60_000)).events);
  });

  it('does not care in how many steps it is moved on', async () => {
    const inOne = await openWorld({ seed: 5 });
    await inOne.advance(180_000);
    const inMany = await openWorld({ seed: 5 });
    for (let step = 0; step < 180; step++) await inMany.advance(1000);
    assert.deepEqual([...(await dump(inMany))], [...(await dump(inOne))]);
  });

  it('draws what outsiders need from elsewhere', async () => {
    const calm = await openWorld({ seed: 6 });
    const disturbed = await openWorld({ seed: 6 });
    for (let draw = 0; draw < 1000; draw++) disturbed.random.next();
    await calm.advance(120_000);
    await disturbed.advance(120_000);
    assert.deepEqual([...(await dump(disturbed))], [...(await dump(calm))]);
  });
});
