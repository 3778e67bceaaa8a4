import assert from 'node:assert/strict';
import fc from 'fast-check';
import { XenscopeError } from '../../../server/host/errors';
import type { XenscopeErrorCode } from '../../../server/host/errors';
import type { StoreClient } from '../../../server/host/storeClient';
import { openStoreClient } from '../../../server/store/client/storeClient';
import type { StoreClientLimits } from '../../../server/store/client/limits';
import { encodeXs, XsType } from '../../../server/wire/xsMessage';
import { ManualClock, octets, Peer, settle } from './support';

function withCode(code: XenscopeErrorCode, text?: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof XenscopeError, String(error));
    assert.equal(error.code, code, error.message);
    if (text) assert.match(error.message, text);
    return true;
  };
}

function open(limits: Partial<StoreClientLimits> = {}): {
  peer: Peer;
  client: StoreClient;
  clock: ManualClock;
} {
  const peer = new Peer();
  const clock = new ManualClock();
  return { peer, clock, client: openStoreClient({ dial: peer.dial, clock, limits }) };
}

describe('store client: one connection', () => {
  it('sends all that is asked in one turn with one write', async () => {
    const { peer, client } = open();
    const reads = Array.from({ length: 100 }, (_, index) => client.read(`/n${index}`));
    const connection = await peer.connection();
    await settle();
    assert.equal(connection.requests.length, 100);
    assert.equal(connection.writes.length, 1);
    for (const request of connection.requests) connection.reply(request, request.payload);
    const values = await Promise.all(reads);
    assert.deepEqual(
      values.map((value) => value.toString()),
      reads.map((_, index) => `/n${index}\0`),
    );
  });

  it('matches replies by req_id in whatever order they come', async () => {
    const { peer, client } = open();
    const reads = ['/a', '/b', '/c'].map((path) => client.read(path));
    const connection = await peer.connection();
    await settle();
    for (const request of connection.requests.toReversed()) connection.reply(request, request.payload);
    assert.deepEqual((await Promise.all(reads)).map(String), ['/a\0', '/b\0', '/c\0']);
  });

  it('uses each req_id once among the requests in flight, and never 0', async () => {
    const { peer, client } = open();
    for (let index = 0; index < 200; index++) client.read('/a').catch(() => undefined);
    const connection = await peer.connection();
    await settle();
    const ids = new Set(connection.requests.map(({ reqId }) => reqId));
    assert.equal(ids.size, 200);
    assert.ok(!ids.has(0));
    await client.close();
  });

  it('keeps at most so many requests in flight and the rest in order', async () => {
    const { peer, client } = open({ maxRequestsInFlight: 8 });
    const reads = Array.from({ length: 50 }, (_, index) => client.read(`/n${index}`));
    const connection = await peer.connection();
    await settle();
    assert.equal(connection.requests.length, 8);
    connection.reply(connection.requests[0]!, '0');
    await settle();
    assert.equal(connection.requests.length, 9);
    for (let index = 1; index < 50; index++) {
      await settle();
      connection.reply(connection.requests[index]!, String(index));
    }
    assert.deepEqual((await Promise.all(reads)).map(Number), [...reads.keys()]);
  });

  it('refuses more than may wait, and says so', async () => {
    const { peer, client } = open({ maxRequestsInFlight: 1, maxWaitingRequests: 3 });
    await peer.connection();
    await settle();
    const reads = Array.from({ length: 5 }, () => client.read('/a'));
    await assert.rejects(reads[3]!, withCode('limit', /too many requests/));
    await assert.rejects(reads[4]!, withCode('limit'));
    await client.close();
    await Promise.all(reads.slice(0, 3).map((read) => assert.rejects(read, withCode('cancelled'))));
  });

  it('refuses more bytes than may wait', async () => {
    const { peer, client } = open({ maxRequestsInFlight: 1, maxWaitingBytes: 5000 });
    await peer.connection();
    await settle();
    const writes = Array.from({ length: 3 }, () => client.write('/a', Buffer.alloc(4000)));
    await assert.rejects(writes[2]!, withCode('limit'));
    await client.close();
    await Promise.all(writes.slice(0, 2).map((write) => assert.rejects(write, withCode('cancelled'))));
  });

  it('waits for a drain while the stream is full', async () => {
    const { peer, client } = open();
    const connection = await peer.connection();
    connection.takesMore = false;
    const first = client.read('/a');
    await settle();
    const second = client.read('/b');
    await settle();
    assert.equal(connection.requests.length, 1);
    connection.takesMore = true;
    connection.handlers.onDrain();
    await settle();
    assert.equal(connection.requests.length, 2);
    for (const request of connection.requests) connection.reply(request, 'x');
    await Promise.all([first, second]);
  });

  it('understands replies and events however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (values, cuts) => {
          const { peer, client } = open();
          const reads = values.map((_, index) => client.read(`/n${index}`));
          const connection = await peer.connection();
          await settle();
          const event = encodeXs({
            type: XsType.WATCH_EVENT,
            reqId: 0,
            txId: 0,
            payload: octets('/x|nobody|'),
          });
          const stream = Buffer.concat(
            connection.requests.flatMap((request, index) => [
              event,
              encodeXs({ ...request, payload: Buffer.from(values[index]!) }),
            ]),
          );
          for (let start = 0, turn = 0; start < stream.length; turn++) {
            const end = start + cuts[turn % cuts.length]!;
            connection.send(Buffer.from(stream.subarray(start, end)));
            start = end;
          }
          assert.deepEqual(
            await Promise.all(reads),
            values.map((value) => Buffer.from(value)),
          );
          await client.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes a reply longer than 4096, as oxenstored sends it', async () => {
    const { peer, client } = open();
    const listing = client.directory('/big');
    const connection = await peer.connection();
    const request = await connection.next('DIRECTORY');
    const names = Array.from({ length: 1200 }, (_, index) => `child${index}`);
    connection.reply(request, names.map((name) => `${name}|`).join(''));
    assert.deepEqual(await listing, names);
  });

  it('drops a server whose reply is over the limit, without waiting for its bytes', async () => {
    const { peer, client } = open({ maxReplyBytes: 10_000 });
    const reading = client.read('/a');
    const connection = await peer.connection();
    const request = await connection.next('READ');
    const reply = encodeXs({ ...request, payload: Buffer.alloc(0) });
    reply.writeUInt32LE(10_001, 12);
    connection.send(reply);
    await assert.rejects(reading, withCode('interrupted', /10001 bytes/));
    assert.ok(connection.isClosedByClient);
    await client.close();
  });

  it('drops a server that answers with another type, and dials again', async () => {
    const { peer, client, clock } = open();
    const reading = client.read('/a');
    const writing = client.write('/b', 'x');
    const connection = await peer.connection();
    const request = await connection.next('READ');
    connection.reply({ ...request, type: XsType.GET_PERMS }, 'n0|');
    await assert.rejects(reading, withCode('protocol', /GET_PERMS instead of READ/));
    await assert.rejects(writing, withCode('interrupted'));
    assert.ok(connection.isClosedByClient);
    assert.equal(client.state.kind, 'away');
    clock.advance(clock.waitingMs[0]!);
    await peer.connection(1);
    await settle();
    assert.equal(client.state.kind, 'connected');
    await client.close();
  });

  it('drops a server that answers what was not asked', async () => {
    const { peer, client } = open();
    const reading = client.read('/a');
    const connection = await peer.connection();
    const request = await connection.next('READ');
    connection.reply({ ...request, reqId: request.reqId + 1 }, 'x');
    await assert.rejects(reading, withCode('interrupted', /was not asked/));
    assert.ok(connection.isClosedByClient);
    await client.close();
  });

  it('drops a server that sends an event without a token', async () => {
    const { peer, client } = open();
    const reading = client.read('/a');
    const connection = await peer.connection();
    await connection.next('READ');
    connection.send(
      encodeXs({ type: XsType.WATCH_EVENT, reqId: 0, txId: 0, payload: Buffer.from('no end') }),
    );
    await assert.rejects(reading, withCode('interrupted', /without path or token/));
    await client.close();
  });

  it('hands on the error that a server names, known or not', async () => {
    const { peer, client } = open();
    const cases = [
      ['ENOENT', 'ENOENT', /there is no such node.*\(ENOENT\)/],
      ['EQUOTA', 'EQUOTA', /quota.*\(EQUOTA\)/],
      ['EWHATEVER', 'EINVAL', /\(EWHATEVER\)/],
      ['', 'EINVAL', /\(EINVAL\)/],
      ['\x1b[31m', 'EINVAL', /\(EINVAL\)/],
    ] as const;
    for (const [sent, name, text] of cases) {
      const reading = client.read('/a');
      const connection = await peer.connection();
      connection.error(await connection.next('READ'), sent);
      await assert.rejects(reading, (error: unknown) => {
        assert.ok(error instanceof XenscopeError);
        assert.equal(error.storeError, name);
        return withCode('store', text)(error);
      });
    }
  });

  it('never sends an empty payload, which oxenstored would not answer', async () => {
    const { peer, client } = open();
    const asked = [
      client.resetWatches(),
      client.transaction(() => Promise.resolve()),
      client.control(['']),
      client.read(''),
      client.write('', ''),
    ];
    const connection = await peer.connection();
    await settle();
    assert.equal(connection.requests.length, asked.length);
    for (const { payload } of connection.requests) assert.ok(payload.length > 0);
    await client.close();
    await Promise.all(asked.map((one) => assert.rejects(one, withCode('cancelled'))));
  });

  it('refuses what cannot be sent before it is sent', async () => {
    const { peer, client } = open();
    const connection = await peer.connection();
    await assert.rejects(client.read('/a\0b'), withCode('input'));
    await assert.rejects(client.read('/\u0161'), withCode('input', /cannot hold/));
    await assert.rejects(client.watch('/a\0b'), withCode('input'));
    await assert.rejects(
      client.write('/a', Buffer.alloc(4094)),
      withCode('input', /4097 bytes.*at most 4096/),
    );
    await assert.rejects(client.setPerms('/a', []), withCode('input', /empty/));
    await settle();
    assert.equal(connection.requests.length, 0);
  });

  it('stops waiting when it is told to: before sending and after', async () => {
    const { peer, client } = open({ maxRequestsInFlight: 1 });
    const connection = await peer.connection();
    const inFlight = new AbortController();
    const waiting = new AbortController();
    const first = client.read('/first', { signal: inFlight.signal });
    const second = client.read('/second', { signal: waiting.signal });
    const third = client.read('/third');
    const request = await connection.next('READ');
    inFlight.abort();
    waiting.abort();
    await assert.rejects(first, withCode('cancelled'));
    await assert.rejects(second, withCode('cancelled'));
    connection.reply(request, 'too late');
    const next = await connection.next('READ');
    assert.equal(next.payload.toString(), '/third\0');
    connection.reply(next, 'x');
    assert.equal(String(await third), 'x');
    await assert.rejects(client.read('/a', { signal: AbortSignal.abort() }), withCode('cancelled'));
  });

  it('rejects everything under way when it is closed', async () => {
    const { peer, client } = open({ maxRequestsInFlight: 1 });
    const connection = await peer.connection();
    const reads = [client.read('/a'), client.read('/b')];
    await connection.next('READ');
    await client.close();
    for (const read of reads) await assert.rejects(read, withCode('cancelled'));
    assert.ok(connection.isClosedByClient);
    assert.equal(client.state.kind, 'closed');
    await assert.rejects(client.read('/c'), withCode('cancelled'));
    await assert.rejects(client.watch('/c'), withCode('cancelled'));
  });
});
