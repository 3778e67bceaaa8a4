/** Commands of PV Calls by hand, over a device that is made for them, against the backend of a simulated world. */
import assert from 'node:assert/strict';
import { pvcallsBackend } from '../../server/pvcalls/backend/backDevice';
import { dataRingsOf } from '../../server/rpc/composerRings';
import { runDomainBackends } from '../../server/sim/devices/simPorts';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import type { Duplex } from 'node:stream';
import { maxWaiting } from '../../server/act/pvcalls/handCalls';
import { pvcallsEditions } from '../../server/wire/pvcalls/dataPage';
import { plainGuest } from '../sim/worldKit';
import { isCode } from '../vchan/rig';
import { ComposerRig, closeRigs } from './composerKit';

const server = { host: '10.0.0.80', port: 80 };
const serverText = '10.0.0.80:80';

describe('commands of PV Calls by hand', function () {
  this.timeout(60_000);
  let network: SimNetwork;
  let rig: ComposerRig;

  beforeEach(async () => {
    network = new SimNetwork();
    rig = await ComposerRig.open({ network });
  });
  afterEach(closeRigs);

  /** Gives back what comes, in capitals, and ends when it is told "bye". */
  async function serve(): Promise<void> {
    const binding = await network.bind(server);
    binding.listen(({ stream }) => {
      stream.on('error', () => undefined);
      stream.on('data', (bytes: Buffer) => {
        const text = String(bytes);
        if (text === 'bye') stream.end();
        else stream.write(text.toUpperCase());
      });
    });
  }

  it('make a device as a toolstack does it, and leave nothing when it is closed', async () => {
    const before = await rig.holdings();
    const session = rig.session();
    assert.equal(session.state.phase, 'opening');
    await rig.until(() => session.state.phase === 'open');
    const { device, maxOrder, text } = session.state;
    assert.deepEqual(device, {
      frontend: '/local/domain/1/device/pvcalls/1',
      backend: '/local/domain/0/backend/pvcalls/1/1',
      frontendState: 'Connected',
      backendState: 'Connected',
    });
    assert.equal(maxOrder, 9);
    assert.equal(text, 'Connected to domain 0.');
    assert.notDeepEqual(await rig.holdings(), before);
    await rig.close(session);
    assert.equal(session.state.phase, 'ended');
    assert.deepEqual(await rig.holdings(), before);
  });

  it('go from SOCKET to RELEASE, with bytes both ways', async () => {
    await serve();
    const before = await rig.holdings();
    const session = await rig.connected();
    const made = await rig.call(session, 'socket');
    assert.equal(made.text, 'Open socket 1: done.');
    assert.equal(made.response!.ret, 0);
    assert.match(made.request!.slot, /^01000000000000000100000000000000/);
    const connected = await rig.call(session, 'connect', { id: '1', address: serverText });
    assert.equal(connected.text, `Connect socket 1 to ${serverText}: done.`);
    assert.ok(connected.response!.latencyMs! >= 0);
    assert.equal(rig.socket(session, 1)!.text, `connected to ${serverText}`);
    assert.equal(rig.stream(session, 1).rings.order, 4);
    assert.deepEqual(await rig.send(session, 1, 'hello'), { sentBytes: 5 });
    await rig.until(() => String(rig.received(session, 1)) === 'HELLO');
    await rig.send(session, 1, 'bye');
    await rig.until(() => rig.stream(session, 1).receiving === 'ended');
    assert.equal(rig.stream(session, 1).input.errorName, 'ENOTCONN');
    assert.match(rig.stream(session, 1).text, /has ended, in good order/);
    const released = await rig.call(session, 'release', { id: '1' });
    assert.equal(released.severity, 'fine');
    assert.deepEqual(session.state.sockets, []);
    await rig.close(session);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('speak the draft of 2016 to a backend that speaks it, and are refused in words by one that does not', async () => {
    const edition = pvcallsEditions.draft7;
    const backend = pvcallsBackend({ network, edition });
    const driver = plainGuest({
      name: 'driver',
      driverDomain: true,
      guest: (domain) => runDomainBackends(domain, { pvcalls: backend }),
    });
    await closeRigs();
    rig = await ComposerRig.open({
      network,
      domains: [driver, plainGuest({ guest: () => new Promise(() => undefined) })],
    });
    await serve();
    const before = await rig.holdings();
    const session = await rig.connected({ backend: 1, edition: 'draft7' });
    await rig.call(session, 'socket');
    // Both rings share one page: the final protocol has no such order.
    await rig.call(session, 'connect', { id: '1', address: serverText, order: '0' });
    const { rings, input } = rig.stream(session, 1);
    assert.deepEqual([rings.order, input.sizeBytes], [0, 2048]);
    const observer = rig.world.observer();
    observer.nameRings(rig, dataRingsOf(session.state));
    const page = observer.pages().find(({ device }) => device?.format.kind === 'pvcallsData')!;
    const words = Buffer.alloc(136);
    page.copy(words);
    assert.equal(page.edition, 'draft7');
    assert.deepEqual([words.readUInt32LE(76), words.readUInt32LE(128)], [0, 0], 'the order');
    assert.deepEqual([words.readUInt32LE(80) > 0, words.readUInt32LE(132)], [true, 0], 'the grants');
    await rig.send(session, 1, 'as of old');
    await rig.until(() => String(rig.received(session, 1)) === 'AS OF OLD');
    await rig.call(session, 'release', { id: '1' });
    await rig.close(session);
    assert.deepEqual(await rig.holdings(), before);
    const [strange, final] = [rig.session({ edition: 'draft7' }), rig.session({ backend: 1 })];
    await rig.until(() => [strange, final].every(({ state }) => state.phase === 'failed'));
    assert.match(strange.state.wayOut!, /asked in the draft of 2016/);
    assert.match(final.state.wayOut!, /the draft of 2016, which can be chosen/);
    for (const { state } of [strange, final])
      assert.match(state.text, /offers the versions "", and ours is 1/);
  });

  it('go from BIND to ACCEPT, with POLL before it, and a waiting ACCEPT ends with its listener', async () => {
    const before = await rig.holdings();
    const session = await rig.connected();
    await rig.call(session, 'socket');
    assert.equal((await rig.call(session, 'bind', { id: '1', address: serverText })).severity, 'fine');
    assert.equal((await rig.call(session, 'listen', { id: '1' })).severity, 'fine');
    assert.equal(rig.socket(session, 1)!.text, `listening at ${serverText}`);
    const polling = session.call({ kind: 'fields', command: 'poll', fields: { id: '1' } });
    await rig.until(() => rig.entry(session, polling)?.phase === 'sent');
    const { stream } = await network.connect(server);
    stream.on('error', () => undefined);
    assert.equal((await rig.answered(session, polling)).text, 'Poll socket 1: done.');
    const accepted = await rig.call(session, 'accept', { id: '1', order: '1' });
    assert.equal(accepted.text, 'Accept at socket 1 as socket 2: done.');
    assert.equal(rig.stream(session, 2).input.sizeBytes, 4096);
    stream.write('from outside');
    await rig.until(() => String(rig.received(session, 2)) === 'from outside');
    const waiting = session.call({ kind: 'fields', command: 'accept', fields: { id: '1' } });
    await rig.until(() => rig.entry(session, waiting)?.phase === 'sent');
    assert.equal((await rig.call(session, 'release', { id: '1' })).severity, 'fine');
    const ended = await rig.answered(session, waiting);
    assert.equal(ended.response?.errorName, 'EBADF');
    assert.match(ended.text, /^Accept at socket 1 as socket 3: the socket was released \(EBADF, −9\)\.$/);
    assert.equal((await rig.call(session, 'release', { id: '2' })).severity, 'fine');
    await rig.close(session);
    assert.deepEqual(await rig.holdings(), before);
  });

  it('say in words what a backend refuses, whatever is wrong, and nothing of it is left', async () => {
    await serve();
    const session = await rig.connected();
    await rig.call(session, 'socket');
    const before = await rig.holdings();
    const refused = async (fields: Record<string, string>) => {
      const { response, severity } = await rig.call(session, 'connect', {
        id: '1',
        address: serverText,
        ...fields,
      });
      assert.equal(severity, 'warning');
      return response!.errorName;
    };
    assert.equal(await refused({ address: '10.0.0.80:81' }), 'ECONNREFUSED');
    assert.equal(await refused({ ref: '4242' }), 'EFAULT');
    assert.equal(await refused({ evtchn: '0xfff' }), 'EFAULT');
    assert.equal(await refused({ ringOrder: '200' }), 'EINVAL');
    assert.equal(await refused({ addressLength: '3' }), 'EINVAL');
    assert.equal(await refused({ family: '10' }), 'EAFNOSUPPORT');
    assert.equal(await refused({ addressBytes: '01 00 2f 74' }), 'EAFNOSUPPORT');
    assert.deepEqual(await rig.holdings(), before);
    assert.equal((await rig.call(session, 'socket', { id: '1' })).response!.errorName, 'EEXIST');
    assert.equal((await rig.call(session, 'socket', { type: '2' })).response!.errorName, 'ENOTSUP');
    assert.equal((await rig.call(session, 'listen', { id: '77' })).response!.errorName, 'EINVAL');
    assert.equal((await rig.call(session, 'release', { id: '77' })).response!.ret, 0);
    assert.equal((await rig.call(session, 'connect', { id: '1', address: serverText })).severity, 'fine');
  });

  it('send any 64 bytes, and tell answers with the same number in their order', async () => {
    const session = await rig.connected();
    const raw = (slot: string) => rig.answered(session, session.call({ kind: 'raw', slot }));
    const unknown = await raw('0x2a000000 63000000');
    assert.equal(unknown.title, 'command 99');
    assert.equal(unknown.request!.slot.length, 128);
    assert.equal(unknown.response!.errorName, 'ENOTSUP');
    assert.equal(unknown.response!.reqId, 42);
    const made = await raw(`2a000000 00000000 0500000000000000 02000000 01000000`);
    assert.equal(made.text, 'Open socket 5: done.');
    assert.equal(rig.socket(session, 5)?.phase, 'made');
    assert.equal(session.state.suggested.newId, '6');
    const twice = [7, 8].map((id) =>
      session.call({ kind: 'fields', command: 'socket', fields: { id: String(id), reqId: '9' } }),
    );
    for (const [place, number] of twice.entries()) {
      assert.equal((await rig.answered(session, number)).response!.id, String(7 + place));
    }
    for (const slot of ['zz', '123', '00'.repeat(65)]) {
      const { problems } = session.check({ kind: 'raw', slot });
      assert.deepEqual(problems.length, 1, slot);
      assert.throws(() => session.call({ kind: 'raw', slot }), isCode('input', /slot/i));
    }
  });

  it('keep the pages of a released socket where both sides agree, and use them again', async () => {
    await serve();
    const session = await rig.connected();
    const connect = { id: '1', address: serverText, order: '2' };
    await rig.call(session, 'connect', connect);
    const { ref, evtchn } = rig.stream(session, 1).rings;
    await rig.send(session, 1, 'once');
    await rig.until(() => String(rig.received(session, 1)) === 'ONCE');
    const held = await rig.holdings();
    await rig.call(session, 'release', { id: '1', reuse: '1' });
    assert.deepEqual(session.state.kept, [{ ref, evtchn, order: 2 }]);
    const wrong = session.check({
      kind: 'fields',
      command: 'connect',
      fields: { ...connect, pages: String(ref + 1) },
    });
    assert.match(wrong.problems[0]!.text, /no kept pages/);
    await rig.call(session, 'connect', { ...connect, id: '2', pages: String(ref) });
    assert.deepEqual(rig.stream(session, 2).rings, { ref, evtchn, order: 2 });
    assert.deepEqual(session.state.kept, []);
    await rig.send(session, 2, 'again');
    await rig.until(() => String(rig.received(session, 2)) === 'AGAIN');
    assert.deepEqual(await rig.holdings(), held);
  });

  it('leave what comes in the ring when nobody reads, and say how far a send came that was stopped', async () => {
    const binding = await network.bind(server);
    let outside: Duplex | undefined;
    binding.listen(({ stream }) => {
      outside = stream.on('error', () => undefined);
    });
    const session = await rig.connected();
    await rig.call(session, 'connect', { id: '1', address: serverText, order: '1' });
    session.setReading(1n, { reads: false, keepAll: false });
    outside!.write(Buffer.alloc(6000));
    await rig.until(() => rig.stream(session, 1).input.usedBytes === 4096);
    assert.equal(rig.stream(session, 1).received.bytes, 0);
    assert.equal(rig.stream(session, 1).reads, false);
    session.setReading(1n, { reads: true, keepAll: true });
    await rig.until(() => rig.stream(session, 1).received.bytes === 6000);
    assert.equal(rig.received(session, 1).length, 6000);
    const stop = new AbortController();
    const sending = session.send(1n, Buffer.alloc(2 ** 20), stop.signal);
    await rig.until(() => rig.stream(session, 1).output.usedBytes === 4096);
    assert.match(rig.stream(session, 1).text, /ring out is full/);
    assert.throws(() => session.endSending(1n), isCode('busy'));
    stop.abort();
    const { sentBytes, problem, isStopped } = await rig.during(sending);
    assert.ok(sentBytes >= 4096 && sentBytes < 2 ** 20, String(sentBytes));
    assert.deepEqual([problem, isStopped], [undefined, true]);
    assert.equal(rig.stream(session, 1).sent.bytes, sentBytes);
    session.endSending(1n);
    assert.equal(rig.stream(session, 1).sending, 'ending');
    outside!.resume();
    await rig.until(() => rig.stream(session, 1).sending === 'ended');
    assert.throws(() => void session.send(1n, Buffer.alloc(1), stop.signal), isCode('gone', /write no more/));
  });

  it('give the rings of a socket back without a word, as a frontend that has forgotten it', async () => {
    await serve();
    const session = await rig.connected();
    await rig.call(session, 'connect', { id: '1', address: serverText });
    session.abandonSocket(1n);
    assert.match(rig.socket(session, 1)!.text, /without a RELEASE/);
    assert.equal(rig.socket(session, 1)!.stream, undefined);
    assert.throws(() => session.endSending(1n), isCode('gone', /not connected/));
    assert.equal((await rig.call(session, 'release', { id: '1' })).severity, 'fine');
    assert.deepEqual(session.state.sockets, []);
  });

  it('keep of what was written what says something', async () => {
    const session = await rig.connected();
    const fields = { id: ' 7 ', heap: 'x'.repeat(60_000) };
    const made = await rig.call(session, 'socket', fields);
    assert.deepEqual(made.request!.draft, { kind: 'fields', command: 'socket', fields: { id: '7' } });
    const slot = `0b000000${' '.repeat(60_000)}63000000`;
    const { request } = await rig.answered(session, session.call({ kind: 'raw', slot }));
    assert.deepEqual(request!.draft, { kind: 'raw', slot: request!.slot });
  });

  it('are bounded: calls that wait for a slot, and what is remembered of them', async () => {
    const session = await rig.connected();
    for (let id = 1; id <= 40; id++) {
      await rig.call(session, 'socket');
      await rig.call(session, 'bind', { id: String(id), address: `10.0.0.80:${1000 + id}` });
      await rig.call(session, 'listen', { id: String(id) });
    }
    const polls: number[] = [];
    const poll = (id: number) =>
      session.call({ kind: 'fields', command: 'poll', fields: { id: String(id) } });
    for (let id = 1; id <= 32; id++) polls.push(poll(id));
    await rig.until(() => session.state.inFlight === 32);
    for (let count = 0; count < maxWaiting; count++) polls.push(poll(33 + (count % 8)));
    assert.deepEqual([session.state.inFlight, session.state.waiting], [32, maxWaiting]);
    assert.throws(() => poll(33), isCode('limit', /wait for a slot already/));
    assert.ok(session.forgottenEntries > 0);
    await rig.close(session);
    const gone = polls.map((number) => rig.entry(session, number)!);
    assert.ok(gone.every(({ phase }) => phase === 'gone'));
  });
});
