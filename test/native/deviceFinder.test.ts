/** Which devices the observer of a real host follows, and what it does when it cannot read which there are. */
import assert from 'node:assert/strict';
import { DeviceFinder } from '../../native/observer/deviceFinder';
import { minPassIntervalMs } from '../../native/observer/passes';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import type { World } from '../../server/sim/world';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, openWorld } from '../sim/worldKit';

const guest = 40;
const maxDevices = 2;

describe('the finder of devices', () => {
  let clock: ManualClock;
  let world: World;
  let store: StoreClient;
  let observed: StoreClient;
  let finder: DeviceFinder;
  let rings: readonly DeviceRing[];
  let lines: string[];
  /** How often the list of all backends was asked for, and how often it is refused before it is given. */
  let lists: number;
  let refusals: number;
  let isOver: boolean;

  beforeEach(async () => {
    clock = new ManualClock();
    [rings, lines, lists, refusals, isOver] = [[], [], 0, 0, false];
    world = await openWorld({ domains: [] });
    store = world.openStore();
    observed = world.openStore();
    const directory = observed.directory.bind(observed);
    observed.directory = (path, options) => {
      if (path !== 'backend') return directory(path, options);
      lists++;
      if (refusals === 0) return directory(path, options);
      refusals--;
      return Promise.reject(new XenscopeError('limit', 'Too many requests wait already.'));
    };
    finder = new DeviceFinder(
      observed,
      clock,
      {
        changed: (found) => (rings = found),
        moved: () => undefined,
        limited: (why) => lines.push(why),
      },
      maxDevices,
    );
  });
  afterEach(async () => {
    isOver = true;
    finder.close();
    await observed.close();
    await closeWorlds();
  });

  /** Ends with a test that ran out of time as well: a loop that nobody waits for would keep the process. */
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (isOver) throw new Error('the test was over before this was so');
      clock.tick(minPassIntervalMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function connect(devid: number): Promise<void> {
    const front = `/local/domain/${guest}/device/vbd/${devid}`;
    const back = `/local/domain/0/backend/vbd/${guest}/${devid}`;
    await store.write(`${front}/backend-id`, '0');
    await store.write(`${front}/ring-ref`, '8');
    await store.write(`${front}/state`, '4');
    await store.write(`${back}/state`, '4');
    await store.write(`${back}/frontend`, front);
  }
  async function disconnect(devid: number): Promise<void> {
    await store.rm(`/local/domain/0/backend/vbd/${guest}/${devid}`);
  }
  const follows = (...devids: number[]) =>
    until(() => rings.map(({ devid }) => devid).join() === devids.join());

  it('follows so many and no more, and says so once while there are more', async () => {
    const told =
      'This domain serves more than 2 devices; only the first 2 of its backend folders are looked at.';
    for (const devid of [1, 2]) await connect(devid);
    await follows(1, 2);
    assert.deepEqual(lines, []);
    await connect(3);
    await until(() => lines.length > 0);
    await connect(4);
    await disconnect(1);
    await follows(2, 3);
    assert.deepEqual(lines, [told]);
    for (const devid of [3, 4]) await disconnect(devid);
    await follows(2);
    for (const devid of [5, 6]) await connect(devid);
    await until(() => lines.length > 1);
    assert.deepEqual(lines, [told, told]);
    await follows(2, 5);
  });

  it('reads a list that it could not have again, after a pause each time, though nobody tells it to', async () => {
    refusals = 20;
    const startMs = clock.nowMs();
    await connect(1);
    await follows(1);
    assert.equal(refusals, 0);
    const passes = (clock.nowMs() - startMs) / minPassIntervalMs;
    assert.ok(lists <= passes + 1, `${lists} lists in ${passes} pauses`);
  });
});
