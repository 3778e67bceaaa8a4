/** A frontend finds a backend that stands still once its ring was full, and takes nobody else for one. */
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { STANDSTILL_MS } from '../../server/pvcalls/frontend/standstill';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import type { PvCallsSocket } from '../../server/pvcalls/frontend/socket';
import type { SocketNetwork } from '../../server/pvcalls/network';
import { pvcallsEditions, pvcallsRingBytes } from '../../server/wire/pvcalls/dataPage';
import { pvcallsRet } from '../../server/wire/pvcalls/errno';
import type { RingPlace } from '../../server/wire/pvcalls/slots';
import { RawBackend } from './rawBackend';
import { PvCallsRig, until } from './rig';

const order = 1;
const ringBytes = pvcallsRingBytes(order);
const { in_prod, in_error } = pvcallsEditions.final.indexes.fields;

describe('a backend that stands still', () => {
  let rig: PvCallsRig;
  let frontend: PvCallsFrontend;
  let socket: PvCallsSocket;
  let taken: number;
  let produce: (total: number) => Promise<void>;
  let set: (field: { readonly offsetBytes: number }, value: number) => void;

  beforeEach(async () => {
    rig = new PvCallsRig();
    const page = rig.shareCommands();
    frontend = rig.openFrontend(page);
    let place: RingPlace | undefined;
    const backend = new RawBackend(rig, page, (request) => {
      if (request.cmd === 'connect') place = request;
      return 0;
    });
    set = (field, value) => backend.setWord(place!, field.offsetBytes, value);
    socket = await frontend.connect({ host: '10.0.0.2', port: 80 }, { order, allowHalfOpen: true });
    taken = 0;
    socket.on('data', (bytes: Buffer) => (taken += bytes.length));
    produce = async (total) => {
      set(in_prod, total);
      await until(() => taken === total);
      // Whoever has read asks for more a moment later.
      await new Promise(setImmediate);
    };
  });
  afterEach(() => {
    socket.destroy();
    frontend.close();
    assert.equal(rig.clock.waiting, 0, 'no timer is left');
    rig.close();
  });

  const told = () => frontend.findings.count('standstill');

  it('is told once, when it had filled its ring and sends nothing more', async () => {
    await produce(ringBytes);
    rig.clock.tick(STANDSTILL_MS - 1);
    assert.equal(told(), 0);
    rig.clock.tick(1);
    assert.equal(told(), 1);
    assert.match(frontend.findings.last.at(-1)!.text, /^Socket 1: the backend had filled its ring/);
    rig.clock.tick(10 * STANDSTILL_MS);
    assert.equal(told(), 1);
  });

  it('is told as well when it had sent before', async () => {
    await produce(1_000);
    await produce(1_000 + ringBytes);
    rig.clock.tick(STANDSTILL_MS);
    assert.equal(told(), 1);
  });

  it('is none that sends on, though late', async () => {
    await produce(ringBytes);
    rig.clock.tick(STANDSTILL_MS - 1);
    await produce(ringBytes + 10);
    rig.clock.tick(10 * STANDSTILL_MS);
    assert.equal(told(), 0);
  });

  it('is none that left room in its ring', async () => {
    await produce(ringBytes - 1);
    rig.clock.tick(10 * STANDSTILL_MS);
    assert.equal(told(), 0);
  });

  it('is none that said that it has ended', async () => {
    await produce(ringBytes);
    set(in_error, pvcallsRet('ENOTCONN'));
    await until(() => socket.readableEnded);
    rig.clock.tick(10 * STANDSTILL_MS);
    assert.equal(told(), 0);
  });

  it('is none whose bytes nobody wants at the moment', async () => {
    // More than a stream keeps for whoever does not read.
    const large = 6;
    const other = await frontend.connect({ host: '10.0.0.2', port: 80 }, { order: large });
    set(in_prod, pvcallsRingBytes(large));
    other.read(0);
    await until(() => other.readableLength > 0);
    rig.clock.tick(10 * STANDSTILL_MS);
    assert.equal(told(), 0);
    other.destroy();
  });
});

describe('a backend whose guest has read enough', () => {
  it('is none that stands still when the guest destroys the socket at the last byte of a full ring', async () => {
    const stream = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
    const there = { host: '10.0.0.2', port: 80 };
    const network: SocketNetwork = {
      connect: () =>
        Promise.resolve({ stream, local: there, remote: there, reset: () => void stream.destroy() }),
      bind: () => Promise.reject(new Error('no test binds here')),
    };
    const rig = new PvCallsRig({ network });
    const { frontend, backend } = rig.openPair();
    const socket = await frontend.connect(there, { order });
    let heardBytes = 0;
    socket.on('data', ({ length }: Buffer) => {
      heardBytes += length;
      if (heardBytes === ringBytes) socket.destroy();
    });
    // It flows, and asks for bytes.
    await new Promise(setImmediate);
    stream.push(Buffer.alloc(ringBytes));
    await until(() => socket.destroyed);
    await socket.released;
    rig.clock.tick(10 * STANDSTILL_MS);
    assert.equal(frontend.findings.count('standstill'), 0);
    frontend.close();
    backend.close();
    for (const { resources } of [rig.back, rig.front]) resources.release();
    rig.close();
  });
});
