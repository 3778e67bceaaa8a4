/** What an interceptor does with the calls that reach a backend: a frontend that is played by hand, and a person. */
import assert from 'node:assert/strict';
import type { CallDecision, InterceptSettings } from '../../server/host/callInterceptor';
import type { PvCallsBackend } from '../../server/pvcalls/backend/backend';
import { maxHeldCalls } from '../../server/pvcalls/intercept/heldCalls';
import { Intercept } from '../../server/pvcalls/intercept/intercept';
import { maxInterceptEvents } from '../../server/pvcalls/intercept/interceptEvents';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { pvcallsEditions } from '../../server/wire/pvcalls/dataPage';
import { pvcallsRet } from '../../server/wire/pvcalls/errno';
import { writePvCallsRequest } from '../../server/wire/pvcalls/slots';
import { RawFrontend, addressed } from './rawFrontend';
import type { RawRings } from './rawFrontend';
import { BACK, FRONT, PvCallsRig, until } from './rig';

const { in_prod, in_error, out_prod } = pvcallsEditions.final.indexes.fields;
const pass: CallDecision = { kind: 'pass' };
const refuse = (name: Parameters<typeof pvcallsRet>[0]): CallDecision => ({
  kind: 'refuse',
  ret: pvcallsRet(name),
});
const EBADF = pvcallsRet('EBADF');

describe('an interceptor of PV Calls', () => {
  let rig: PvCallsRig;
  let network: SimNetwork;
  let intercept: Intercept;
  let backend: PvCallsBackend;
  let front: RawFrontend;
  let admitted: string[];
  let others: { destroy(): void }[];

  beforeEach(() => {
    network = new SimNetwork();
    admitted = [];
    others = [];
    rig = new PvCallsRig({
      network,
      gate: () => intercept.gateOf({ path: 'backend/pvcalls/3/0', domid: FRONT, clock: rig.clock }),
    });
    intercept = new Intercept({ domid: BACK, clock: rig.clock, admit: (text) => admitted.push(text) });
    front = new RawFrontend(rig);
    backend = rig.openBackend(front.page);
  });
  afterEach(async () => {
    backend.close();
    assert.deepEqual(intercept.state().held, [], 'nothing is held for a device that is gone');
    assert.deepEqual(intercept.state().devices, []);
    assert.equal(rig.clock.waiting, 0, 'no timer is left');
    rig.back.resources.release();
    rig.front.resources.release();
    assert.equal(rig.machine.pagesInUse, rig.pagesBefore, 'no page is left');
    for (const one of others) one.destroy();
    await until(() => network.openStreams === 0 && network.listeners === 0);
    rig.close();
  });

  const set = (over: Partial<InterceptSettings>, ...lines: string[]) =>
    intercept.set({
      isOn: true,
      holdsOthers: lines.length === 0,
      rules: lines.map((line) => ({ line, isEnabled: true })),
      ...over,
    });
  const held = () => intercept.state().held;
  const says = () => intercept.eventsAfter(0).map(({ kind, says: what }) => `${kind}: ${what}`);
  const askConnect = (id: bigint, port: number, { ref, evtchn }: RawRings) =>
    front.ask({ cmd: 'connect', id, ...addressed('10.0.0.2', port), flags: 0, ref, evtchn });
  /** So many are held; what was sent has been taken. */
  const areHeld = (count: number) => until(() => held().length === count);

  async function service(port: number): Promise<void> {
    const binding = await network.bind({ host: '10.0.0.2', port });
    binding.listen(({ stream }) => {
      stream.on('error', () => undefined);
      others.push(stream);
      binding.close();
    });
  }

  it('lets everything pass until it is turned on, and writes nothing down', async () => {
    await service(80);
    assert.equal(await front.connect(1n, '10.0.0.2', 80, front.rings(1)), 0);
    assert.deepEqual(intercept.eventsAfter(0), []);
    assert.deepEqual(admitted, []);
  });

  it('holds a call for a person, with all that it says', async () => {
    set({});
    const rings = front.rings(1);
    const asked = askConnect(7n, 443, rings);
    await areHeld(1);
    const [call] = held();
    assert.equal(call!.text, 'connect socket 7 to 10.0.0.2:443');
    assert.deepEqual(
      [call!.domid, call!.device, call!.command, call!.state],
      [FRONT, 'backend/pvcalls/3/0', 'connect', 'held'],
    );
    const field = (name: string) => call!.fields.find((one) => one.name === name)!.text;
    assert.equal(field('u.connect.addr'), '10.0.0.2:443 (IPv4)');
    assert.equal(field('u.connect.ref'), String(rings.ref));
    assert.equal(call!.slot.length, 128);
    assert.equal(Buffer.from(call!.slot, 'hex').readBigUInt64LE(8), 7n);
    assert.deepEqual(front.answers, []);
    assert.deepEqual([...intercept.heldAt('backend/pvcalls/3/0')], [[asked, 'held']]);
    assert.equal(intercept.heldAt('backend/pvcalls/3/1').size, 0);

    intercept.decide(call!.number, refuse('ECONNREFUSED'));
    assert.equal((await front.answer(asked)).ret, pvcallsRet('ECONNREFUSED'));
    assert.deepEqual(says(), [
      'asked: connect socket 7 to 10.0.0.2:443',
      'answered: answered −111 ECONNREFUSED (nobody listens there), by hand',
    ]);
    assert.equal(backend.sockets.size, 0, 'the backend has heard of nothing');
    assert.deepEqual(admitted.slice(1), [
      'intercept of PV Calls in domain 0: connect socket 7 to 10.0.0.2:443, of domain 3: is answered −111 ECONNREFUSED (nobody listens there)',
    ]);
    assert.throws(() => intercept.decide(call!.number, pass), { code: 'gone' });
  });

  it('lets the backend do what passes, in an order of the person’s own', async () => {
    set({});
    await service(80);
    const first = askConnect(1n, 80, front.rings(1));
    const second = front.ask({ cmd: 'socket', id: 2n, domain: 2, type: 1, protocol: 0 });
    await areHeld(2);
    intercept.decide(held()[1]!.number, pass);
    assert.equal((await front.answer(second)).ret, 0);
    assert.deepEqual(front.answers, []);
    intercept.decide(held()[0]!.number, pass);
    assert.equal((await front.answer(first)).ret, 0);
    assert.equal(backend.sockets.get(1n)?.kind, 'connected');
  });

  it('says of an errno that there is none, and of a delay, that it cannot be', async () => {
    set({});
    front.ask({ cmd: 'poll', id: 1n });
    await areHeld(1);
    const { number } = held()[0]!;
    for (const ret of [0, 5, -4096, 0.5, NaN]) {
      assert.throws(() => intercept.decide(number, { kind: 'refuse', ret }), { code: 'input' });
    }
    for (const delayMs of [-1, 3_600_001, 0.5]) {
      assert.throws(() => intercept.decide(number, pass, delayMs), { code: 'input' });
    }
    assert.equal(held().length, 1);
  });

  it('connects a socket to nobody who gives all back', async () => {
    set({}, 'connect → success');
    const rings = front.rings(1);
    assert.equal(await front.connect(1n, '10.0.0.2', 80, rings), 0);
    rings.data.memory.copyIn(4096, Buffer.from('hello'));
    rings.setWord(out_prod.offsetBytes, 5);
    rings.port.notify();
    await until(() => rings.word(in_prod.offsetBytes) === 5);
    const echoed = Buffer.alloc(5);
    rings.data.memory.copyOut(0, echoed);
    assert.equal(String(echoed), 'hello');
    assert.equal(await front.release(1n), 0);
    assert.equal(backend.sockets.size, 0);
    await until(() => rig.clock.waiting === 0);
  });

  it('accepts nobody, who takes all and says nothing', async () => {
    set({}, 'accept → sink');
    const rings = front.rings(1);
    const { ref, evtchn } = rings;
    assert.equal(await front.call({ cmd: 'accept', id: 1n, newId: 2n, ref, evtchn }), 0);
    assert.equal(backend.sockets.get(2n)?.kind, 'connected');
    rings.setWord(out_prod.offsetBytes, 4000);
    rings.port.notify();
    await until(() => backend.sockets.connected()[0]!.waitingBytes === 0);
    assert.equal(rings.word(in_error.offsetBytes), 0);
    assert.equal(await front.release(2n), 0);
    await until(() => rig.clock.waiting === 0);
  });

  it('answers that rings cannot be mapped, also where nothing is done', async () => {
    set({}, 'connect, accept → success');
    const before = rig.back.resources.held;
    const nobody = { ref: 9999, evtchn: 9999 };
    assert.equal(await front.connect(1n, '10.0.0.2', 80, nobody), pvcallsRet('EFAULT'));
    assert.equal(await front.call({ cmd: 'accept', id: 1n, newId: 2n, ...nobody }), pvcallsRet('EFAULT'));
    assert.equal(rig.back.resources.held, before);
    assert.equal(backend.sockets.size, 0);
  });

  it('answers 0 to what makes no connection, and does nothing', async () => {
    set({}, 'any → success');
    assert.equal(await front.socket(1n), 0);
    assert.equal(await front.bind(1n, '10.0.0.1', 8080), 0);
    assert.equal(await front.call({ cmd: 'listen', id: 1n, backlog: 1 }), 0);
    assert.equal(await front.call({ cmd: 'poll', id: 1n }), 0);
    assert.equal(await front.release(1n), 0);
    const slot = writePvCallsRequest(99, { cmd: 'poll', id: 1n });
    slot.writeUInt32LE(55, 4);
    front.send(slot);
    assert.equal((await front.answer(99)).ret, 0);
    assert.equal(backend.sockets.size, 0);
    assert.equal(network.listeners, 0);
  });

  it('waits as long as a rule or a person says, by the clock of the device', async () => {
    set({}, 'socket after 2 s', 'poll → hold');
    const asked = front.ask({ cmd: 'socket', id: 1n, domain: 2, type: 1, protocol: 0 });
    const poll = front.ask({ cmd: 'poll', id: 1n });
    await areHeld(2);
    const [socket, polled] = held();
    assert.deepEqual([socket!.state, socket!.dueMs! - socket!.atMs], ['waiting', 2000]);
    assert.equal(socket!.decided, 'passes, by the rule “socket after 2 s”');
    intercept.decide(polled!.number, refuse('ETIMEDOUT'), 500);
    assert.equal(held()[1]!.state, 'waiting');
    rig.clock.tick(500);
    assert.equal((await front.answer(poll)).ret, pvcallsRet('ETIMEDOUT'));
    rig.clock.tick(1499);
    assert.equal(held().length, 1);
    rig.clock.tick(1);
    assert.equal((await front.answer(asked)).ret, 0);
  });

  it('lets a person decide anew while a call waits, or is not to be answered', async () => {
    set({}, 'poll → never', 'socket after 10 s');
    const poll = front.ask({ cmd: 'poll', id: 1n });
    const socket = front.ask({ cmd: 'socket', id: 1n, domain: 2, type: 1, protocol: 0 });
    await areHeld(2);
    assert.deepEqual(
      held().map(({ state }) => state),
      ['silent', 'waiting'],
    );
    for (const { number } of held()) intercept.decide(number, refuse('EINTR'));
    assert.equal((await front.answer(poll)).ret, pvcallsRet('EINTR'));
    assert.equal((await front.answer(socket)).ret, pvcallsRet('EINTR'));
    rig.clock.tick(20_000);
    assert.equal(front.takeAll(), 0, 'once each');
  });

  it('answers what is held at a socket before its release passes, and nothing that is silent', async () => {
    set({}, 'release → pass', 'poll → never', 'any → hold');
    const connect = askConnect(1n, 80, front.rings(1));
    const poll = front.ask({ cmd: 'poll', id: 1n });
    const other = askConnect(2n, 80, front.rings(1));
    await areHeld(3);
    assert.equal(await front.release(1n), 0);
    assert.equal((await front.answer(connect)).ret, EBADF);
    await areHeld(2);
    assert.deepEqual(front.answers, []);
    // Its socket is over: there is nothing left that could be done.
    intercept.decide(held()[0]!.number, pass);
    assert.equal((await front.answer(poll)).ret, EBADF);
    intercept.decide(held()[0]!.number, pass);
    assert.equal((await front.answer(other)).ret, pvcallsRet('ECONNREFUSED'));
  });

  it('leaves the socket as it is when its release is answered and not done', async () => {
    await service(80);
    const rings = front.rings(1);
    assert.equal(await front.connect(1n, '10.0.0.2', 80, rings), 0);
    set({}, 'release → EBUSY once');
    assert.equal(await front.release(1n), pvcallsRet('EBUSY'));
    assert.equal(backend.sockets.get(1n)?.kind, 'connected');
    assert.equal(await front.release(1n), 0);
    for (const one of others) one.destroy();
    await until(() => rig.clock.waiting === 0);
  });

  it('knows where a listener is bound when a rule asks about its calls', async () => {
    assert.equal(await front.socket(1n), 0);
    assert.equal(await front.bind(1n, '10.0.0.1', 8080), 0);
    assert.equal(await front.call({ cmd: 'listen', id: 1n, backlog: 1 }), 0);
    set({}, 'accept port 8080 → EMFILE');
    const { ref, evtchn } = front.rings(1);
    assert.equal(await front.call({ cmd: 'accept', id: 1n, newId: 2n, ref, evtchn }), pvcallsRet('EMFILE'));
    assert.match(says()[0]!, /accept at socket 1 at 10\.0\.0\.1:8080 as socket 2/);
  });

  it('lets all pass that is held when it is turned off, in the order in which it came', async () => {
    set({}, 'poll → never', 'socket after 10 s', 'any → hold');
    const poll = front.ask({ cmd: 'poll', id: 1n });
    const socket = front.ask({ cmd: 'socket', id: 5n, domain: 2, type: 1, protocol: 0 });
    const bind = front.ask({ cmd: 'bind', id: 5n, ...addressed('10.0.0.1', 81) });
    await areHeld(3);
    set({ isOn: false });
    assert.equal((await front.answer(poll)).ret, pvcallsRet('EINVAL'));
    assert.equal((await front.answer(socket)).ret, 0);
    assert.equal((await front.answer(bind)).ret, 0);
    assert.equal(rig.clock.waiting, 0);
  });

  it('drops what is held of a device that disconnects, and answers none of it', async () => {
    set({}, 'socket after 1 s', 'any → hold');
    front.ask({ cmd: 'socket', id: 1n, domain: 2, type: 1, protocol: 0 });
    askConnect(2n, 80, front.rings(1));
    await areHeld(2);
    const { number } = held()[1]!;
    backend.close();
    assert.throws(() => intercept.decide(number, pass), { code: 'gone' });
    rig.clock.tick(5000);
    assert.deepEqual(front.answers, []);
    assert.match(says().at(-1)!, /its device has disconnected/);
  });

  it('holds no more than a limit, and says what passed instead', async () => {
    set({});
    const gate = intercept.gateOf({ path: 'backend/pvcalls/4/0', domid: 4, clock: rig.clock });
    let passed = 0;
    const answer = () => assert.fail('nothing is answered');
    for (let number = 0; number < maxHeldCalls + 3; number++) {
      gate.arrive({
        request: { reqId: number, cmd: 'poll', id: 1n },
        slot: Buffer.alloc(64),
        ways: { pass: () => passed++, answer, pretend: answer },
      });
    }
    assert.equal(held().length, maxHeldCalls);
    assert.equal(passed, 3);
    assert.equal(intercept.state().passedAtLimit, 3);
    assert.match(says().at(-1)!, /256 calls are held already/);
    gate.close();
    assert.deepEqual(held(), []);
    assert.equal(intercept.eventsAfter(0).at(-1)!.number, 2 * maxHeldCalls + 6);
  });

  it('keeps the last of what happened, by its numbers', () => {
    set({ holdsOthers: false });
    const gate = intercept.gateOf({ path: 'backend/pvcalls/4/0', domid: 4, clock: rig.clock });
    const nothing = () => undefined;
    for (let number = 0; number < 3 * maxInterceptEvents; number++) {
      const ways = { pass: nothing, answer: nothing, pretend: nothing };
      gate.arrive({ request: { reqId: number, cmd: 'poll', id: 1n }, slot: Buffer.alloc(64), ways });
    }
    gate.close();
    const kept = intercept.eventsAfter(0);
    assert.ok(kept.length >= maxInterceptEvents && kept.length <= maxInterceptEvents * 1.1);
    assert.equal(kept.at(-1)!.number, 3 * maxInterceptEvents);
    assert.deepEqual(
      intercept.eventsAfter(3 * maxInterceptEvents - 2).map(({ number }) => number),
      [3 * maxInterceptEvents - 1, 3 * maxInterceptEvents],
    );
    assert.deepEqual(intercept.eventsAfter(4 * maxInterceptEvents), []);
  });
});
