import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../server/cli/systemClock';
import type { ByteStream } from '../../../server/store/byteStream';
import { limits } from '../../../server/store/quotas';
import { Xenstored } from '../../../server/store/xenstored';
import { parseXs, xsParserStart } from '../../../server/wire/xsMessage';
import { RawClient, request } from '../rawClient';

describe('connection', () => {
  let folder: string;
  let socketPath: string;
  let server: Xenstored;
  let log: string[];
  const clients: RawClient[] = [];
  const newClient = (): RawClient => {
    const client = new RawClient(socketPath);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-connection-'));
    socketPath = path.join(folder, 'socket');
    log = [];
    server = new Xenstored({ clock: systemClock, log: (line) => log.push(line) });
    await server.listen(socketPath);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.destroy();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('answers 2000 requests of one piece in order', async () => {
    const client = newClient();
    const requests = Array.from({ length: 2000 }, (_, at) =>
      at % 2 === 0 ? request('WRITE', `/n\0value ${at}`, at) : request('READ', '/n\0', at),
    );
    client.socket.write(Buffer.concat(requests));
    await client.until(() => client.messages.length === 2000);
    for (const [at, { reqId, payload }] of client.messages.entries()) {
      assert.equal(reqId, at);
      assert.equal(payload.toString(), at % 2 === 0 ? 'OK\0' : `value ${at - 1}`);
    }
  });

  it('makes a client that does not read wait, serves the others, and goes on when it reads', async () => {
    const [slow, other] = [newClient(), newClient()];
    const big = `/${'p'.repeat(1000)}`;
    assert.equal(await other.ask('WRITE', `${big}\0${'x'.repeat(3000)}`), 'OK\0');
    slow.socket.pause();
    const asked = 3000;
    for (let at = 0; at < asked; at += 1) slow.send('READ', `${big}\0`, at);
    for (let turn = 0; turn < 300; turn += 1)
      assert.equal((await other.ask('READ', `${big}\0`)).length, 3000);
    // The server had time to take everything, and left most of it with the client.
    assert.ok(slow.socket.writableLength > 1_000_000, `${slow.socket.writableLength} bytes left`);
    slow.socket.resume();
    await slow.until(() => slow.messages.length === asked);
    assert.deepEqual(
      slow.messages.map(({ reqId }) => reqId),
      Array.from({ length: asked }, (_, at) => at),
    );
    assert.deepEqual(log, []);
  });

  it('drops events that wait already for a slow reader', async () => {
    const [slow, other] = [newClient(), newClient()];
    await slow.ask('WATCH', '/w\0t\0');
    await other.ask('WRITE', `/big\0${'x'.repeat(4000)}`);
    slow.socket.pause();
    for (let at = 0; at < 1000; at += 1) slow.send('READ', '/big\0', at);
    for (let turn = 0; turn < 3000; turn += 1) await other.ask('WRITE', `/w\0${turn}`);
    slow.socket.resume();
    await slow.until(() => slow.messages.filter(({ type }) => type === 2).length === 1000);
    const events = slow.messages.filter(({ type }) => type === 15).length;
    assert.ok(events >= 2 && events < 3000, `${events} events`);
  });

  it('cuts off a reader behind whom different events pile up, and nobody else', async () => {
    const [slow, other] = [newClient(), newClient()];
    await slow.ask('WATCH', `/w\0${'t'.repeat(3500)}\0`);
    await other.ask('WATCH', `/w\0t\0`);
    slow.socket.pause();
    // Twice as much as may wait, and what the kernel takes on the way.
    const writes = Math.ceil((2 * limits.maxUnsentBytes) / 3500);
    for (let at = 0; at < writes; at += 1) {
      await other.ask('WRITE', `/w/n${at}\0`);
      if (at % 100 === 0) await other.ask('RM', `/w/n${at}\0`);
      if (log.length > 0) break;
    }
    assert.match(log[0] ?? 'nothing', /cut off: it does not read/);
    slow.socket.resume();
    await slow.until(() => slow.isClosed);
    assert.equal(await other.ask('WRITE', '/w\0still here'), 'OK\0');
  });

  it('cuts off a client that announces too much, after it answered what came before', async () => {
    const [bad, good] = [newClient(), newClient()];
    const header = Buffer.alloc(16);
    header.writeUInt32LE(4097, 12);
    bad.socket.write(Buffer.concat([request('WRITE', '/before\0v', 5), header]));
    await bad.until(() => bad.isClosed);
    assert.deepEqual(
      bad.messages.map(({ reqId }) => reqId),
      [5],
    );
    assert.equal(await good.ask('READ', '/before\0'), 'v');
  });

  it('survives clients that leave in the middle of anything', async () => {
    const whole = Buffer.concat([
      request('WATCH', '/x\0t\0'),
      request('TRANSACTION_START', '\0'),
      request('WRITE', '/x\0v'),
    ]);
    for (let length = 0; length < whole.length; length += 3) {
      const client = newClient();
      client.socket.end(whole.subarray(0, length));
      await client.until(() => client.isClosed);
    }
    assert.equal(await newClient().ask('WRITE', '/x\0v'), 'OK\0');
  });

  it('of a domain ends with the domain, and cannot be dialled again', async () => {
    const dial = server.connect({ domid: 5 });
    let isClosed = false;
    const handlers = {
      onData: () => undefined,
      onDrain: () => undefined,
      onClose: () => void (isClosed = true),
    };
    await dial(handlers);
    server.domainDied(5);
    await newClient().ask('READ', '/\0');
    assert.ok(isClosed);
    await assert.rejects(dial(handlers), /Domain 5 is gone/);
    await server.connect({ domid: 5 })(handlers);
  });

  it('of a guest that does not read has at most 20 replies outstanding', async () => {
    let unread = xsParserStart;
    let replies = 0;
    const stream: ByteStream = await server.connect({ domid: 5 })({
      onData: (bytes) => {
        const parsed = parseXs(unread, bytes);
        unread = parsed.state;
        replies += parsed.messages.length;
      },
      onDrain: () => undefined,
      onClose: () => undefined,
    });
    const client = newClient();
    await client.ask('WRITE', `/big\0${'x'.repeat(2000)}`);
    await client.ask('SET_PERMS', '/big\0r0\0');
    stream.pause();
    for (let at = 0; at < 500; at += 1) stream.write(request('READ', '/big\0', at));
    await client.ask('READ', '/big\0');
    assert.equal(replies, 0);
    assert.ok(stream.queuedBytes > 0, 'requests wait unread');
    stream.resume();
    while (replies < 500) await client.ask('READ', '/\0');
    assert.equal(stream.queuedBytes, 0);
  });
});
