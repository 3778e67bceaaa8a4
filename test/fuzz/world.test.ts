/** The demo world over hours of its own time: the same seed lives the same life, and nothing piles up. */
import assert from 'node:assert/strict';
import type { StoreClient } from '../../server/host/storeClient';
import { createWorld, type World } from '../../server/sim/world';
import { childPath } from '../../server/wire/xsPath';
import { ManualClock } from '../sim/manualClock';
import { effort, seed } from './seed';

const HOURS = 2 * effort;
const HOUR_MS = 3_600_000;
/** Several times what the demo hosts need; a leak of one node or timer a minute passes it within the run of a soak. */
const MAX_NODES = 5000;
const MAX_TIMERS = 1000;

/** Every node as one line, in the order of `xenstore-ls -f`. */
async function dump(client: StoreClient, path = '/'): Promise<string[]> {
  const lines = [`${path} = ${(await client.read(path)).toString('latin1')}`];
  for (const name of await client.directory(path)) lines.push(...(await dump(client, childPath(path, name))));
  return lines;
}

/** Lives `hours` and answers what the store held at the end of each. */
async function life(worldSeed: number, hours: number): Promise<string[][]> {
  const world: World = await createWorld({ seed: worldSeed, pace: 0, clock: new ManualClock() });
  try {
    const hourly: string[][] = [];
    const client = world.openStore();
    for (let hour = 0; hour < hours; hour++) {
      await world.advance(HOUR_MS);
      hourly.push(await dump(client));
      assert.ok(world.waitingTimers < MAX_TIMERS, `${world.waitingTimers} timers after ${hour + 1} hours`);
    }
    return hourly;
  } finally {
    await world.close();
  }
}

describe('a world over hours', function () {
  this.timeout(120_000 * effort);

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(`· repeat with XENSCOPE_SEED=${seed}`);
  });

  it('stays bounded, keeps to the states of xenbus, and repeats itself from its seed', async () => {
    const first = await life(seed, HOURS);
    for (const lines of first) {
      assert.ok(lines.length < MAX_NODES, `${lines.length} nodes`);
      for (const line of lines) assert.match(line, /^(?!.*\/device\/\w+\/\d+\/state = )|state = [0-8]$/);
    }
    assert.deepEqual(await life(seed, 1), first.slice(0, 1));
  });
});
