/** What the observer of a real host asks the store, and how often guests can make it ask. */
import assert from 'node:assert/strict';
import { DomainFinder } from '../../native/observer/domainFinder';
import { minPassIntervalMs } from '../../native/observer/passes';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import type { World } from '../../server/sim/world';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, fewDomains, openWorld } from '../sim/worldKit';

describe('the finder of domains', () => {
  const ring = '/local/domain/1/data/x/ring-ref';
  let clock: ManualClock;
  let world: World;
  let finder: DomainFinder;
  /** Paths that it listed. */
  let listed: string[];
  /** So many lists of all domains are refused before one is given. */
  let refusals = 0;

  beforeEach(async () => {
    clock = new ManualClock();
    world = await openWorld({ domains: fewDomains });
    listed = [];
    const nothing = () => undefined;
    finder = new DomainFinder(counting(world.openStore()), clock, {
      changed: nothing,
      released: nothing,
      limited: (why) => assert.fail(why),
    });
    // The first events of all watches have come when nothing is waited for any more.
    await until(() => finder.domains.length > 0);
    for (let quietTurns = 0; quietTurns < 3; quietTurns++) {
      listed = [];
      clock.tick(minPassIntervalMs);
      await world.settled();
      if (listed.length > 0) quietTurns = 0;
    }
  });
  afterEach(async () => {
    await finder.close();
    await closeWorlds();
  });

  function counting(store: StoreClient): StoreClient {
    const directory = store.directory.bind(store);
    store.directory = (path, options) => {
      listed.push(path);
      if (path === '/local/domain' && refusals > 0) {
        refusals--;
        return Promise.reject(new XenscopeError('limit', 'Too many requests wait already.'));
      }
      return directory(path, options);
    };
    return store;
  }
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  }
  const grefs = () =>
    finder.domains.flatMap(({ domid, vchans }) => (domid === 1 ? vchans.map(({ gref }) => gref) : []));

  it('reads a domain that writes in a loop once, and then only after a pause, and no other domain', async () => {
    const store = world.openStore();
    await store.write('/local/domain/1/data/x/event-channel', '7');
    for (let gref = 1; gref <= 200; gref++) await store.write(ring, String(gref));
    await world.settled();
    const passes = () => listed.filter((path) => path === '/local/domain/1/data').length;
    assert.ok(passes() <= 1, `${passes()} passes at one moment`);
    clock.tick(minPassIntervalMs);
    await until(() => grefs().includes(200));
    assert.ok(passes() <= 2);
    assert.deepEqual(
      listed.filter((path) => !path.startsWith('/local/domain/1/')),
      [],
    );
    await store.close();
  });

  it('reads a list that it could not have again, after a pause, and then no more', async () => {
    refusals = 2;
    const lists = () => listed.filter((path) => path === '/local/domain').length;
    finder.look();
    await world.settled();
    assert.equal(lists(), 1, 'not again at once');
    for (const count of [2, 3, 3, 3]) {
      clock.tick(minPassIntervalMs);
      await world.settled();
      assert.equal(lists(), count);
    }
  });

  it('lists of two nodes that name one grant the one that was written last', async () => {
    const store = world.openStore();
    const folder = '/local/domain/1/data';
    const paths = () =>
      finder.domains
        .flatMap(({ vchans }) => vchans.map(({ path }) => path))
        .filter((path) => path.startsWith(folder));
    const write = async (name: string) => {
      await store.write(`${folder}/${name}/ring-ref`, '76');
      await store.write(`${folder}/${name}/event-channel`, '9');
    };
    const listedAre = async (...names: string[]) => {
      const wanted = names.map((name) => `${folder}/${name}`).join();
      for (; paths().join() !== wanted; await world.settled()) clock.tick(minPassIntervalMs);
    };
    // Its program is killed, and its node stays.
    await write('killed');
    await listedAre('killed');
    await write('a');
    await listedAre('a');
    await write('killed');
    await listedAre('killed');
    await store.rm(`${folder}/killed`);
    await listedAre();
    await store.close();
  });

  it('reads nothing while nothing happens', async () => {
    for (let turns = 0; turns < 8; turns++) {
      clock.tick(minPassIntervalMs);
      await world.settled();
    }
    assert.deepEqual(listed, []);
  });
});
