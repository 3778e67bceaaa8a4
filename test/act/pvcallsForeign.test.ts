/** Requests that a person writes into the command ring of somebody else's frontend, in a simulated world. */
import assert from 'node:assert/strict';
import { findForeign, foreignAt } from '../../server/act/pvcalls/foreignDevices';
import { ForeignSession } from '../../server/act/pvcalls/foreignSession';
import { judgeComposer } from '../../server/act/pvcalls/guard';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import { pvcallsGuest } from '../../server/sim/guests/pvcallsGuests';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { plainGuest } from '../sim/worldKit';
import { isCode } from '../vchan/rig';
import { ComposerRig, closeRigs, nameDomain } from './composerKit';

const device = '/local/domain/1/device/pvcalls/0';

describe('the command ring of somebody else', function () {
  this.timeout(60_000);
  let rig: ComposerRig;
  let frontend: PvCallsFrontend;
  let found: PvCallsFrontend | undefined;
  let listeners: readonly string[];

  beforeEach(async () => {
    found = undefined;
    listeners = [];
    const guest = pvcallsGuest(async (scene) => {
      found = scene.frontend;
      await new Promise(() => undefined);
    });
    rig = await ComposerRig.open({
      network: new SimNetwork(),
      domains: [plainGuest({ pvcalls: true, guest })],
    });
    await rig.until(() => found !== undefined);
    frontend = found!;
  });
  afterEach(closeRigs);

  const judge = (isReal: boolean) =>
    judgeComposer({ kind: 'foreign', device }, { store: rig.store, nameDomain, isReal });

  async function open(): Promise<ForeignSession> {
    const { world } = rig;
    const found = await foreignAt(rig.store, device);
    assert.ok(typeof found !== 'string' && found.place);
    return new ForeignSession({
      device: { ...found, place: found.place },
      program: world.openProgram(1),
      clock: world.clock,
      guest: nameDomain(1),
      backend: nameDomain(0),
      isHeld: () => world.world.isHeld,
      listeners: () => listeners,
      onMove: (look) => world.observer().onMove(() => look()),
    });
  }

  it('is listed, explained, and asked about; on a real host it is refused', async () => {
    assert.deepEqual(await findForeign(rig.store, [0, 1], new Set()), [{ device, domid: 1, backend: 0 }]);
    assert.deepEqual(await findForeign(rig.store, [0, 1], new Set([device])), []);
    const { verdict, details } = await judge(false);
    assert.equal(verdict, 'confirm');
    assert.match(details.join(' '), /finds responses that it never asked for/);
    const real = await judge(true);
    assert.equal(real.verdict, 'refuse');
    assert.match(real.text, /On a real host nobody else’s ring is written into/);
    assert.equal(
      await foreignAt(rig.store, '/local/domain/1/name'),
      '/local/domain/1/name is no frontend of PV Calls.',
    );
    assert.match(
      String(await foreignAt(rig.store, '/local/domain/0/device/pvcalls/3')),
      /There is no frontend/,
    );
  });

  it('takes a request with a number that we choose, and the guest gets the answer', async () => {
    const session = await open();
    const draft = { kind: 'fields', command: 'socket', fields: { id: '77', reqId: '4711' } } as const;
    assert.match(session.check(draft).slot!, /^67120000/);
    const number = session.call(draft);
    const entry = await rig.answered(session, number);
    assert.equal(entry.text, 'Open socket 77: done. It went to domain 1.');
    assert.equal(entry.response!.reqId, 4711);
    // The frontend holds it for a backend that answers more than it was asked, and gives the ring up.
    await rig.until(() => frontend.findings.count('badRing') > 0);
    assert.match(frontend.findings.last.at(-1)!.text, /1 responses where 0 were asked for/);
    await rig.close(session);
    assert.equal(session.state.phase, 'ended');
  });

  it('shows what becomes of a guest that has a call under way', async () => {
    const server = await frontendListens();
    void server.accept().catch(() => undefined);
    // The backend has taken it.
    await rig.world.settled();
    assert.equal(frontend.inFlight, 1);
    const session = await open();
    const entry = await rig.answered(session, session.call({ kind: 'raw', slot: '09000000 63000000' }));
    assert.equal(entry.response!.errorName, 'ENOTSUP');
    await rig.until(() => frontend.findings.count('unaskedResponse') > 0);
    assert.match(frontend.findings.last.at(-1)!.text, /answered request 9, which was not asked/);
    assert.equal(frontend.inFlight, 1);
    await rig.close(session);
  });

  it('suggests numbers that were not asked for yet, and where guests are seen to listen', async () => {
    const session = await open();
    assert.deepEqual(session.state.suggested, {
      newId: '1',
      connectTo: '127.0.0.1:80',
      bindTo: '127.0.0.1:8080',
    });
    session.call({ kind: 'fields', command: 'socket', fields: { id: '77' } });
    session.call({ kind: 'fields', command: 'socket', fields: {} });
    listeners = ['10.0.0.1:80', '10.0.0.1:7'];
    const { newId, connectTo, listeners: offered } = session.state.suggested;
    assert.deepEqual([newId, connectTo, offered], ['79', '10.0.0.1:80', listeners]);
    await rig.close(session);
  });

  it('has no sockets of ours, and goes with its device', async () => {
    const session = await open();
    assert.throws(() => session.setReading(), isCode('unsupported', /are the guest’s/));
    await assert.rejects(session.send(), isCode('unsupported'));
    await assert.rejects(session.end('killed'), isCode('unsupported'));
    rig.world.world.act('destroy', 1);
    await rig.until(() => session.state.phase === 'ended');
    assert.match(session.state.text, /the ring is gone/);
    assert.throws(() => session.call({ kind: 'raw', slot: '' }), isCode('gone'));
    await rig.close(session);
  });

  async function frontendListens() {
    const listening = frontend.listen({ host: '10.0.0.80', port: 80 });
    return rig.during(listening);
  }
});
