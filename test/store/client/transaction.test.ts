import assert from 'node:assert/strict';
import { isStoreError, XenscopeError } from '../../../server/host/errors';
import { openStoreClient } from '../../../server/store/client/storeClient';
import { ManualClock, Peer, settle, until } from './support';

function open() {
  const peer = new Peer();
  const clock = new ManualClock();
  return { peer, clock, client: openStoreClient({ dial: peer.dial, clock }) };
}

describe('store client: transactions', () => {
  it('runs the body under the id of the transaction and commits', async () => {
    const { peer, client } = open();
    const result = client.transaction(async (transaction) => {
      await transaction.write('/a', '1');
      return 'done';
    });
    const connection = await peer.connection();
    const start = await connection.next('TRANSACTION_START');
    assert.equal(start.txId, 0);
    connection.reply(start, '4294967295|');
    const write = await connection.next('WRITE');
    assert.equal(write.txId, 0xffff_ffff);
    connection.reply(write, 'OK|');
    const end = await connection.next('TRANSACTION_END');
    assert.equal(end.txId, 0xffff_ffff);
    assert.equal(end.payload.toString(), 'T\0');
    connection.reply(end, 'OK|');
    assert.equal(await result, 'done');
  });

  it('runs the body again after a conflict: at once, then after growing pauses', async () => {
    const { peer, client, clock } = open();
    let runs = 0;
    const result = client.transaction(() => Promise.resolve(++runs));
    const connection = await peer.connection();
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 5; attempt++) {
      if (attempt > 2) {
        await until(() => clock.waitingMs.length > 0);
        pauses.push(clock.waitingMs[0]!);
        clock.advance(clock.waitingMs[0]!);
      }
      connection.reply(await connection.next('TRANSACTION_START'), `${attempt}|`);
      const end = await connection.next('TRANSACTION_END');
      if (attempt < 5) connection.error(end, 'EAGAIN');
      else connection.reply(end, 'OK|');
    }
    assert.equal(await result, 5);
    assert.deepEqual(pauses, [2, 4, 8]);
  });

  it('gives up after the attempts it was given, with EAGAIN', async () => {
    const { peer, client } = open();
    const result = client.transaction(() => Promise.resolve(), { attempts: 2 });
    result.catch(() => undefined);
    const connection = await peer.connection();
    for (let attempt = 1; attempt <= 2; attempt++) {
      connection.reply(await connection.next('TRANSACTION_START'), `${attempt}|`);
      connection.error(await connection.next('TRANSACTION_END'), 'EAGAIN');
    }
    await assert.rejects(result, (error) => isStoreError(error, 'EAGAIN'));
    assert.equal(connection.requests.length, 4);
  });

  it('aborts when the body throws, and throws the same', async () => {
    const { peer, client } = open();
    const mine = new Error('mine');
    const result = client.transaction(() => Promise.reject(mine));
    result.catch(() => undefined);
    const connection = await peer.connection();
    connection.reply(await connection.next('TRANSACTION_START'), '1|');
    const end = await connection.next('TRANSACTION_END');
    assert.equal(end.payload.toString(), 'F\0');
    connection.error(end, 'ENOENT');
    await assert.rejects(result, mine);
  });

  it('does not repeat for an EAGAIN that the body throws', async () => {
    const { peer, client } = open();
    const result = client.transaction((transaction) => transaction.read('/a'));
    result.catch(() => undefined);
    const connection = await peer.connection();
    connection.reply(await connection.next('TRANSACTION_START'), '1|');
    connection.error(await connection.next('READ'), 'EAGAIN');
    connection.reply(await connection.next('TRANSACTION_END'), 'OK|');
    await assert.rejects(result, (error) => isStoreError(error, 'EAGAIN'));
  });

  it('gives back a transaction whose start was no longer wanted', async () => {
    const { peer, client } = open();
    const controller = new AbortController();
    let hasRun = false;
    const result = client.transaction(
      () => {
        hasRun = true;
        return Promise.resolve();
      },
      { signal: controller.signal },
    );
    result.catch(() => undefined);
    const connection = await peer.connection();
    const start = await connection.next('TRANSACTION_START');
    controller.abort();
    connection.reply(start, '9|');
    const end = await connection.next('TRANSACTION_END');
    assert.equal(end.txId, 9);
    assert.equal(end.payload.toString(), 'F\0');
    connection.reply(end, 'OK|');
    await assert.rejects(result, (error) => error instanceof XenscopeError && error.code === 'cancelled');
    assert.equal(hasRun, false);
  });

  it('stops waiting for a server that does not answer', async () => {
    const { peer, client } = open();
    const controller = new AbortController();
    const result = client.transaction(() => Promise.resolve(), { signal: controller.signal });
    result.catch(() => undefined);
    const connection = await peer.connection();
    await connection.next('TRANSACTION_START');
    controller.abort();
    await assert.rejects(result, (error) => error instanceof XenscopeError && error.code === 'cancelled');
    await client.close();
  });

  it('refuses operations of a transaction that is over', async () => {
    const { peer, client } = open();
    let late: (() => Promise<unknown>) | undefined;
    const result = client.transaction((transaction) => {
      late = () => transaction.read('/a');
      return Promise.resolve();
    });
    const connection = await peer.connection();
    connection.reply(await connection.next('TRANSACTION_START'), '1|');
    connection.reply(await connection.next('TRANSACTION_END'), 'OK|');
    await result;
    await assert.rejects(late!(), (error) => error instanceof XenscopeError && error.code === 'input');
  });

  it('never carries a transaction over to another connection', async () => {
    const { peer, client, clock } = open();
    let goOn: (() => void) | undefined;
    const result = client.transaction(async (transaction) => {
      await new Promise<void>((resolve) => (goOn = resolve));
      await transaction.write('/a', '1');
    });
    result.catch(() => undefined);
    const first = await peer.connection();
    first.reply(await first.next('TRANSACTION_START'), '1|');
    await until(() => goOn !== undefined);
    first.hangUp();
    await settle();
    clock.advance(clock.waitingMs[0]!);
    const second = await peer.connection(1);
    await settle();
    goOn!();
    await assert.rejects(result, (error) => error instanceof XenscopeError && error.code === 'away');
    assert.deepEqual(second.requests, []);
  });

  it('refuses a start without an id', async () => {
    for (const payload of ['', '|', 'x|', '0|', '4294967296|', '-1|']) {
      const { peer, client } = open();
      const result = client.transaction(() => Promise.resolve());
      result.catch(() => undefined);
      const connection = await peer.connection();
      connection.reply(await connection.next('TRANSACTION_START'), payload);
      await assert.rejects(result, (error) => error instanceof XenscopeError && error.code === 'protocol');
    }
  });
});
