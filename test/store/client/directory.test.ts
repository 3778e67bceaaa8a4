import assert from 'node:assert/strict';
import { isStoreError, XenscopeError } from '../../../server/host/errors';
import { openStoreClient } from '../../../server/store/client/storeClient';
import { ManualClock, Peer, until } from './support';

describe('store client: directories', () => {
  async function listing() {
    const peer = new Peer();
    const client = openStoreClient({ dial: peer.dial, clock: new ManualClock() });
    const result = client.directory('/d');
    result.catch(() => undefined);
    const connection = await peer.connection();
    const request = await connection.next('DIRECTORY');
    assert.equal(request.payload.toString(), '/d\0');
    /** Answers the request for the part that begins at `offset`. */
    const part = async (offset: number, payload: string) => {
      const asked = await connection.next('DIRECTORY_PART');
      assert.equal(asked.payload.toString(), `/d\0${offset}\0`);
      connection.reply(asked, payload);
    };
    return { client, connection, request, result, part };
  }

  it('takes the names of one reply, and none from an empty one', async () => {
    const { client, connection, request, result } = await listing();
    connection.reply(request, 'zeta|alpha|');
    assert.deepEqual(await result, ['zeta', 'alpha']);
    const empty = client.directory('/e');
    connection.reply(await connection.next('DIRECTORY'), '');
    assert.deepEqual(await empty, []);
  });

  it('puts parts together when one reply is too small', async () => {
    const { connection, request, result, part } = await listing();
    connection.error(request, 'E2BIG');
    await part(0, '7|aa|bb|');
    await part(6, '7|cc|');
    await part(9, '7|dd||');
    assert.deepEqual(await result, ['aa', 'bb', 'cc', 'dd']);
  });

  it('takes an end that comes alone', async () => {
    const { connection, request, result, part } = await listing();
    connection.error(request, 'E2BIG');
    await part(0, '7|aa|');
    await part(3, '7||');
    assert.deepEqual(await result, ['aa']);
  });

  it('begins anew when the directory changes between two parts', async () => {
    const { connection, request, result, part } = await listing();
    connection.error(request, 'E2BIG');
    await part(0, '7|old|');
    await part(4, '8|er|');
    await part(0, '8|new|');
    await part(4, '8|er||');
    assert.deepEqual(await result, ['new', 'er']);
  });

  it('gives up on a directory that never holds still', async () => {
    const { connection, request, result } = await listing();
    connection.error(request, 'E2BIG');
    let generation = 0;
    let isOver = false;
    const over = () => (isOver = true);
    result.then(over, over);
    for (;;) {
      await until(() => isOver || connection.hasUnread);
      if (isOver) break;
      connection.reply(await connection.next('DIRECTORY_PART'), `${++generation}|name|`);
    }
    await assert.rejects(result, (error) => error instanceof XenscopeError && error.code === 'limit');
  });

  it('reports E2BIG when the server knows no parts', async () => {
    const { connection, request, result } = await listing();
    connection.error(request, 'E2BIG');
    connection.error(await connection.next('DIRECTORY_PART'), 'ENOSYS');
    await assert.rejects(result, (error) => isStoreError(error, 'E2BIG'));
  });

  it('refuses parts that lead nowhere', async () => {
    for (const payload of ['7|', '7', '', '|aa||']) {
      const { connection, request, result } = await listing();
      connection.error(request, 'E2BIG');
      connection.reply(await connection.next('DIRECTORY_PART'), payload);
      await assert.rejects(result, (error) => error instanceof XenscopeError && error.code === 'protocol');
    }
  });

  it('answers whether there are children from one reply', async () => {
    const { client, connection, request } = await listing();
    connection.reply(request, '');
    for (const [payload, expected] of [
      ['', false],
      ['a|', true],
    ] as const) {
      const asked = client.hasChildren('/x');
      connection.reply(await connection.next('DIRECTORY'), payload);
      assert.equal(await asked, expected);
    }
    const tooBig = client.hasChildren('/x');
    connection.error(await connection.next('DIRECTORY'), 'E2BIG');
    assert.equal(await tooBig, true);
    const missing = client.hasChildren('/x');
    connection.error(await connection.next('DIRECTORY'), 'ENOENT');
    await assert.rejects(missing, (error) => isStoreError(error, 'ENOENT'));
  });
});
