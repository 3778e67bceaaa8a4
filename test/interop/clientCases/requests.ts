/** Many requests at once, transactions, and requests that are taken back. */
import assert from 'node:assert/strict';
import { formatXsPerm } from '../../../server/wire/xsPerms';
import { isError, isCode, perm, type SuiteRig } from './rig';

export function requestCases(rig: SuiteRig): void {
  describe('pipelining', () => {
    const { requestsAtOnce } = rig.options;

    it(`answers ${requestsAtOnce} requests in flight, each with its own reply`, async () => {
      const indices = Array.from({ length: requestsAtOnce }, (_, index) => index);
      const writes = indices.map((index) => rig.store.write(`/pipe/${index % 100}`, String(index)));
      await Promise.all(writes);
      const reads = await Promise.all(indices.map((index) => rig.store.read(`/pipe/${index % 100}`)));
      for (const index of indices) assert.equal(Number(reads[index]), requestsAtOnce - 100 + (index % 100));
    });

    it('keeps the order of one client', async () => {
      const [, first, , second] = await Promise.all([
        rig.store.write('/pipe/order', '1'),
        rig.store.read('/pipe/order'),
        rig.store.write('/pipe/order', '2'),
        rig.store.read('/pipe/order'),
      ]);
      assert.deepEqual([String(first), String(second)], ['1', '2']);
    });

    it('lets a failure fail alone', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: Math.min(200, requestsAtOnce) }, (_, index) =>
          rig.store.read(index % 2 ? '/pipe/order' : '/pipe/nothing'),
        ),
      );
      for (const [index, { status }] of results.entries()) {
        assert.equal(status, index % 2 ? 'fulfilled' : 'rejected');
      }
    });

    it('serves many clients at once', async () => {
      const many = Array.from({ length: Math.min(40, requestsAtOnce / 10) }, () => rig.connect());
      await Promise.all(
        many.map(async (client, index) => {
          for (let round = 0; round < requestsAtOnce / 150; round++) {
            await client.write(`/pipe/clients/${index}`, String(round));
            assert.equal(Number(await client.read(`/pipe/clients/${index}`)), round);
          }
        }),
      );
    });
  });

  describe('transactions', () => {
    it('show their changes inside at once and outside after the commit', async () => {
      const other = rig.connect();
      await rig.store.transaction(async (transaction) => {
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
        rig.store.transaction(async (transaction) => {
          await transaction.write('/tx/aborted', '1');
          throw mine;
        }),
        mine,
      );
      await assert.rejects(rig.store.read('/tx/aborted'), isError('ENOENT'));
    });

    it('run again after a conflict', async () => {
      const other = rig.connect();
      await rig.store.write('/tx/a', '1');
      let runs = 0;
      await rig.store.transaction(async (transaction) => {
        const value = Number(await transaction.read('/tx/a'));
        if (++runs === 1) await other.write('/tx/a', '10');
        await transaction.write('/tx/b', String(value + 1));
      });
      assert.equal(runs, 2);
      assert.equal(String(await rig.store.read('/tx/b')), '11');
    });

    it('report EAGAIN when they lose as often as they may try', async () => {
      const other = rig.connect();
      await rig.store.write('/tx/lost', '0');
      let runs = 0;
      const losing = rig.store.transaction(
        async (transaction) => {
          await transaction.read('/tx/lost');
          await other.write('/tx/lost', `change ${++runs}`);
          await transaction.write('/tx/lost', 'mine');
        },
        { attempts: 3 },
      );
      await assert.rejects(losing, isError('EAGAIN'));
      assert.equal(runs, 3);
      assert.equal(String(await rig.store.read('/tx/lost')), 'change 3');
    });

    it('add up when several clients count the same number', async () => {
      await rig.store.write('/tx/count', '0');
      const counters = Array.from({ length: 4 }, () => rig.connect());
      const rounds = Math.max(3, Math.min(10, rig.options.requestsAtOnce / 100));
      await Promise.all(
        counters.map(async (client) => {
          for (let round = 0; round < rounds; round++) {
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
      assert.equal(Number(await rig.store.read('/tx/count')), 4 * rounds);
    });

    it('run side by side on one connection', async () => {
      await Promise.all(
        [1, 2, 3].map((index) =>
          rig.store.transaction((transaction) => transaction.write(`/tx/side-${index}`, 'x'), {
            attempts: 100,
          }),
        ),
      );
      for (const index of [1, 2, 3]) assert.equal(String(await rig.store.read(`/tx/side-${index}`)), 'x');
    });
  });

  describe('cancellation', () => {
    it('stops waiting and leaves the connection in step', async () => {
      const controller = new AbortController();
      await rig.store.write('/cancel/a', 'a');
      const cancelled = Array.from({ length: 50 }, () =>
        rig.store.read('/cancel/a', { signal: controller.signal }),
      );
      const kept = Array.from({ length: 50 }, () => rig.store.read('/cancel/a'));
      controller.abort();
      for (const read of cancelled) await assert.rejects(read, isCode('cancelled'));
      for (const read of kept) assert.equal(String(await read), 'a');
    });

    it('takes back a watch and a transaction', async () => {
      await assert.rejects(
        rig.store.watch('/cancel/w', { signal: AbortSignal.abort() }),
        isCode('cancelled'),
      );
      const watching = new AbortController();
      const watch = rig.store.watch('/cancel/w', { signal: watching.signal });
      watching.abort();
      await assert.rejects(watch, isCode('cancelled'));
      const running = new AbortController();
      const transaction = rig.store.transaction(
        async (operations) => {
          await operations.write('/cancel/t', '1');
          running.abort();
        },
        { signal: running.signal },
      );
      await assert.rejects(transaction, isCode('cancelled'));
      await assert.rejects(rig.store.read('/cancel/t'), isError('ENOENT'));
    });
  });
}
