/**
 * Ways to hurt a xenstored through its socket. Each attack is bounded, counts what it threw, checks
 * what the protocol promises for it, and leaves nothing behind in the store.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import {
  encodeXs,
  writeXsHeader,
  XS_HEADER_BYTES,
  XS_PAYLOAD_MAX_BYTES,
  XsType,
} from '../../server/wire/xsMessage';
import { RawClient } from './rawClient';
import { pick, randomBytes } from './seed';

export interface Target {
  readonly socketPath: string;
  readonly random: Random;
  /** Multiplies the number of inputs. */
  readonly effort: number;
  /** Resolves when the well-behaved client has made so many more round trips. */
  otherClientWorked(roundTrips: number): Promise<void>;
}

/** Throws its inputs and answers how many they were. */
export type Attack = (target: Target) => Promise<number>;

const PARALLEL = 32;

async function inParallel(count: number, run: (index: number) => Promise<void>): Promise<number> {
  let next = 0;
  const lane = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  return count;
}

function header(type: number, payloadBytes: number): Buffer {
  const bytes = Buffer.alloc(XS_HEADER_BYTES);
  writeXsHeader(bytes, 0, type, 7, 0, payloadBytes);
  return bytes;
}

const badLengths: Attack = ({ socketPath, random, effort }) =>
  inParallel(1000 * effort, async () => {
    const client = await RawClient.open(socketPath);
    const tooLong = pick(random, [4097, 4098, 65_536, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff]);
    client.sendBytes(
      Buffer.concat([header(random.below(30), tooLong), randomBytes(random, random.below(64))]),
    );
    await client.wasClosed();
    assert.equal(client.replies.length, 0);
  });

const halfHeaders: Attack = ({ socketPath, random, effort }) =>
  inParallel(1000 * effort, async () => {
    const client = await RawClient.open(socketPath);
    client.sendBytes(header(XsType.READ, 10).subarray(0, 1 + random.below(15)));
    client.socket.end();
    await client.wasClosed();
    assert.equal(client.replies.length, 0);
  });

const tornFrames: Attack = ({ socketPath, random, effort }) =>
  inParallel(1000 * effort, async () => {
    const client = await RawClient.open(socketPath);
    const payload = Buffer.from(`/hostile/torn\0${'x'.repeat(random.below(2000))}`);
    const whole = encodeXs({ type: XsType.WRITE, reqId: 1, txId: 0, payload });
    client.sendBytes(whole);
    await client.repliesCame(1);
    client.sendBytes(whole.subarray(0, 1 + random.below(whole.length - 1)));
    if (random.below(2) === 0) client.end();
    else client.socket.end();
    await client.wasClosed();
    assert.equal(client.replies.length, 1);
  });

const noise: Attack = ({ socketPath, random, effort }) =>
  inParallel(500 * effort, async () => {
    const client = await RawClient.open(socketPath);
    client.sendBytes(randomBytes(random, 1 + random.below(8192)));
    client.socket.end();
    await client.wasClosed();
  });

/** Everything a path can be made of, legal or not. */
function garbagePath(random: Random): string {
  const parts = [
    'a',
    'b-_@0',
    '.',
    '..',
    '',
    ' ',
    ':',
    '+',
    '\u00e9',
    '\x01',
    '\x7f',
    '@x',
    'x'.repeat(300),
    '%00',
  ];
  const depth = random.below(10);
  const start = pick(random, [
    '/hostile/',
    '/hostile//',
    '',
    '@',
    '@releaseDomain',
    '/',
    '//',
    '/local/domain/x/',
  ]);
  return start + Array.from({ length: depth }, () => pick(random, parts)).join('/');
}

/** Requests that hold strings in every wrong number and every wrong ending. */
function garbagePayload(random: Random): Buffer {
  if (random.below(3) === 0) return randomBytes(random, random.below(XS_PAYLOAD_MAX_BYTES + 1));
  const strings = Array.from({ length: random.below(5) }, () =>
    random.below(2) === 0
      ? garbagePath(random)
      : pick(random, ['', '0', '-1', '99999999999', 'n0', 'r', 'T', 'F', 'x0']),
  );
  const text = strings.join('\0') + pick(random, ['', '\0', '\0\0']);
  return Buffer.from(text).subarray(0, XS_PAYLOAD_MAX_BYTES);
}

/** A removal may name anything; what the other client works on stays out of it. */
const spared = new Set<number>([XsType.RM]);

const garbageRequests: Attack = async ({ socketPath, random, effort }) => {
  const client = await RawClient.open(socketPath);
  const count = 6000 * effort;
  for (let sent = 0; sent < count; sent += 50) {
    for (let i = 0; i < 50; i++) {
      const type = random.below(10) === 0 ? random.below(2 ** 32) : random.below(30);
      const payload = garbagePayload(random);
      client.send(
        spared.has(type) ? XsType.READ : type,
        payload,
        random.below(4) === 0 ? random.below(5) : 0,
      );
    }
    await client.repliesCame(50);
    client.replies.length = 0;
    client.events.length = 0;
  }
  client.end();
  return count;
};

const longDeepPaths: Attack = async ({ socketPath, random, effort }) => {
  const client = await RawClient.open(socketPath);
  const count = 500 * effort;
  for (let i = 0; i < count; i++) {
    // From far too deep to just allowed, by single letters: as many levels as 4096 bytes can name.
    const path = `/hostile${'/d'.repeat(900 + random.below(600))}`;
    const type = pick(random, [XsType.WRITE, XsType.MKDIR, XsType.READ, XsType.DIRECTORY]);
    const reply = await client.request(type, `${path}\0`);
    assert.ok(path.length <= 2048 || reply.type === XsType.ERROR);
  }
  client.replies.length = 0;
  client.end();
  return count;
};

const floodWithoutReading: Attack = async ({ socketPath, effort, otherClientWorked }) => {
  const writer = await RawClient.open(socketPath);
  await writer.request(XsType.WRITE, `/hostile/big\0${'v'.repeat(4000)}`);
  const one = encodeXs({ type: XsType.READ, reqId: 1, txId: 0, payload: Buffer.from('/hostile/big\0') });
  const flood = Buffer.concat(Array.from({ length: 4000 }, () => one));
  const clients = await Promise.all(Array.from({ length: 16 }, () => RawClient.open(socketPath)));
  // 16 x 4 000 READs of 4 000 bytes are 256 MB of replies that nobody takes.
  for (let round = 0; round < effort; round++) {
    for (const client of clients) {
      client.stopReading();
      client.sendBytes(flood);
    }
    await otherClientWorked(100);
  }
  for (const client of [...clients, writer]) client.end();
  return clients.length * 4000 * effort;
};

const twoThousandConnections: Attack = async ({ socketPath, random, otherClientWorked }) => {
  const clients = await Promise.all(Array.from({ length: 2000 }, () => RawClient.open(socketPath)));
  for (const client of clients) {
    if (random.below(2) === 0) client.sendBytes(header(XsType.WRITE, 4000));
    else client.send(XsType.DIRECTORY, '/\0');
  }
  await otherClientWorked(50);
  for (const client of clients) client.end();
  return clients.length;
};

/** Watches in numbers and a client that never takes its events. */
const watchBomb: Attack = async ({ socketPath, effort, otherClientWorked }) => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(socketPath)));
  for (const [index, client] of clients.entries()) {
    for (let i = 0; i < 500; i++)
      client.send(XsType.WATCH, `/hostile/bomb\0${'t'.repeat(100)}${index}-${i}\0`);
    client.send(XsType.WATCH, '/\0root\0');
  }
  for (const client of clients) await client.repliesCame(501);
  for (const client of clients) client.stopReading();
  const writer = await RawClient.open(socketPath);
  const writes = 100 * effort;
  // 10 000 watches x 100 writes: a million events for nobody. The server may cut off who never reads.
  for (let i = 0; i < writes; i++) await writer.request(XsType.WRITE, `/hostile/bomb/${i}\0x`);
  await otherClientWorked(50);
  await writer.request(XsType.RM, '/hostile/bomb\0');
  for (const client of [...clients, writer]) client.end();
  return clients.length * 501 + writes;
};

const transactionBomb: Attack = async ({ socketPath, effort, otherClientWorked }) => {
  const client = await RawClient.open(socketPath);
  const count = 2000 * effort;
  for (let sent = 0; sent < count; sent += 100) {
    for (let i = 0; i < 100; i++) client.send(XsType.TRANSACTION_START, '\0');
    await client.repliesCame(100);
    const ids = client.replies
      .filter(({ type }) => type !== XsType.ERROR)
      .map(({ payload }) => parseInt(payload.toString(), 10));
    client.replies.length = 0;
    for (const id of ids) client.send(XsType.WRITE, `/hostile/tx/${id}\0${'v'.repeat(1000)}`, id);
    await client.repliesCame(ids.length);
    client.replies.length = 0;
  }
  await otherClientWorked(50);
  client.end();
  return count;
};

/** Nothing but well-formed requests, each for more than the one before, until the store takes no more. */
const fill: Attack = async ({ socketPath, effort, otherClientWorked }) => {
  const client = await RawClient.open(socketPath);
  const list = Array.from({ length: 500 }, (_, at) => `r${1 + at * 3}\0`).join('');
  const kinds: [type: XsType, payload: (at: number) => string][] = [
    [XsType.WRITE, (at) => `/hostile/values/${at % 100}/${at}\0${String(at).padEnd(4000, 'v')}`],
    [XsType.WRITE, (at) => `/hostile/names/${at % 700}/${'n'.repeat(500)}${at}\0`],
    [XsType.SET_PERMS, (at) => `/hostile/names/${at % 700}\0n0\0r${20_000 + at}\0${list}`],
    [XsType.WATCH, (at) => `/hostile/watched/${at}\0${'t'.repeat(1000)}\0`],
  ];
  let count = 0;
  for (const [type, payload] of kinds) {
    await client.request(XsType.RM, '/hostile/values\0');
    for (let refused = 0, at = 0; refused === 0 && at < 150_000;) {
      for (let i = 0; i < 100; i++) client.send(type, payload(at++));
      await client.repliesCame(100);
      refused = client.replies.filter((reply) => reply.type === XsType.ERROR).length;
      client.replies.length = 0;
      client.events.length = 0;
      count += 100;
    }
    // What is full stays full however often it is written anew.
    for (let again = 0; again < 50 * effort; again++) {
      for (let at = 0; at < 100; at++) client.send(type, payload(at));
      await client.repliesCame(100);
      client.replies.length = 0;
      client.events.length = 0;
      count += 100;
    }
    await otherClientWorked(20);
  }
  client.end();
  return count;
};

const slowDrip: Attack = async ({ socketPath, effort, otherClientWorked }) => {
  const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(socketPath)));
  const request = encodeXs({ type: XsType.DIRECTORY, reqId: 1, txId: 0, payload: Buffer.from('/\0') });
  for (let round = 1; round <= effort; round++) {
    for (const byte of request) {
      for (const client of clients) client.sendBytes(Buffer.from([byte]));
      await otherClientWorked(2);
    }
    for (const client of clients) await client.repliesCame(round);
  }
  for (const client of clients) client.end();
  return clients.length * effort;
};

export const attacks: Readonly<Record<string, Attack>> = {
  'lengths beyond the limit': badLengths,
  'half headers': halfHeaders,
  'torn frames': tornFrames,
  'random bytes': noise,
  'random types and payloads': garbageRequests,
  'very deep paths': longDeepPaths,
  'a flood without reading the replies': floodWithoutReading,
  '2 000 connections at once': twoThousandConnections,
  'watches and events for clients that never read': watchBomb,
  'transactions that never end': transactionBomb,
  'a store that is filled to the brim': fill,
  'one byte at a time from 100 clients': slowDrip,
};
