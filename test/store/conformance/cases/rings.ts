/** What a server must make of a ring page, seen by a guest that has the page in its hands. */
import assert from 'node:assert/strict';
import { XS_RING_BYTES, XsRingError, XsRingFeature } from '../../../../server/wire/xsRing';
import { describeReply, rawFrame } from '../../../support/rawConnection';
import { INDEX_WORDS } from '../../../support/ringPage';
import type { RingCase, RingGuest, RingTarget } from '../rings';

const none = 0;
const { RECONNECTION, ERROR } = XsRingFeature;
const directory = rawFrame({ type: 'DIRECTORY', payload: '/|', reqId: 1 });

/** Gives domain 1 a directory of its own, as a toolstack does. */
async function giveHome(target: RingTarget): Promise<void> {
  const dom0 = await target.dom0();
  await dom0.ok('WRITE', '/local/domain/1|');
  await dom0.ok('SET_PERMS', '/local/domain/1|n1|');
}

/** Lets time pass for the server: it has answered others, and had every chance to do something. */
async function chances(target: RingTarget, guest: RingGuest): Promise<void> {
  const dom0 = await target.dom0();
  for (let n = 0; n < 3; n++) {
    guest.page.ring();
    await dom0.ask('DIRECTORY', '/|');
  }
}

/** Half a life on the ring: a watch, a transaction, unread replies, half a header; answers the old transaction. */
async function leaveAllBehind(target: RingTarget, guest: RingGuest): Promise<number> {
  await giveHome(target);
  const before = await guest.connect();
  await before.ok('WRITE', 'data/x|1');
  await before.ok('WATCH', 'data|old|');
  assert.deepEqual(await before.takeEvents(), ['data|old']);
  const txId = await before.begin();
  await before.ok('WRITE', 'data/x|2', txId);
  before.close();
  // Room for a whole reply is left, so that only the half header waits in the server.
  guest.put(directory);
  guest.put(directory.subarray(0, 8));
  guest.page.ring();
  await guest.untilTaken();
  await guest.untilTrue('an unread reply', () => guest.word('rsp_prod') !== guest.word('rsp_cons'));
  return txId;
}

async function askForReconnect(guest: RingGuest): Promise<void> {
  guest.set('connection', 1);
  guest.page.ring();
  await guest.until('connection', 0);
}

/** Nothing of the old life is there, and a new one is possible. */
async function seeNewLife(target: RingTarget, guest: RingGuest, oldTxId: number): Promise<void> {
  assert.deepEqual(
    INDEX_WORDS.map((name) => guest.word(name)),
    [0, 0, 0, 0],
  );
  const after = await guest.connect();
  // oxenstored says EIO of a transaction that it does not know.
  assert.match(
    await after.ask('READ', 'data/x|', oldTxId),
    /^ERROR (ENOENT|EIO)$/,
    'the old transaction is unknown',
  );
  assert.equal(await after.ask('READ', 'data/x|'), '1', 'what it held is gone, what was written is not');
  await after.ok('WRITE', 'data/x|3');
  assert.deepEqual(await after.takeEvents(), [], 'the old watch is silent');
  await after.ok('WATCH', 'data|old|');
  assert.deepEqual(await after.takeEvents(), ['data|old'], 'the same watch can be set again and fires once');
  const dom0 = await target.dom0();
  assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '1|'), 'T|');
  assert.equal(await dom0.ask('GET_PERMS', '/local/domain/1|'), 'n1|');
}

/** The server has given the ring up, and goes on with nothing that the guest does. */
async function staysDead(target: RingTarget, guest: RingGuest): Promise<void> {
  for (const name of INDEX_WORDS) guest.set(name, 0);
  guest.put(directory);
  await chances(target, guest);
  assert.equal(guest.word('req_cons'), 0, 'nothing is read any more');
  const dom0 = await target.dom0();
  assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '1|'), 'T|');
  await dom0.ok('INTRODUCE', '1|1|7|');
  guest.put(directory);
  await chances(target, guest);
  assert.equal(guest.word('req_cons'), 0, 'and INTRODUCE does not revive it');
}

export const ringCases: RingCase[] = [
  {
    id: 62,
    behaviour: 'indices that start at 0xFFFFFFF0 cross 2^32 in both directions',
    features: none,
    alsoOn: ['C xenstored 4.17', 'oxenstored 4.17'],
    async run(_target, guest) {
      for (const name of INDEX_WORDS) guest.set(name, 0xfffffff0);
      const connection = await guest.connect();
      for (let n = 0; n < 3; n++) {
        assert.equal(await connection.ask('GET_DOMAIN_PATH', '7|'), '/local/domain/7|');
      }
      for (const name of INDEX_WORDS) assert.ok(guest.word(name) < 0x1000, `${name} went on from 0`);
    },
  },
  {
    id: 63,
    behaviour: 'a request of 2000 bytes and a reply of 4000 pass rings of 1024 in pieces',
    features: none,
    alsoOn: ['C xenstored 4.17'],
    async run(target, guest) {
      await giveHome(target);
      const dom0 = await target.dom0();
      const long = Buffer.alloc(4000, '0123456789');
      await dom0.ok('WRITE', Buffer.concat([Buffer.from('/long\0'), long]));
      await dom0.ok('SET_PERMS', '/long|r0|');
      const connection = await guest.connect();
      const value = Buffer.alloc(1900, 'abcdefg');
      await connection.ok(
        'WRITE',
        Buffer.concat([Buffer.from(`${'/local/domain/1/'}${'n'.repeat(80)}\0`), value]),
      );
      assert.deepEqual((await connection.rpc('READ', `${'n'.repeat(80)}|`)).payload, value);
      assert.deepEqual((await connection.rpc('READ', '/long|')).payload, long);
    },
  },
  {
    id: 64,
    behaviour: 'a ring with all its 1024 bytes full is neither empty nor an error',
    features: ERROR,
    alsoOn: ['C xenstored 4.17', 'oxenstored 4.17'],
    async run(target, guest) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', `/wide|${'w'.repeat(1500)}`);
      await dom0.ok('SET_PERMS', '/wide|r0|');
      // Two requests that are exactly as long as the ring, put there at once.
      const read = rawFrame({ type: 'READ', payload: '/wide|', reqId: 1 });
      const filler = rawFrame({
        type: 'READ',
        payload: `/${'x'.repeat(XS_RING_BYTES - read.length - 18)}|`,
        reqId: 2,
      });
      guest.put(Buffer.concat([read, filler]));
      assert.equal(guest.word('req_prod') - guest.word('req_cons'), XS_RING_BYTES);
      guest.page.ring();
      await guest.untilTrue(
        'the reply ring to be full',
        () => guest.word('rsp_prod') - guest.word('rsp_cons') === XS_RING_BYTES,
      );
      await chances(target, guest);
      assert.equal(guest.word('error'), XsRingError.NONE);
      const connection = await guest.connect();
      assert.equal(describeReply(await connection.receive()), 'w'.repeat(1500));
      assert.match(describeReply(await connection.receive()), /^ERROR E/);
    },
  },
  {
    id: 65,
    behaviour: 'requests that are 1025 bytes ahead: error word 2, nothing is read, and it stays so',
    features: ERROR,
    alsoOn: ['C xenstored 4.17'],
    async run(target, guest) {
      const cons = guest.word('req_cons');
      guest.set('req_prod', (cons + XS_RING_BYTES + 1) >>> 0);
      guest.page.ring();
      await guest.until('error', XsRingError.RINGIDX);
      assert.equal(guest.word('req_cons'), cons);
      assert.equal(guest.word('rsp_prod'), guest.word('rsp_cons'));
      await staysDead(target, guest);
    },
  },
  {
    id: 65,
    behaviour: 'a guest that has read more than was written: error word 2, and it stays so',
    features: ERROR,
    alsoOn: ['C xenstored 4.17'],
    async run(target, guest) {
      guest.set('rsp_cons', (guest.word('rsp_prod') + 1) >>> 0);
      guest.put(directory);
      guest.page.ring();
      await guest.until('error', XsRingError.RINGIDX);
      await staysDead(target, guest);
    },
  },
  {
    id: 65,
    behaviour: 'a ring that was given up holds no watch and no transaction',
    features: ERROR,
    alsoOn: [],
    async run(target, guest) {
      await leaveAllBehind(target, guest);
      guest.set('req_prod', (guest.word('req_cons') + 0x8000_0000) >>> 0);
      guest.page.ring();
      await guest.until('error', XsRingError.RINGIDX);
      const unread = guest.word('rsp_prod');
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/local/domain/1/data/x|4');
      await chances(target, guest);
      assert.equal(guest.word('rsp_prod'), unread, 'no event comes any more');
    },
  },
  {
    id: 66,
    behaviour: 'a message that announces 4097 bytes: error word 3',
    features: ERROR,
    alsoOn: ['C xenstored 4.17'],
    async run(target, guest) {
      guest.put(rawFrame({ type: 'READ', payload: '/|', len: 4097 }));
      guest.page.ring();
      await guest.until('error', XsRingError.PROTO);
      await staysDead(target, guest);
    },
  },
  {
    id: 67,
    behaviour: 'a reconnect ends watches, transactions, unread replies and half messages, and rings once',
    features: RECONNECTION,
    alsoOn: ['oxenstored 4.17'],
    async run(target, guest) {
      const oldTxId = await leaveAllBehind(target, guest);
      await chances(target, guest);
      const rung = guest.page.rung();
      await askForReconnect(guest);
      await chances(target, guest);
      assert.equal(guest.page.rung(), rung + 1);
      await seeNewLife(target, guest, oldTxId);
    },
  },
  {
    id: 68,
    behaviour: 'a reconnect works with garbage for indices',
    features: RECONNECTION | ERROR,
    alsoOn: ['oxenstored 4.17'],
    async run(target, guest) {
      const oldTxId = await leaveAllBehind(target, guest);
      guest.set('connection', 1);
      for (const [n, name] of INDEX_WORDS.entries()) guest.set(name, 0xdeadbeef ^ (0x1234567 * n));
      guest.page.memory.copyIn(0, Buffer.alloc(2 * XS_RING_BYTES, 0xa5));
      guest.page.ring();
      await guest.until('connection', 0);
      assert.equal(guest.word('error'), XsRingError.NONE);
      await seeNewLife(target, guest, oldTxId);
    },
  },
  {
    id: 68,
    behaviour: 'a reconnect is asked for by any value but 0',
    features: RECONNECTION,
    alsoOn: ['oxenstored 4.17'],
    async run(_target, guest) {
      guest.set('connection', 0x80000002);
      guest.page.ring();
      await guest.until('connection', 0);
      const connection = await guest.connect();
      assert.equal(await connection.ask('GET_DOMAIN_PATH', '7|'), '/local/domain/7|');
    },
  },
  {
    id: 68,
    behaviour: 'a reconnect revives a ring that was given up, and takes the error word back',
    features: RECONNECTION | ERROR,
    alsoOn: [],
    async run(target, guest) {
      const oldTxId = await leaveAllBehind(target, guest);
      guest.set('rsp_cons', (guest.word('rsp_prod') + 5) >>> 0);
      guest.set('req_prod', (guest.word('req_cons') + 2000) >>> 0);
      guest.page.ring();
      await guest.until('error', XsRingError.RINGIDX);
      await askForReconnect(guest);
      assert.equal(guest.word('error'), XsRingError.NONE);
      await seeNewLife(target, guest, oldTxId);
    },
  },
  {
    id: 69,
    behaviour: 'a server without the feature does nothing about the connection word',
    features: ERROR,
    alsoOn: ['C xenstored 4.17'],
    async run(target, guest) {
      await giveHome(target);
      const connection = await guest.connect();
      await connection.ok('WATCH', 'x|kept|');
      assert.deepEqual(await connection.takeEvents(), ['x|kept']);
      guest.set('connection', 1);
      await chances(target, guest);
      await connection.ok('WRITE', 'x|1');
      assert.deepEqual(await connection.takeEvents(), ['x|kept']);
      assert.equal(guest.word('connection'), 1);
    },
  },
  {
    id: 72,
    behaviour: 'a ring full of 0xff is a broken message, not one of 4 GiB',
    features: ERROR,
    alsoOn: ['C xenstored 4.17'],
    async run(_target, guest) {
      guest.put(Buffer.alloc(XS_RING_BYTES, 0xff));
      guest.page.ring();
      await guest.until('error', XsRingError.PROTO);
    },
  },
];
