/** The watches of the finder of domains where the store refuses them for a while, or is not there at first. */
import assert from 'node:assert/strict';
import { DomainFinder } from '../../native/observer/domainFinder';
import { minPassIntervalMs } from '../../native/observer/passes';
import { firstRetryMs, maxRetryMs } from '../../native/observer/standingWatch';
import { XenscopeError, isStoreError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import type { ByteStream, Dial } from '../../server/store/byteStream';
import { openStoreClient } from '../../server/store/client/storeClient';
import type { World } from '../../server/sim/world';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, fewDomains, openWorld } from '../sim/worldKit';

/** A driver domain: quotas bind it, as they do not bind domain 0. */
const domid = 1;

describe('the watches of the finder of domains', () => {
  let clock: ManualClock;
  let world: World;
  let finder: DomainFinder;
  let client: StoreClient;
  /** The streams that the finder's client has dialled, the last one last. */
  let streams: ByteStream[];
  let isAway: boolean;

  beforeEach(async () => {
    clock = new ManualClock();
    world = await openWorld({ domains: fewDomains });
    streams = [];
    isAway = false;
    const store = world.openStore();
    await store.setPerms('/local/domain', [
      { domid: 0, read: false, write: false },
      { domid, read: true, write: false },
    ]);
    await store.close();
  });
  afterEach(async () => {
    await finder.close();
    assert.equal(clock.waiting, 0, 'nothing waits after the end');
    await closeWorlds();
  });

  function open(): void {
    const nothing = () => undefined;
    const listener = { changed: nothing, released: nothing, limited: (why: string) => assert.fail(why) };
    client = openStoreClient({ dial, clock });
    finder = new DomainFinder(client, clock, listener);
  }

  const dial: Dial = async (handlers) => {
    if (isAway) throw new XenscopeError('away', 'The xenstore is away.');
    const inside = world.store.connect({ domid });
    const stream = await inside(handlers);
    streams.push(stream);
    return stream;
  };

  /** Takes all watches that the domain may have; answers who holds them. */
  async function takeAllWatches(): Promise<StoreClient> {
    const greedy = openStoreClient({ dial: world.store.connect({ domid }), clock });
    for (;;) {
      try {
        await greedy.watch('@introduceDomain');
      } catch (error) {
        assert.ok(isStoreError(error, 'E2BIG'), String(error));
        return greedy;
      }
    }
  }

  async function until(isSo: () => boolean, tickMs: number): Promise<void> {
    while (!isSo()) {
      clock.tick(tickMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const found = () => finder.domains.map((domain) => domain.domid);

  /** Whatever the domain offers from now on is found: its own watch is set, not only those of all domains. */
  async function assertFollows(): Promise<void> {
    // Not by a pass that was wanted before.
    for (let passes = 0; passes < 4; passes++) {
      clock.tick(minPassIntervalMs);
      await client.directory('/local/domain');
      await world.settled();
    }
    const store = world.openStore();
    await store.write(`/local/domain/${domid}/data/x/event-channel`, '7');
    await store.write(`/local/domain/${domid}/data/x/ring-ref`, '42');
    await store.close();
    await until(() => finder.domains.some(({ vchans }) => vchans.some(({ gref }) => gref === 42)), 100);
  }

  it('are set when the store is there, which may be late', async () => {
    isAway = true;
    open();
    for (let attempts = 0; attempts < 20; attempts++) {
      clock.tick(maxRetryMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(found(), []);
    isAway = false;
    await until(() => found().includes(domid), firstRetryMs);
    await assertFollows();
  });

  it('are set again when the quota of the domain has room for them', async () => {
    const greedy = await takeAllWatches();
    open();
    await world.settled();
    assert.deepEqual(found(), []);
    await greedy.close();
    await until(() => found().includes(domid), firstRetryMs);
    await assertFollows();
  });

  it('are set again when a store that came back has refused them', async () => {
    open();
    await until(() => found().includes(domid), 100);
    await world.settled();
    isAway = true;
    streams.at(-1)!.close();
    await world.settled();
    const greedy = await takeAllWatches();
    isAway = false;
    const before = streams.length;
    await until(() => streams.length > before, firstRetryMs);
    // Answered after the watches, which were asked for before.
    await client.directory('/local/domain');
    await greedy.close();
    await assertFollows();
  });
});
