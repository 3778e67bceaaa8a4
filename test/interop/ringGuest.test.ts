/**
 * Our guest's end of a ring, with our client on it, against Debian's daemons. oxenstored offers
 * reconnection for real; C xenstored ignores the connection word.
 */
import assert from 'node:assert/strict';
import { isStoreError, XenscopeError } from '../../server/host/errors';
import type { WatchEvent } from '../../server/host/storeClient';
import { INDEX_WORDS, indicesOf, setWord, wordOf } from '../support/ringPage';
import { describeWithDaemons } from './daemons/requirements';
import type { DaemonKind } from './daemons/startDaemon';
import { DOMID, Rig } from './ringRig';

/** The next event that is no plain change. */
async function nextMark(events: AsyncIterator<WatchEvent>): Promise<WatchEvent> {
  for (;;) {
    const event = (await events.next()).value as WatchEvent;
    if (event.kind !== 'change') return event;
  }
}

function onBoth(kind: DaemonKind): void {
  let rig: Rig;

  beforeEach(async () => {
    rig = await Rig.open(kind);
  });
  afterEach(() => rig.close());

  it('lives on the ring: nodes, long values, watches, transactions, many requests at once', async () => {
    const { client } = rig.guest();
    const long = 'x'.repeat(1500);
    await client.write('data/long', long);
    assert.equal(String(await client.read('data/long')), long);
    const watch = await client.watch('data');
    const events = watch[Symbol.asyncIterator]();
    assert.equal((await nextMark(events)).kind, 'initial');
    await client.transaction(async (inside) => inside.write('data/in', '1'));
    assert.deepEqual((await events.next()).value, { path: 'data/in', kind: 'change' });
    const values = Array.from({ length: 500 }, (_, n) => `value ${n}`);
    await Promise.all(values.map((value, n) => client.write(`data/n${n % 40}`, value)));
    assert.equal(String(await client.read('data/n39')), 'value 479');
    assert.equal(String(await rig.dom0.read('/local/domain/1/data/n39')), 'value 479');
  });

  it('crosses 2^32', async () => {
    for (const name of INDEX_WORDS) {
      setWord(rig.memory, name, 0xffff_fe00);
    }
    const { client } = rig.guest();
    const values = Array.from({ length: 60 }, (_, n) => String(n).repeat(20));
    for (const value of values) {
      await client.write('data', value);
      assert.equal(String(await client.read('data')), value);
    }
    for (const index of indicesOf(rig.memory)) assert.ok(index < 0x10000);
  });
}

describeWithDaemons("our guest on a ring of Debian's oxenstored", () => {
  onBoth('oxenstored');

  describe('reconnection', () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await Rig.open('oxenstored');
    });
    afterEach(() => rig.close());

    it('ends what was under way, under load, and resyncs the watches', async () => {
      assert.equal(wordOf(rig.memory, 'server_features'), 1);
      const { client, dial } = rig.guest();
      await client.write('data', '1');
      const watch = await client.watch('data');
      const events = watch[Symbol.asyncIterator]();
      assert.equal((await nextMark(events)).kind, 'initial');
      for (let round = 0; round < 5; round++) {
        const flood = Array.from({ length: 400 }, (_, n) => client.write(`data/${n % 30}`, `${round}`));
        const outcomes = Promise.allSettled(flood);
        await flood[20];
        await dial.requestReconnect();
        for (const outcome of await outcomes) {
          if (outcome.status === 'fulfilled') continue;
          assert.ok(outcome.reason instanceof XenscopeError);
          assert.ok(['interrupted', 'away'].includes(outcome.reason.code), outcome.reason.message);
        }
        assert.deepEqual(await nextMark(events), { path: 'data', kind: 'resync' });
        await client.write('data/after', `round ${round}`);
        assert.equal(String(await client.read('data/after')), `round ${round}`);
      }
    });

    it('heals indices that cannot be, and forgets transactions', async () => {
      const { client, dial } = rig.guest();
      await client.write('data', '1');
      const transaction = client.transaction(async (inside) => {
        await inside.write('data', 'never');
        for (const [n, name] of INDEX_WORDS.entries()) setWord(rig.memory, name, 0x5eed0000 + 2000 * n);
        await dial.requestReconnect();
        await inside.read('data');
      });
      await assert.rejects(transaction, XenscopeError);
      assert.equal(String(await client.read('data')), '1');
      assert.ok(indicesOf(rig.memory).every((index) => index < 4096));
    });
  });
});

describeWithDaemons("our guest on a ring of Debian's C xenstored", () => {
  onBoth('xenstored');

  describe('without reconnection', () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await Rig.open('xenstored');
    });
    afterEach(() => rig.close());

    it('explains that it is not offered, and goes on', async () => {
      const { client, dial } = rig.guest();
      await client.write('data', '1');
      await assert.rejects(dial.requestReconnect(), (error) => {
        return error instanceof XenscopeError && error.code === 'unsupported';
      });
      assert.equal(String(await client.read('data')), '1');
    });

    it('breaks off at broken indices, and begins anew when dom0 introduces the domain again', async () => {
      const { client } = rig.guest();
      await client.write('data', '1');
      const watch = await client.watch('data');
      const events = watch[Symbol.asyncIterator]();
      assert.equal((await nextMark(events)).kind, 'initial');
      setWord(rig.memory, 'rsp_prod', (wordOf(rig.memory, 'rsp_cons') + 3000) >>> 0);
      await assert.rejects(client.read('data'), XenscopeError);
      assert.equal(client.state.kind, 'away');
      await rig.dom0.introduce(DOMID, 1, 7);
      client.retryNow();
      assert.deepEqual(await nextMark(events), { path: 'data', kind: 'resync' });
      await assert.rejects(client.read('nothing'), (error) => isStoreError(error, 'ENOENT'));
    });
  });
});
