/**
 * What every xenstore must give to our client, whoever wrote it. The same tests run against our
 * server and against Debian's two daemons; where those differ by design (order of names, conflict
 * rules), the tests accept what the protocol allows and no more.
 */
import assert from 'node:assert/strict';
import { systemClock, systemRandom } from '../../server/cli/systemClock';
import { isStoreError, XenscopeError } from '../../server/host/errors';
import type { StoreClient, StoreWatch, WatchEvent } from '../../server/host/storeClient';
import type { Dial } from '../../server/store/byteStream';
import type { StoreClientLimits } from '../../server/store/client/limits';
import { openStoreClient } from '../../server/store/client/storeClient';
import { formatXsPerm, parseXsPerm } from '../../server/wire/xsPerms';
import type { XsErrorName } from '../../server/wire/errno';

export interface StoreUnderTest {
  readonly dial: Dial;
  /** Ends the server at once; its clients lose their connections. */
  kill(): Promise<void>;
  /** Starts it again at the same place, with an empty store. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface SuiteOptions {
  /** The longest value that the server takes; by default what fits in one message. */
  readonly longestValueBytes?: number;
  /** How many children the directories have that are listed. */
  readonly directorySizes?: readonly number[];
  /** A daemon under a real Xen knows real domains only, and cannot be started a second time. */
  readonly isUnderXen?: boolean;
  /** Whether all watches can be ended with one request; libxenstore has no call for it. */
  readonly canResetWatches?: boolean;
  /**
   * Whether what one connection sends arrives in its order, events and replies alike; libxenstore
   * gives them through two doors.
   */
  readonly eventsKeepOrder?: boolean;
  /** Whether lists that do not fit in one message arrive; oxenstored sends them in one, which libxenstore refuses. */
  readonly canListMany?: boolean;
}

export function defineClientSuite(
  open: () => Promise<StoreUnderTest>,
  {
    longestValueBytes = 4096,
    directorySizes = [1200, 5000],
    isUnderXen = false,
    canResetWatches = true,
    eventsKeepOrder = true,
    canListMany = true,
  }: SuiteOptions = {},
): void {
  let server: StoreUnderTest;
  let store: StoreClient;
  const clients: StoreClient[] = [];

  const connect = (limits?: Partial<StoreClientLimits>): StoreClient => {
    const client = openStoreClient({ dial: server.dial, clock: systemClock, random: systemRandom, limits });
    clients.push(client);
    return client;
  };
  before(async () => {
    server = await open();
  });
  after(async () => {
    await server.stop();
  });
  beforeEach(() => {
    store = connect();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  describe('nodes', () => {
    it('keeps values of any octets', async () => {
      const everyOctet = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
      const values = [
        Buffer.alloc(0),
        everyOctet,
        Buffer.from('a\0b\0'),
        Buffer.from('\0'),
        Buffer.from('ü'),
      ];
      for (const [index, value] of values.entries()) {
        await store.write(`/nodes/octets/${index}`, value);
        assert.deepEqual(await store.read(`/nodes/octets/${index}`), value);
      }
      await store.write('/nodes/octets/text', 'é\n');
      assert.equal((await store.read('/nodes/octets/text')).toString('utf8'), 'é\n');
    });

    it('keeps values as long as a message may be', async () => {
      const path = '/nodes/long';
      const value = Buffer.alloc(Math.min(4096 - path.length - 1, longestValueBytes), 'x');
      await store.write(path, value);
      assert.deepEqual(await store.read(path), value);
      await assert.rejects(store.write(path, Buffer.alloc(4096 - path.length, 'y')), isCode('input'));
      assert.deepEqual(await store.read(path), value);
    });

    it('creates missing parents with empty values', async () => {
      await store.write('/nodes/a/b/c', 'deep');
      assert.equal(String(await store.read('/nodes/a/b')), '');
      assert.deepEqual(await store.directory('/nodes/a'), ['b']);
    });

    it('takes relative paths as those of domain 0', async () => {
      await store.write('nodes/relative', 'here');
      assert.equal(String(await store.read('/local/domain/0/nodes/relative')), 'here');
      assert.deepEqual(await store.directory('nodes'), ['relative']);
    });

    it('makes a node and leaves an existing one alone', async () => {
      await store.mkdir('/nodes/made');
      assert.equal(String(await store.read('/nodes/made')), '');
      await store.write('/nodes/made', 'value');
      await store.mkdir('/nodes/made');
      assert.equal(String(await store.read('/nodes/made')), 'value');
    });

    it('removes a node with all that is below it', async () => {
      await store.write('/nodes/gone/x/y', '1');
      await store.rm('/nodes/gone');
      await assert.rejects(store.read('/nodes/gone/x/y'), isError('ENOENT'));
      await assert.rejects(store.read('/nodes/gone'), isError('ENOENT'));
      await store.rm('/nodes/gone');
      await assert.rejects(store.rm('/nodes/gone/x'), isError('ENOENT'));
    });

    it('refuses what is missing or malformed', async () => {
      await assert.rejects(store.read('/nodes/nothing'), isError('ENOENT'));
      await assert.rejects(store.directory('/nodes/nothing'), isError('ENOENT'));
      await assert.rejects(store.getPerms('/nodes/nothing'), isError('ENOENT'));
      for (const path of ['', '/a.b', '/a b', '/a//b', '/a/', '/ü', `/${'x'.repeat(2100)}`]) {
        await assert.rejects(store.write(path, 'x'), isError('EINVAL'), path);
      }
      assert.equal(String(await store.read('/')), '');
    });
  });

  describe('permissions', () => {
    it('are what they were set to, in their order', async () => {
      await store.write('/perms/a', '1');
      assert.deepEqual((await store.getPerms('/perms/a')).map(formatXsPerm), ['n0']);
      const perms = ['n0', 'r2', 'w3', 'b5'];
      await store.setPerms('/perms/a', perms.map(perm));
      assert.deepEqual((await store.getPerms('/perms/a')).map(formatXsPerm), perms);
      await store.write('/perms/a/child', 'inherits');
      assert.deepEqual((await store.getPerms('/perms/a/child')).map(formatXsPerm), perms);
    });
  });

  describe('directories', () => {
    it('list their children, and none where there are none', async () => {
      for (const name of ['zeta', 'alpha', 'm10']) await store.write(`/dirs/few/${name}`, '');
      assert.deepEqual((await store.directory('/dirs/few')).sort(), ['alpha', 'm10', 'zeta']);
      assert.deepEqual(await store.directory('/dirs/few/zeta'), []);
      assert.equal(await store.hasChildren('/dirs/few'), true);
      assert.equal(await store.hasChildren('/dirs/few/zeta'), false);
      await assert.rejects(store.hasChildren('/dirs/nothing'), isError('ENOENT'));
    });

    for (const count of canListMany ? directorySizes : []) {
      it(`list ${count} children, also within a transaction`, async () => {
        const path = `/dirs/of-${count}`;
        const names = Array.from({ length: count }, (_, index) => `child-${index}`).sort();
        await Promise.all(names.map((name) => store.write(`${path}/${name}`, 'x')));
        assert.deepEqual((await store.directory(path)).sort(), names);
        assert.equal(await store.hasChildren(path), true);
        const inside = await store.transaction(async (transaction) => {
          await transaction.write(`${path}/child-last`, 'x');
          return transaction.directory(path);
        });
        assert.deepEqual(inside.sort(), [...names, 'child-last'].sort());
        await store.rm(path);
      });
    }

    if (!canListMany) {
      it('that do not fit in one message cost the connection, which is made anew', async () => {
        const names = Array.from({ length: 1200 }, (_, index) => `child-${index}`);
        await Promise.all(names.map((name) => store.write(`/dirs/many/${name}`, 'x')));
        await assert.rejects(store.directory('/dirs/many'), isCode('interrupted'));
        store.retryNow();
        await stateOf(store, 'connected');
        await store.rm('/dirs/many');
      });
    }

    it('list while they change: every name that stays is there once', async () => {
      const path = '/dirs/changing';
      const names = Array.from({ length: canListMany ? 1500 : 200 }, (_, index) => `stays-${index}`).sort();
      await Promise.all(names.map((name) => store.write(`${path}/${name}`, 'x')));
      const other = connect();
      const churn = (async () => {
        for (let index = 0; index < 20; index++) {
          await other.write(`${path}/comes-${index}`, 'x');
          await other.rm(`${path}/comes-${index}`);
        }
      })();
      for (let round = 0; round < 3; round++) {
        const listed = await store.directory(path);
        assert.deepEqual(listed.filter((name) => name.startsWith('stays')).sort(), names);
      }
      await churn;
      await store.rm(path);
    });
  });

  describe('pipelining', () => {
    it('answers thousands of requests in flight, each with its own reply', async () => {
      const indices = Array.from({ length: 3000 }, (_, index) => index);
      const writes = indices.map((index) => store.write(`/pipe/${index % 100}`, String(index)));
      await Promise.all(writes);
      const reads = await Promise.all(indices.map((index) => store.read(`/pipe/${index % 100}`)));
      for (const index of indices) assert.equal(Number(reads[index]), 2900 + (index % 100));
    });

    it('keeps the order of one client', async () => {
      const [, first, , second] = await Promise.all([
        store.write('/pipe/order', '1'),
        store.read('/pipe/order'),
        store.write('/pipe/order', '2'),
        store.read('/pipe/order'),
      ]);
      assert.deepEqual([String(first), String(second)], ['1', '2']);
    });

    it('lets a failure fail alone', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 200 }, (_, index) => store.read(index % 2 ? '/pipe/order' : '/pipe/nothing')),
      );
      for (const [index, { status }] of results.entries()) {
        assert.equal(status, index % 2 ? 'fulfilled' : 'rejected');
      }
    });

    it('serves many clients at once', async () => {
      const many = Array.from({ length: 40 }, () => connect());
      await Promise.all(
        many.map(async (client, index) => {
          for (let round = 0; round < 20; round++) {
            await client.write(`/pipe/clients/${index}`, String(round));
            assert.equal(Number(await client.read(`/pipe/clients/${index}`)), round);
          }
        }),
      );
    });
  });

  describe('transactions', () => {
    it('show their changes inside at once and outside after the commit', async () => {
      const other = connect();
      await store.transaction(async (transaction) => {
        await transaction.write('/tx/seen/a', '1');
        assert.equal(String(await transaction.read('/tx/seen/a')), '1');
        assert.deepEqual(await transaction.directory('/tx/seen'), ['a']);
        await transaction.setPerms('/tx/seen/a', [perm('r0')]);
        assert.deepEqual((await transaction.getPerms('/tx/seen/a')).map(formatXsPerm), ['r0']);
        await transaction.mkdir('/tx/seen/b');
        await transaction.rm('/tx/seen/b');
        await assert.rejects(other.read('/tx/seen/a'), isError('ENOENT'));
      });
      assert.equal(String(await other.read('/tx/seen/a')), '1');
      assert.deepEqual(await other.directory('/tx/seen'), ['a']);
    });

    it('leave nothing behind when the body fails', async () => {
      const mine = new Error('mine');
      await assert.rejects(
        store.transaction(async (transaction) => {
          await transaction.write('/tx/aborted', '1');
          throw mine;
        }),
        mine,
      );
      await assert.rejects(store.read('/tx/aborted'), isError('ENOENT'));
    });

    it('run again after a conflict', async () => {
      const other = connect();
      await store.write('/tx/a', '1');
      let runs = 0;
      await store.transaction(async (transaction) => {
        const value = Number(await transaction.read('/tx/a'));
        if (++runs === 1) await other.write('/tx/a', '10');
        await transaction.write('/tx/b', String(value + 1));
      });
      assert.equal(runs, 2);
      assert.equal(String(await store.read('/tx/b')), '11');
    });

    it('report EAGAIN when they lose as often as they may try', async () => {
      const other = connect();
      await store.write('/tx/lost', '0');
      let runs = 0;
      const losing = store.transaction(
        async (transaction) => {
          await transaction.read('/tx/lost');
          await other.write('/tx/lost', `change ${++runs}`);
          await transaction.write('/tx/lost', 'mine');
        },
        { attempts: 3 },
      );
      await assert.rejects(losing, isError('EAGAIN'));
      assert.equal(runs, 3);
      assert.equal(String(await store.read('/tx/lost')), 'change 3');
    });

    it('add up when several clients count the same number', async () => {
      await store.write('/tx/count', '0');
      const counters = Array.from({ length: 4 }, () => connect());
      await Promise.all(
        counters.map(async (client) => {
          for (let round = 0; round < 10; round++) {
            await client.transaction(
              async (transaction) => {
                const count = Number(await transaction.read('/tx/count'));
                await transaction.write('/tx/count', String(count + 1));
              },
              { attempts: 1000 },
            );
          }
        }),
      );
      assert.equal(String(await store.read('/tx/count')), '40');
    });

    it('run side by side on one connection', async () => {
      await Promise.all(
        [1, 2, 3].map((index) =>
          store.transaction((transaction) => transaction.write(`/tx/side-${index}`, 'x'), { attempts: 100 }),
        ),
      );
      for (const index of [1, 2, 3]) assert.equal(String(await store.read(`/tx/side-${index}`)), 'x');
    });
  });

  describe('watches', () => {
    it('fire at once, and for changes at and below the node', async () => {
      await store.write('/w/a', '1');
      const watch = await store.watch('/w/a');
      const other = connect();
      await other.write('/w/ab', 'not below');
      await other.write('/w/a/b/c', '1');
      await other.rm('/w/a/b');
      await other.setPerms('/w/a', [perm('n0'), perm('r1')]);
      const seen = await take(watch, 4);
      assert.deepEqual(seen, [
        { path: '/w/a', kind: 'initial' },
        { path: '/w/a/b/c', kind: 'change' },
        { path: '/w/a/b', kind: 'change' },
        { path: '/w/a', kind: 'change' },
      ]);
    });

    it('fire on nodes that are not there yet, and by relative names', async () => {
      const watch = await store.watch('w/later');
      await store.write('w/later/x', '1');
      await store.write('/local/domain/0/w/later', '2');
      assert.deepEqual(
        (await take(watch, 3)).map(({ path }) => path),
        ['w/later', 'w/later/x', 'w/later'],
      );
    });

    it('are independent of each other on one path', async () => {
      const [first, second] = await Promise.all([store.watch('/w/twice'), store.watch('/w/twice')]);
      await store.write('/w/twice', '1');
      await take(first, 2);
      await first.close();
      await store.write('/w/twice/x', '2');
      assert.deepEqual(
        (await take(second, 3)).map(({ path }) => path),
        ['/w/twice', '/w/twice', '/w/twice/x'],
      );
      assert.deepEqual(await take(first, 1), []);
    });

    it('see a transaction as what it changed, once it is committed', async () => {
      const watch = await store.watch('/w/tx');
      await take(watch, 1);
      await store.transaction(async (transaction) => {
        await transaction.write('/w/tx/a', '1');
        await transaction.write('/w/tx/b', '1');
      });
      assert.deepEqual((await take(watch, 2)).map(({ path }) => path).sort(), ['/w/tx/a', '/w/tx/b']);
    });

    it('lose detail but not the news when nobody reads', async () => {
      const reader = connect({ maxQueuedEvents: 100 });
      const watch = await reader.watch('/w/flood');
      const other = connect();
      await Promise.all(Array.from({ length: 3000 }, (_, index) => other.write(`/w/flood/${index}`, 'x')));
      // The reply of this connection comes after the events that were queued before it.
      await reader.write('/w/flood/end', 'x');
      await reader.read('/w/flood/end');
      const [first] = await take(watch, 1);
      if (eventsKeepOrder) assert.deepEqual(first, { path: '/w/flood', kind: 'resync' });
      await until(watch, ({ path }) => path === '/w/flood/end');
    });

    it('end with resetWatches', async () => {
      const watch = await store.watch('/w/reset');
      await take(watch, 1);
      if (!canResetWatches) return assert.rejects(store.resetWatches(), isError('ENOSYS'));
      await store.resetWatches();
      assert.deepEqual(await take(watch, 1), []);
      const again = await store.watch('/w/reset');
      await store.write('/w/reset', '1');
      assert.equal((await take(again, 2)).length, 2);
    });

    it('refuse a malformed path', async () => {
      await assert.rejects(store.watch('/a.b'), isError('EINVAL'));
    });
  });

  describe('domains', () => {
    it('have a path, known or not', async () => {
      assert.equal(await store.getDomainPath(0), '/local/domain/0');
      assert.equal(await store.getDomainPath(4711), '/local/domain/4711');
    });

    it('answer control commands', async () => {
      assert.equal(typeof (await store.control(['help'])), 'string');
    });

    // These are made up, which only a daemon without Xen puts up with.
    if (!isUnderXen) {
      it('are introduced and released, and both can be watched', async () => {
        const introduced = await store.watch('@introduceDomain');
        const released = await store.watch('@releaseDomain');
        await take(introduced, 1);
        await take(released, 1);
        assert.equal(await store.isDomainIntroduced(3), false);
        await store.introduce(3, 1, 5);
        assert.equal(await store.isDomainIntroduced(3), true);
        assert.deepEqual(await take(introduced, 1), [{ path: '@introduceDomain', kind: 'change' }]);
        await store.release(3);
        assert.deepEqual(await take(released, 1), [{ path: '@releaseDomain', kind: 'change' }]);
        assert.equal(await store.isDomainIntroduced(3), false);
      });

      it('can be made the target of another', async () => {
        await store.introduce(1, 1, 5);
        await store.introduce(2, 1, 5);
        await store.setTarget(1, 2);
        await store.release(2);
        await store.release(1);
      });

      it('may be given nodes, and are asked to go on', async () => {
        await store.introduce(5, 1, 5);
        await store.write('/local/domain/5/name', 'guest');
        await store.setPerms('/local/domain/5', [perm('b5'), perm('r1')]);
        assert.deepEqual((await store.getPerms('/local/domain/5')).map(formatXsPerm), ['b5', 'r1']);
        await store.resume(5);
        await store.release(5);
        await assert.rejects(store.resume(4711), isCode('store'));
      });
    }
  });

  describe('cancellation', () => {
    it('stops waiting and leaves the connection in step', async () => {
      const controller = new AbortController();
      await store.write('/cancel/a', 'a');
      const cancelled = Array.from({ length: 50 }, () =>
        store.read('/cancel/a', { signal: controller.signal }),
      );
      const kept = Array.from({ length: 50 }, () => store.read('/cancel/a'));
      controller.abort();
      for (const read of cancelled) await assert.rejects(read, isCode('cancelled'));
      for (const read of kept) assert.equal(String(await read), 'a');
    });

    it('takes back a watch and a transaction', async () => {
      await assert.rejects(store.watch('/cancel/w', { signal: AbortSignal.abort() }), isCode('cancelled'));
      const watching = new AbortController();
      const watch = store.watch('/cancel/w', { signal: watching.signal });
      watching.abort();
      await assert.rejects(watch, isCode('cancelled'));
      const running = new AbortController();
      const transaction = store.transaction(
        async (operations) => {
          await operations.write('/cancel/t', '1');
          running.abort();
        },
        { signal: running.signal },
      );
      await assert.rejects(transaction, isCode('cancelled'));
      await assert.rejects(store.read('/cancel/t'), isError('ENOENT'));
    });
  });

  if (isUnderXen) return;
  describe('a server that goes away and comes back', () => {
    it('is found again; watches are resynced; what was under way is said to be so', async () => {
      const watches = await Promise.all([store.watch('/back/a'), store.watch('back/relative')]);
      for (const watch of watches) await take(watch, 1);
      await server.kill();
      await stateOf(store, 'away');
      await assert.rejects(store.read('/'), isCode('away'));
      const addedMeanwhile = store.watch('/back/meanwhile');
      await server.start();
      store.retryNow();
      await stateOf(store, 'connected');
      assert.deepEqual(await take(watches[0], 1), [{ path: '/back/a', kind: 'resync' }]);
      assert.deepEqual(await take(watches[1], 1), [{ path: 'back/relative', kind: 'resync' }]);
      assert.deepEqual(await take(await addedMeanwhile, 1), [{ path: '/back/meanwhile', kind: 'initial' }]);
      await assert.rejects(store.read('/back/a'), isError('ENOENT'));
      await store.write('/back/a', 'new');
      assert.deepEqual(await take(watches[0], 1), [{ path: '/back/a', kind: 'change' }]);
    });

    it('interrupts transactions instead of carrying them over', async () => {
      let hasStarted: (() => void) | undefined;
      const started = new Promise<void>((resolve) => (hasStarted = resolve));
      let goOn: (() => void) | undefined;
      const transaction = store.transaction(async (operations) => {
        await operations.write('/back/tx', '1');
        hasStarted!();
        await new Promise<void>((resolve) => (goOn = resolve));
        await operations.write('/back/tx', '2');
      });
      const outcome = assert.rejects(transaction, isCode('away'));
      await started;
      await server.kill();
      await stateOf(store, 'away');
      await server.start();
      store.retryNow();
      await stateOf(store, 'connected');
      goOn!();
      await outcome;
      await assert.rejects(store.read('/back/tx'), isError('ENOENT'));
    });
  });
}

function isError(name: XsErrorName) {
  return (error: unknown) => {
    assert.ok(isStoreError(error, name), `expected ${name}, got ${String(error)}`);
    return true;
  };
}

function isCode(code: XenscopeError['code']) {
  return (error: unknown) => {
    assert.ok(
      error instanceof XenscopeError && error.code === code,
      `expected ${code}, got ${String(error)}`,
    );
    return true;
  };
}

function perm(text: string) {
  return parseXsPerm(text)!;
}

/** The next events of a watch; fewer when it has ended. */
async function take(watch: StoreWatch, count: number): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  if (count === 0) return events;
  for await (const event of watch) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

async function until(watch: StoreWatch, isIt: (event: WatchEvent) => boolean): Promise<void> {
  for await (const event of watch) if (isIt(event)) return;
  assert.fail('the watch ended');
}

function stateOf(store: StoreClient, kind: StoreClient['state']['kind']): Promise<void> {
  return new Promise((resolve) => {
    if (store.state.kind === kind) return resolve();
    const stop = store.onStateChange((state) => {
      if (state.kind !== kind) return;
      stop();
      resolve();
    });
  });
}
