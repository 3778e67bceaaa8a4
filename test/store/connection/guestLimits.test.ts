/** The quotas of guests that make requests wait or drop events, on a ring as on a real host. */
import assert from 'node:assert/strict';
import { openStoreClient } from '../../../server/store/client/storeClient';
import type { StoreClient } from '../../../server/host/storeClient';
import { defaultQuotas, type Quotas } from '../../../server/store/quotas';
import { Xenstored } from '../../../server/store/xenstored';
import { Scheduler } from '../../../server/sim/scheduler';
import { RawConnection } from '../../support/rawConnection';
import { ManualClock, until } from '../client/support';
import { GUEST_DOMID, openRig, type Rig } from '../ring/rig';

const home = '/local/domain/1';
const ownedByGuest = [{ domid: GUEST_DOMID, read: false, write: false }];
const readableByGuest = [
  { domid: 0, read: false, write: false },
  { domid: GUEST_DOMID, read: true, write: false },
];
const kibibyte = 'x'.repeat(1024);
const notTaken =
  'Domain 1 does not take its watch events: those that wait for 20 seconds, or are more than it may hold are dropped.';

describe('limits of guests', () => {
  let rig: Rig;
  let guest: RawConnection;

  async function open(quotas: Partial<Quotas> = {}): Promise<void> {
    rig = await openRig({ quotas });
    guest = await RawConnection.open(rig.dial());
  }

  /** Asks for something as the guest, and waits until the request is out of its hands. */
  async function send(frame: Parameters<RawConnection['send']>[0]): Promise<void> {
    guest.send(frame);
    await rounds();
  }

  /** Lets everything settle that can: what the store has not done by then waits for something. */
  async function rounds(): Promise<void> {
    for (let n = 0; n < 20; n += 1) {
      await rig.dom0.read('/tool/xenstored');
      await new Promise(setImmediate);
    }
  }

  async function marked(name: string): Promise<boolean> {
    return rig.dom0.read(`${home}/${name}`).then(
      () => true,
      () => false,
    );
  }

  afterEach(() => rig.close());

  describe('of memory', () => {
    /** Domain 0 gives the guest more than it may hold. */
    async function fill(): Promise<void> {
      await rig.dom0.write(`${home}/gift`, kibibyte.repeat(3));
      await rig.dom0.setPerms(`${home}/gift`, ownedByGuest);
    }

    it('leave requests unread until domain 0 takes something away', async () => {
      await open({ hardMemoryBytes: 3000 });
      await guest.ok('WRITE', 'before|1');
      await fill();
      await send({ type: 'WRITE', payload: 'after|1' });
      assert.equal(await marked('after'), false);
      await rig.dom0.rm(`${home}/gift`);
      assert.equal((await guest.reply()).payload.toString(), 'OK\0');
      assert.equal(await marked('after'), true);
      assert.match(rig.log[0]!, /^Domain 1 holds 2\.9 KiB in the store, all that it may/);
      assert.equal(rig.log[1], 'Domain 1 holds less than 2.2 KiB in the store again.');
    });

    it('leave requests unread until the guest takes its own events', async () => {
      await open({ hardMemoryBytes: 5000, softMemoryBytes: 0 });
      await guest.ok('WATCH', '/w|t|');
      await rig.dom0.write('/w', '');
      await rig.dom0.setPerms('/w', readableByGuest);
      await guest.takeEvents();
      guest.pause();
      for (let n = 0; n < 20; n += 1) await rig.dom0.write(`/w/${'n'.repeat(200)}${n}`, '');
      await fill();
      await send({ type: 'WRITE', payload: 'after|1' });
      assert.equal(await marked('after'), false);
      guest.resume();
      assert.equal((await guest.reply()).payload.toString(), 'OK\0');
      assert.equal((await guest.takeEvents()).length, 20);
    });

    it('forget a connection that ends while it waits', async () => {
      await open({ hardMemoryBytes: 3000 });
      await fill();
      await send({ type: 'WRITE', payload: 'after|1' });
      await rig.introduce();
      await rig.dom0.rm(`${home}/gift`);
      await rounds();
      assert.equal(await marked('after'), false);
      guest = await RawConnection.open(rig.dial());
      await guest.ok('WRITE', 'anew|1');
    });

    it('count the events that the guest does not take, drop what is too much, and end when it reads', async () => {
      await open({ hardMemoryBytes: 16_000, softMemoryBytes: 0 });
      await guest.ok('WATCH', '/w|t|');
      await rig.dom0.write('/w', '');
      await rig.dom0.setPerms('/w', readableByGuest);
      await guest.takeEvents();
      guest.pause();
      const written = 100;
      for (let n = 0; n < written; n += 1) await rig.dom0.write(`/w/n${n}-${'n'.repeat(200)}`, '');
      assert.ok(rig.log.includes(notTaken), rig.log.join('\n'));
      guest.resume();
      const events = await guest.takeEvents();
      assert.ok(events.length > 50 && events.length < written, `${events.length} events`);
      const lost = `Domain 1 takes its watch events again; ${written - events.length} watch events were dropped.`;
      await until(() => rig.log.includes(lost));
      await rig.dom0.write('/w/last', '');
      assert.equal(await guest.nextEvent(), '/w/last|t');
    });
  });

  describe('of time for events', () => {
    /** A guest with a watch on /w that reads nothing, and with its ring full of older events. */
    async function stuck(): Promise<void> {
      await open();
      await guest.ok('WATCH', '/w|t|');
      await rig.dom0.write('/w', '');
      await rig.dom0.setPerms('/w', readableByGuest);
      await guest.takeEvents();
      guest.pause();
      for (let n = 0; n < 20; n += 1) await rig.dom0.write(`/w/${'n'.repeat(200)}${n}`, '');
      await rounds();
    }

    it('drop an event after 20 seconds, tell how many, and deliver what came later', async () => {
      await stuck();
      rig.clock.advance(defaultQuotas.eventExpiryMs - 1);
      await rig.dom0.write('/w/later', '');
      assert.deepEqual(rig.log, []);
      rig.clock.advance(1);
      assert.deepEqual(rig.log, [notTaken]);
      guest.resume();
      const events = await guest.takeEvents();
      assert.equal(events.at(-1), '/w/later|t');
      const dropped = 20 + 1 - events.length;
      assert.ok(dropped > 5 && events.length > 1, `${events.length} events`);
      const lost = `Domain 1 takes its watch events again; ${dropped} watch events were dropped.`;
      await until(() => rig.log.includes(lost));
      assert.deepEqual(rig.clock.waitingMs, []);
    });

    it('deliver the same event again that was dropped before', async () => {
      await stuck();
      await rig.dom0.write('/w/again', '');
      rig.clock.advance(defaultQuotas.eventExpiryMs);
      await rig.dom0.write('/w/again', '');
      guest.resume();
      const events = await guest.takeEvents();
      assert.equal(events.filter((event) => event === '/w/again|t').length, 1);
    });

    it('keep replies, however long they wait', async () => {
      await stuck();
      const reqIds = [7, 8, 9].map((reqId) => guest.send({ type: 'READ', payload: '/w|', reqId }));
      await rounds();
      rig.clock.advance(2 * defaultQuotas.eventExpiryMs);
      guest.resume();
      for (const reqId of reqIds) assert.equal((await guest.reply()).reqId, reqId);
    });

    it('leave privileged domains alone', async () => {
      await stuck();
      const other = await RawConnection.open(rig.store.connect({ domid: 0 }));
      await other.ok('WATCH', '/w|t|');
      other.pause();
      const written = 2000;
      for (let n = 0; n < written; n += 1) await rig.dom0.write(`/w/${'n'.repeat(200)}${n}`, '');
      rig.clock.advance(10 * defaultQuotas.eventExpiryMs);
      other.resume();
      const events = await other.takeEvents();
      assert.equal(new Set(events).size, 1 + written);
    });

    it('lose nothing while a world stands, and nothing more than that afterwards', async () => {
      const clock = new ManualClock();
      const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
      const time = new Scheduler({ clock, startMs: 0, settled });
      time.pace = 1;
      const log: string[] = [];
      const store = new Xenstored({ clock: time, log: (line) => log.push(line) });
      rig = { ...(await openRig()), store };
      const dom0: StoreClient = openStoreClient({ dial: store.connect({ domid: 0 }), clock });
      const slow = await RawConnection.open(store.connect({ domid: 1 }));
      await dom0.write('/w', '');
      await dom0.setPerms('/w', readableByGuest);
      await slow.ok('WATCH', '/w|t|');
      await slow.takeEvents();
      slow.pause();
      const written = 1000;
      for (let n = 0; n < written; n += 1) await dom0.write(`/w/${'n'.repeat(200)}${n}`, '');
      time.hold();
      clock.advance(10 * defaultQuotas.eventExpiryMs);
      await settled();
      assert.deepEqual(log, []);
      time.resume();
      clock.advance(defaultQuotas.eventExpiryMs - 1);
      await settled();
      assert.deepEqual(log, []);
      clock.advance(1);
      await until(() => log.length > 0);
      assert.deepEqual(log, [notTaken]);
      slow.close();
      await dom0.close();
      time.close();
    });
  });

  it('end in a world when that goes on, though it was somebody outside who ended them', async () => {
    const clock = new ManualClock();
    const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
    const time = new Scheduler({ clock, startMs: 0, settled });
    const store = new Xenstored({
      clock: time,
      soon: (domid, run) => void time.soon(run, { kind: 'request', domid, text: `Domain ${domid} goes on.` }),
    });
    rig = { ...(await openRig()), store };
    const outside = await RawConnection.open(store.connect({ domid: 0 }));
    const slow = await RawConnection.open(store.connect({ domid: 1 }));
    await outside.ok('WRITE', `${home}|`);
    await outside.ok('SET_PERMS', `${home}|n1|`);
    const txId = await outside.begin();
    for (let n = 1; n <= 20; n += 1) slow.send({ type: 'WRITE', payload: `n|${n}` });
    const done = () => outside.ask('READ', `${home}/n|`);
    // The first of them makes the node, and so writes the one above it as well.
    for (let n = 1; n <= 10; n += 1) await slow.reply();
    time.hold();
    assert.equal(await outside.commit(txId), 'OK');
    for (let turn = 0; turn < 20; turn += 1) await settled();
    assert.equal(await done(), '10');
    assert.equal((await time.step())?.text, 'Domain 1 goes on.');
    assert.equal(await done(), '20');
    for (const each of [outside, slow]) each.close();
    time.close();
  });

  describe('of the rate of writes', () => {
    const { maxWriteBurst, writesPerSecond } = defaultQuotas;
    /** Domain 0 and the guest. */
    const domains = 2;
    let reqId = 0;

    /** Sends so many writes, and lets happen what can without time. */
    async function write(count: number): Promise<void> {
      for (let n = 0; n < count; n += 1) guest.send({ type: 'WRITE', payload: `n|${++reqId}`, reqId });
      await rounds();
    }

    /** How many of them were done. */
    async function done(): Promise<number> {
      return Number((await rig.dom0.read(`${home}/n`)).toString());
    }

    beforeEach(async () => {
      reqId = 0;
      await open();
      await guest.ok('WRITE', 'n|0');
    });

    it('let a guest write as fast as it can while nobody else has a transaction open', async () => {
      const own = await guest.begin();
      await write(100);
      assert.equal(await done(), 100);
      for (let n = 0; n < 100; n += 1) await guest.reply();
      assert.equal(await guest.ask('WRITE', 'n|in', own), 'OK');
      assert.deepEqual(rig.log, []);
    });

    it('slow a guest down to its share while others have, and let it go when those end', async () => {
      const other = await RawConnection.open(rig.store.connect({ domid: 0 }));
      const txId = await other.begin();
      await write(100);
      // The one that makes it owe is done as well.
      assert.equal(await done(), maxWriteBurst + 1);
      assert.deepEqual(rig.log, [
        'Domain 1 writes more than its share of 200 writes a second while others have transactions open: its requests are slowed down to that.',
      ]);
      const msPerWrite = (1000 / writesPerSecond) * domains;
      assert.deepEqual(rig.clock.waitingMs, [msPerWrite]);
      for (let more = 2; more < 5; more += 1) {
        rig.clock.advance(msPerWrite);
        await rounds();
        assert.equal(await done(), maxWriteBurst + more);
      }
      assert.equal(await other.commit(txId), 'OK');
      await rounds();
      assert.equal(await done(), 100);
      assert.deepEqual(rig.clock.waitingMs, []);
      for (let n = 0; n < 100; n += 1) await guest.reply();
      assert.equal(rig.log.length, 1);
      other.close();
    });

    it('let it go as well when whoever has the transaction is gone', async () => {
      const other = await RawConnection.open(rig.store.connect({ domid: 0 }));
      await other.begin();
      await write(50);
      assert.equal(await done(), maxWriteBurst + 1);
      other.close();
      await rounds();
      assert.equal(await done(), 50);
    });

    it('count each node of a subtree that goes, and a commit as one write', async () => {
      const other = await RawConnection.open(rig.store.connect({ domid: 0 }));
      await guest.ok('WRITE', 'a/b/c/d|');
      await other.begin();
      const txId = await guest.begin();
      for (let n = 0; n < 20; n += 1) await guest.ok('WRITE', `in/n${n}|`, txId);
      assert.equal(await guest.commit(txId), 'OK');
      await guest.ok('RM', 'a|');
      // 1 for the commit, 4 nodes and their parent: the rest of the burst is left, and one more.
      await write(50);
      assert.equal(await done(), maxWriteBurst - 6 + 1);
      other.close();
    });

    it('do not bind domain 0, whose unused share a guest may have', async () => {
      const dial = rig.store.connect({ domid: 0 });
      const [first, second] = [await RawConnection.open(dial), await RawConnection.open(dial)];
      await first.begin();
      for (let n = 0; n < 100; n += 1) await second.ok('WRITE', `/n|${n}`);
      // All that both earn goes into the reserve, which had lent each of them its first purse.
      rig.clock.advance(2000);
      await write(500);
      const reserve = 2 * writesPerSecond - domains * maxWriteBurst;
      assert.equal(await done(), maxWriteBurst + reserve + 1);
      first.close();
      second.close();
    });
  });
});
