/** How devices that a person has made for commands of PV Calls come and go: nobody serves, the backend closes, domains end. */
import assert from 'node:assert/strict';
import { EndReports } from '../../server/host/endReports';
import { closeTimeoutMs, hastyCloseMs } from '../../server/pvcalls/frontend/ownDevice';
import { OwnSession } from '../../server/act/pvcalls/ownSession';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { XenbusState } from '../../server/wire/xenbusState';
import { isCode } from '../vchan/rig';
import type { ManualClock } from '../sim/manualClock';
import { plainGuest } from '../sim/worldKit';
import { ComposerRig, closeRigs, nameDomain } from './composerKit';

const server = { host: '10.0.0.80', port: 80 };
const idle = { guest: () => new Promise<void>(() => undefined) };

describe('a device for commands of PV Calls by hand', function () {
  this.timeout(60_000);
  let network: SimNetwork;
  let rig: ComposerRig;

  beforeEach(async () => {
    network = new SimNetwork();
    rig = await ComposerRig.open({
      network,
      domains: [plainGuest({ name: 'other', ...idle }), plainGuest(idle)],
    });
  });
  afterEach(closeRigs);

  async function listens(): Promise<void> {
    const binding = await network.bind(server);
    binding.listen(({ stream }) => {
      stream.on('error', () => undefined).resume();
      stream.on('end', () => stream.end());
    });
  }
  const connectFields = { id: '1', address: '10.0.0.80:80' };

  it('is one of several in the same domain, and each has its own', async () => {
    await listens();
    const before = await rig.holdings();
    const both = [await rig.connected(), await rig.connected()];
    assert.deepEqual(
      both.map(({ state }) => state.device.frontend),
      [1, 2].map((devid) => `/local/domain/${rig.domid}/device/pvcalls/${devid}`),
    );
    for (const session of both) await rig.call(session, 'connect', connectFields);
    await rig.close(both[0]!);
    assert.equal(rig.stream(both[1]!, 1).receiving, 'open');
    assert.equal((await rig.call(both[1]!, 'release', { id: '1' })).severity, 'fine');
    await rig.close(both[1]!);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('may have both its ends in domain 0', async () => {
    await listens();
    const before = await rig.holdings();
    const session = await rig.connected({ actAs: 0 });
    assert.equal((await rig.call(session, 'connect', connectFields)).severity, 'fine');
    await rig.close(session);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('waits where nobody serves, says so, and is closed without waiting for anybody', async () => {
    const before = await rig.holdings();
    const session = rig.session({ backend: 1 });
    await rig.until(() => session.state.device.backendState === 'Initialising');
    assert.match(session.state.text, /Waiting until domain 1 takes the device/);
    assert.match(session.state.wayOut!, /no backend of PV Calls runs there/);
    assert.throws(() => session.call({ kind: 'raw', slot: '' }), isCode('gone', /not connected yet/));
    await rig.close(session);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('is closed while it is being made, and leaves nothing behind', async () => {
    const before = await rig.holdings();
    const session = rig.session();
    await rig.close(session);
    assert.equal(session.state.phase, 'ended');
    assert.deepEqual(await rig.holdings(), before);
  });

  it('says which versions do not fit', async () => {
    const before = await rig.holdings();
    const session = rig.session({ backend: 1 });
    await rig.until(() => session.state.device.backendState === 'Initialising');
    const { backend } = session.state.device;
    await rig.store.write(`${backend}/versions`, '2,3');
    await rig.store.write(`${backend}/state`, String(XenbusState.InitWait));
    await rig.until(() => session.state.phase === 'failed');
    assert.match(session.state.text, /offers the versions "2,3", and ours is 1/);
    await rig.until(() => session.state.device.frontendState === 'Closing');
    // Nobody is there who would close the backend: the toolstack waits for as long as it does.
    const clock = rig.world.clock as ManualClock;
    const closing = session.end('close');
    await rig.until(() => clock.waiting > 0);
    clock.tick(closeTimeoutMs);
    await rig.during(closing);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('does not wait for long, and leaves no nodes, when whoever opened it leaves while it is closed', async () => {
    const before = await rig.holdings();
    const session = rig.session({ backend: 1 });
    await rig.until(() => session.state.device.backendState === 'Initialising');
    await rig.store.write(`${session.state.device.backend}/state`, String(XenbusState.InitWait));
    await rig.until(() => session.state.device.backendState === 'InitWait');
    const clock = rig.world.clock as ManualClock;
    const closing = session.remove();
    await rig.until(() => clock.waiting > 0);
    void session.remove({ isLeaving: true });
    clock.tick(hastyCloseMs);
    await rig.during(closing);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('has what its end finds wrong with the backend told with the device', async () => {
    const reports = new EndReports();
    const session = rig.session({}, { reports });
    await rig.until(() => session.state.phase === 'open');
    assert.deepEqual(
      reports.of(session.state.device.frontend!).map(({ side, findings }) => [side, findings()]),
      [['frontend', []]],
    );
    await rig.close(session);
  });

  it('says that its backend has closed it, and fails what is under way', async () => {
    const before = await rig.holdings();
    await listens();
    const session = await rig.connected();
    await rig.call(session, 'socket');
    await rig.call(session, 'bind', { id: '1', address: '10.0.0.80:81' });
    await rig.call(session, 'listen', { id: '1' });
    const waiting = session.call({ kind: 'fields', command: 'accept', fields: { id: '1' } });
    await rig.until(() => rig.entry(session, waiting)?.phase === 'sent');
    await rig.store.write(`${session.state.device.backend}/state`, String(XenbusState.Closing));
    await rig.until(() => session.state.phase === 'ended');
    await rig.until(() => session.state.device.frontendState === 'Closed');
    assert.equal(session.state.text, 'The backend in domain 0 has closed the device.');
    assert.equal(rig.entry(session, waiting)!.phase, 'gone');
    assert.throws(() => session.call({ kind: 'raw', slot: '' }), isCode('gone', /device is gone/));
    await rig.close(session);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('goes with its domain, which is destroyed in the middle, and nothing of it stays', async () => {
    await listens();
    const session = await rig.connected();
    await rig.call(session, 'connect', connectFields);
    rig.world.world.act('destroy', rig.domid);
    await rig.until(() => session.state.phase === 'ended');
    assert.match(session.state.text, /has ended or runs another kernel/);
    assert.match(session.state.wayOut!, /^Close it/);
    assert.ok(session.state.canClose);
    await rig.close(session);
    assert.ok(!session.state.canClose);
    assert.match(session.state.text, /what was left of its nodes is removed/);
    assert.equal(session.state.wayOut, undefined);
    const { nodes } = await rig.holdings();
    assert.deepEqual(
      nodes.filter((path) => path.includes('pvcalls')),
      [],
    );
    assert.equal(network.openStreams, 0);
    assert.deepEqual(rig.world.machine.holdersOf(rig.domid), []);
  });

  it('goes with the domain of its backend', async () => {
    const session = rig.session({ backend: 1 });
    await rig.until(() => session.state.device.backendState === 'Initialising');
    rig.world.world.act('destroy', 1);
    await rig.until(() => session.state.device.backendState === undefined);
    assert.match(session.state.text, /domain 1 has ended, or somebody has removed the device/);
    await rig.close(session);
    const { nodes } = await rig.holdings();
    assert.deepEqual(
      nodes.filter((path) => path.includes('pvcalls')),
      [],
    );
  });

  it('is killed: the backend is not told, and the nodes stay until it is closed', async () => {
    const before = await rig.holdings();
    await listens();
    const session = await rig.connected();
    await rig.call(session, 'connect', connectFields);
    await rig.during(session.end('killed'));
    assert.equal(session.state.phase, 'ended');
    assert.match(session.state.text, /was killed/);
    const { frontend, backend } = session.state.device;
    for (const path of [frontend, backend]) {
      assert.equal(String(await rig.store.read(`${path}/state`)), String(XenbusState.Connected));
    }
    assert.notDeepEqual(await rig.holdings(), before);
    await rig.close(session);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('is closed in a guest that is paused, and takes no step any more', async () => {
    const before = await rig.holdings();
    await listens();
    const session = await rig.connected();
    await rig.call(session, 'connect', connectFields);
    rig.world.world.act('pause', rig.domid);
    const clock = rig.world.clock as ManualClock;
    let isClosed = false;
    void session.end('close').then(() => (isClosed = true));
    await rig.until(() => {
      clock.tick(1000);
      return isClosed;
    });
    rig.world.world.act('unpause', rig.domid);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('says that the world is held, and goes on when it is resumed', async () => {
    rig.world.world.hold();
    const session = rig.session();
    await rig.world.settled();
    assert.match(session.state.text, /the world is held/);
    rig.world.world.resume();
    await rig.until(() => session.state.phase === 'open');
    rig.world.world.hold();
    assert.match(session.state.text, /Connected to domain 0, and the world is held/);
    rig.world.world.resume();
    await rig.close(session);
  });

  it('needs a toolstack that may write its nodes', async () => {
    const { world, domid } = rig;
    const program = world.openProgram(domid);
    const session = new OwnSession({
      plan: { kind: 'own', backend: 0 },
      program,
      store: program.store,
      clock: world.clock,
      ownDomid: domid,
      names: { own: nameDomain(domid), backend: nameDomain(0), isHeld: () => false, isQuiet: () => false },
      isReal: true,
      listeners: () => [],
    });
    await rig.until(() => session.state.phase === 'failed');
    assert.match(
      session.state.text,
      /does not let us write the nodes of a device between domain 2 and domain 0/,
    );
    assert.match(session.state.wayOut!, /Only a toolstack may/);
    await rig.close(session);
  });

  it('asks on a real host before a backend is lent what it cannot map', async () => {
    await listens();
    const session = rig.session({}, { isReal: true });
    await rig.until(() => session.state.phase === 'open');
    const wrong = { kind: 'fields', command: 'connect', fields: { ...connectFields, ref: '4242' } } as const;
    assert.match(session.check(wrong).confirm!, /a fault in the kernel of a backend that is Linux’s/);
    assert.throws(() => session.call(wrong), isCode('refused', /may bring its whole domain down/));
    const raw = { kind: 'raw', slot: '01000000 01000000' } as const;
    assert.throws(() => session.call(raw), isCode('refused'));
    assert.equal((await rig.answered(session, session.call(wrong, true))).response!.errorName, 'EFAULT');
    const right = { kind: 'fields', command: 'connect', fields: connectFields } as const;
    assert.equal(session.check(right).confirm, undefined);
    assert.equal((await rig.answered(session, session.call(right))).severity, 'fine');
    await rig.close(session);
  });

  it('is written down as what came from outside', async () => {
    const session = await rig.connected();
    await rig.call(session, 'socket');
    const admitted = rig.world.world.admissions.map(({ text }) => text);
    assert.ok(
      admitted.some((text) => text.includes('opens a device of PV Calls with its backend in domain 0')),
    );
    assert.ok(admitted.some((text) => /puts 01000000000000000100000000000000[0-9a-f]{96} into/.test(text)));
    await rig.close(session);
  });
});
