import assert from 'node:assert/strict';
import { XenscopeError, isStoreError } from '../../../server/host/errors';
import { dialRing } from '../../../server/store/client/ringDial';
import { openStoreClient } from '../../../server/store/client/storeClient';
import { Xenstored } from '../../../server/store/xenstored';
import { XS_RING_BYTES, XsRingFeature } from '../../../server/wire/xsRing';
import { RawConnection, rawFrame } from '../../support/rawConnection';
import { ringDial } from '../../support/ringDial';
import { indicesOf, ringPage, setWord, wordOf } from '../../support/ringPage';
import { ManualClock, settle, until } from '../client/support';
import { isCode, openRig, type Rig, type RigOptions } from './rig';

describe('ring: the server', () => {
  let rig: Rig;
  const open = async (options?: RigOptions, isIntroduced?: boolean): Promise<Rig> =>
    (rig = await openRig(options, isIntroduced));
  const guests: RawConnection[] = [];
  const rawGuest = async () => {
    const guest = await RawConnection.open(ringDial(rig.page.memory, () => rig.page.guestPort.notify()));
    guests.push(guest);
    return guest;
  };
  const put = (bytes: Buffer) => {
    const prod = wordOf(rig.page.memory, 'req_prod');
    for (const [n, byte] of bytes.entries()) rig.page.memory.store8((prod + n) % XS_RING_BYTES, byte);
    setWord(rig.page.memory, 'req_prod', prod + bytes.length);
  };

  afterEach(async () => {
    for (const guest of guests.splice(0)) guest.close();
    await rig.close();
  });

  it('empties the ring at INTRODUCE, says what it offers, and ends a wait that the builder began', async () => {
    const { page, introduce } = await open({ features: 3 }, false);
    for (const name of ['req_cons', 'req_prod', 'rsp_cons', 'rsp_prod', 'error'] as const) {
      setWord(page.memory, name, 77);
    }
    setWord(page.memory, 'connection', 1);
    await introduce();
    assert.deepEqual(indicesOf(page.memory), [0, 0, 0, 0]);
    assert.equal(wordOf(page.memory, 'server_features'), 3);
    assert.equal(wordOf(page.memory, 'error'), 0);
    assert.equal(wordOf(page.memory, 'connection'), 0);
    assert.equal(page.serverPort.rung, 1);
  });

  it('offers nothing unless it is told to, as C xenstored before 4.21', async () => {
    const page = ringPage();
    const clock = new ManualClock();
    const store = new Xenstored({
      clock,
      rings: {
        attach: () => ({
          memory: page.memory,
          port: page.serverPort,
          rebind: () => page.serverPort,
          detach: () => undefined,
        }),
      },
    });
    await open();
    const dom0 = openStoreClient({ dial: store.connect({ domid: 0 }), clock });
    await dom0.introduce(1, 1, 1);
    assert.equal(wordOf(page.memory, 'server_features'), 0);
    setWord(page.memory, 'req_prod', 2000);
    page.guestPort.notify();
    await settle();
    assert.equal(wordOf(page.memory, 'error'), 0, 'the error word is not offered either');
    await dom0.close();
    await store.close();
  });

  it('drops watches, transactions and half messages when a domain is introduced again, and tells nobody', async () => {
    const { dom0, introduce, page } = await open({ features: 0 });
    const introductions = await dom0.watch('@introduceDomain');
    const events = introductions[Symbol.asyncIterator]();
    await events.next();
    const guest = await rawGuest();
    await guest.ok('WATCH', 'data|t|');
    assert.deepEqual(await guest.takeEvents(), ['data|t']);
    const txId = await guest.begin();
    guest.close();
    put(Buffer.alloc(9));
    page.guestPort.notify();
    await until(() => wordOf(page.memory, 'req_cons') === wordOf(page.memory, 'req_prod'));
    await introduce();
    assert.deepEqual(indicesOf(page.memory), [0, 0, 0, 0]);
    const again = await rawGuest();
    assert.equal(await again.ask('DIRECTORY', '/local/domain/1|', txId), 'ERROR ENOENT');
    await again.ok('WRITE', 'data|1');
    assert.deepEqual(await again.takeEvents(), []);
    again.close();
    await dom0.introduce(2, 1, 1);
    const next = events.next();
    assert.deepEqual((await next).value, { path: '@introduceDomain', kind: 'change' }, 'that of domain 2');
  });

  it('goes on with a new doorbell after the domain was introduced again', async () => {
    const first = ringPage();
    const second = ringPage();
    const detached: number[] = [];
    const frames: number[] = [];
    const pages = [first, second];
    const clock = new ManualClock();
    const store = new Xenstored({
      clock,
      rings: {
        attach: (_domid, gfn, port) => {
          frames.push(gfn);
          return {
            memory: first.memory,
            port: pages[port - 1]!.serverPort,
            rebind: (next) => pages[next - 1]!.serverPort,
            detach: () => detached.push(gfn),
          };
        },
      },
    });
    await open();
    const dom0 = openStoreClient({ dial: store.connect({ domid: 0 }), clock });
    await dom0.introduce(1, 41, 1);
    await dom0.introduce(1, 99, 2);
    assert.deepEqual(frames, [41], 'the frame of a second INTRODUCE means nothing');
    assert.deepEqual(detached, []);
    const dial = dialRing({ memory: first.memory, port: second.guestPort });
    const guest = openStoreClient({ dial, clock });
    assert.equal(await guest.getDomainPath(7), '/local/domain/7');
    await dom0.release(1);
    assert.deepEqual(detached, [41]);
    await dom0.introduce(1, 42, 1);
    await dom0.close();
    await guest.close();
    dial.close();
    await store.close();
    assert.deepEqual(detached, [41, 42]);
  });

  it('leaves a guest alone whose second INTRODUCE names no doorbell, and says why', async () => {
    const { dom0, introduce } = await open({
      rebind: (port) => {
        throw new XenscopeError('notOurs', `Domain 1 has no event channel ${port}.`);
      },
    });
    const guest = await rawGuest();
    await guest.ok('WATCH', 'data|t|');
    await guest.takeEvents();
    const txId = await guest.begin();
    await assert.rejects(introduce(), (error) => isStoreError(error, 'EINVAL'));
    assert.deepEqual(rig.log, ['The ring of domain 1 cannot be connected: Domain 1 has no event channel 1.']);
    assert.ok(await dom0.isDomainIntroduced(1));
    assert.equal(await guest.ask('DIRECTORY', '/local/domain/1|', txId), '');
    await guest.ok('WRITE', 'data|1');
    assert.deepEqual(await guest.takeEvents(), ['data|t']);
    guest.close();
  });

  it('maps the page anew once it was lost', async () => {
    await open();
    const clock = new ManualClock();
    const pages = [ringPage(), ringPage()];
    const attached: number[] = [];
    const log: string[] = [];
    const store = new Xenstored({
      clock,
      log: (line) => log.push(line),
      rings: {
        attach: (_domid, gfn) => {
          attached.push(gfn);
          const { memory, serverPort } = pages[gfn]!;
          return { memory, port: serverPort, rebind: () => serverPort, detach: () => undefined };
        },
      },
    });
    const toolstack = openStoreClient({ dial: store.connect({ domid: 0 }), clock });
    await toolstack.introduce(1, 0, 1);
    pages[0]!.memory.revoke('It was unmapped.');
    pages[0]!.guestPort.notify();
    await until(() => log.length === 1);
    await toolstack.introduce(1, 1, 1);
    assert.deepEqual(attached, [0, 1]);
    await toolstack.close();
    await store.close();
  });

  it('refuses to introduce a domain whose page or doorbell cannot be had', async () => {
    const clock = new ManualClock();
    const log: string[] = [];
    const store = new Xenstored({
      clock,
      log: (line) => log.push(line),
      rings: {
        attach: () => {
          throw new XenscopeError('notOurs', 'Domain 5 has no event channel 9.');
        },
      },
    });
    await open();
    const dom0 = openStoreClient({ dial: store.connect({ domid: 0 }), clock });
    await assert.rejects(dom0.introduce(5, 1, 9), (error) => isStoreError(error, 'EINVAL'));
    assert.equal(await dom0.isDomainIntroduced(5), false);
    assert.deepEqual(log, ['The ring of domain 5 cannot be connected: Domain 5 has no event channel 9.']);
    await dom0.close();
    await store.close();
  });

  it('leaves requests in the ring while the guest does not read its replies, and serves the others', async () => {
    const { page, dom0 } = await open();
    const guest = await rawGuest();
    await guest.ok('WRITE', `data|${'z'.repeat(900)}`);
    guest.pause();
    const asked = 400;
    for (let n = 0; n < asked; n++) guest.send({ type: 'READ', payload: 'data|', reqId: 1000 + n });
    await until(() => wordOf(page.memory, 'rsp_prod') - wordOf(page.memory, 'rsp_cons') === XS_RING_BYTES);
    await until(() => wordOf(page.memory, 'req_prod') - wordOf(page.memory, 'req_cons') === XS_RING_BYTES);
    for (let n = 0; n < 20; n++) await dom0.write('/other', String(n));
    const taken = wordOf(page.memory, 'req_cons') / 21;
    assert.ok(taken < 200, `the server took ${taken} requests of one that does not read`);
    guest.resume();
    for (let n = 0; n < asked; n++) assert.equal((await guest.reply()).reqId, 1000 + n);
    guest.close();
  });

  it('keeps owner, target and number of nodes over a reconnect', async () => {
    const { page } = await open({ features: 3, quotas: { maxNodes: 20 } });
    const guest = await rawGuest();
    for (let n = 0; n < 18; n++) await guest.ok('WRITE', `n${n}|`);
    guest.close();
    setWord(page.memory, 'connection', 1);
    page.guestPort.notify();
    await until(() => wordOf(page.memory, 'connection') === 0);
    const after = await rawGuest();
    await after.ok('WRITE', 'n18|');
    assert.equal(await after.ask('WRITE', 'n19|'), 'ERROR ENOSPC', 'the nodes of before still count');
    assert.equal(await after.ask('GET_PERMS', 'n0|'), 'n1|');
    after.close();
  });

  it('is not misled by a guest that scribbles while a copy is under way, once it has asked for a reconnect', async () => {
    let hold: (() => void) | undefined;
    let isHolding = false;
    const { page } = await open({
      features: 3,
      serverSteps: {
        before: ({ kind }) => {
          if (!isHolding || kind !== 'copy') return undefined;
          isHolding = false;
          return new Promise((resolve) => (hold = () => resolve('do')));
        },
      },
    });
    isHolding = true;
    put(rawFrame({ type: 'READ', payload: '/|', reqId: 1 }));
    page.guestPort.notify();
    await until(() => hold !== undefined);
    setWord(page.memory, 'connection', 1);
    page.memory.copyIn(0, Buffer.alloc(2 * XS_RING_BYTES, 0xff));
    hold!();
    page.guestPort.notify();
    await until(() => wordOf(page.memory, 'connection') === 0);
    assert.equal(wordOf(page.memory, 'error'), 0);
    assert.deepEqual(rig.log, ['The ring of domain 1 is reconnected at the request of the guest.']);
    const guest = await rawGuest();
    assert.equal(await guest.ask('GET_DOMAIN_PATH', '3|'), '/local/domain/3|');
    guest.close();
  });

  it('says in its log why it gave a ring up', async () => {
    const { page } = await open({ features: XsRingFeature.ERROR });
    setWord(page.memory, 'req_prod', 1025);
    page.guestPort.notify();
    await until(() => wordOf(page.memory, 'error') === 2);
    assert.deepEqual(rig.log, [
      'The ring of domain 1 is given up: the indices of a ring cannot be; ' +
        'req_prod is 0x401 and req_cons 0x0, 1025 bytes apart in a ring of 1024.',
    ]);
  });

  it('gives a ring up whose guest lets its events pile up, where no quota drops them', async () => {
    const { page, dom0 } = await open({ quotas: { hardMemoryBytes: 0, eventExpiryMs: 0 } });
    const guest = await rawGuest();
    await guest.ok('WATCH', '/|t|');
    await guest.takeEvents();
    guest.pause();
    await dom0.write('/pile', '');
    await dom0.setPerms('/pile', [{ domid: 0, read: true, write: false }]);
    const long = 'n'.repeat(200);
    for (let n = 0; wordOf(page.memory, 'error') === 0 && n < 100_000; n += 500) {
      await Promise.all(
        Array.from({ length: 500 }, (_, at) => dom0.rm(`/pile/${long}${n + at}`).catch(() => undefined)),
      );
      await Promise.all(Array.from({ length: 500 }, (_, at) => dom0.write(`/pile/${long}${n + at}`, '')));
    }
    assert.equal(wordOf(page.memory, 'error'), 1, 'communication problem');
    guest.close();
  });

  it('ends a reconnect that is asked for again and again', async () => {
    await open();
    const dial = rig.dial();
    for (let n = 0; n < 50; n++) await Promise.all([dial.requestReconnect(), dial.requestReconnect()]);
    const client = openStoreClient({ dial, clock: rig.clock });
    assert.equal(await client.getDomainPath(7), '/local/domain/7');
    await client.close();
    await assert.rejects(
      (async () => {
        const asked = dial.requestReconnect();
        dial.close();
        await asked;
      })(),
      isCode('gone'),
    );
  });
});
