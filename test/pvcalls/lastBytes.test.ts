/** What a frontend's socket does with bytes that came before it broke: whoever reads has them first. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import { LAST_BYTES_MS } from '../../server/pvcalls/frontend/socket';
import type { PvCallsSocket } from '../../server/pvcalls/frontend/socket';
import { SocketError } from '../../server/pvcalls/socketError';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { pvcallsEditions, pvcallsRingBytes } from '../../server/wire/pvcalls/dataPage';
import { pvcallsRet } from '../../server/wire/pvcalls/errno';
import { RawBackend } from './rawBackend';
import { PvCallsRig, until } from './rig';
import type { RigOptions } from './rig';

const order = 6;
const ringBytes = pvcallsRingBytes(order);
const there = { host: '10.0.0.2', port: 80 };
const { in_prod, in_error, out_error } = pvcallsEditions.final.indexes.fields;

describe('a socket of a frontend that breaks with bytes on their way', () => {
  let rig: PvCallsRig;
  let frontend: PvCallsFrontend;
  let socket: PvCallsSocket;
  let heard: string[];
  let set: (field: { readonly offsetBytes: number }, value: number) => void;

  async function open(options: RigOptions = {}) {
    rig = new PvCallsRig(options);
    const page = rig.shareCommands();
    frontend = rig.openFrontend(page);
    const backend = new RawBackend(rig, page, () => 0);
    socket = await frontend.connect(there, { order, allowHalfOpen: true });
    set = (field, value) => backend.setWord(socket.rings.place, field.offsetBytes, value);
    heard = [];
    socket.on('end', () => heard.push('end'));
    socket.on('error', ({ message }) => heard.push(message));
  }
  afterEach(async () => {
    socket.destroy();
    await socket.released;
    frontend.close();
    assert.equal(rig.clock.waiting, 0, 'no timer is left');
    rig.close();
  });

  const written = () =>
    new Promise<unknown>((resolve) => socket.write('a request', (error) => resolve(error ?? undefined)));
  const isReset = (error: unknown) => error instanceof SocketError && error.errorName === 'ECONNRESET';

  /** A thousand bytes at a time, as often as there are any; answers how many there were. */
  async function readSlowly(): Promise<number> {
    let bytes = 0;
    while (!socket.destroyed && !socket.readableEnded) {
      const piece = socket.read(Math.min(1000, socket.readableLength || 1));
      bytes += piece?.length ?? 0;
      await new Promise(setImmediate);
    }
    return bytes;
  }

  /** The ring is full, and the first of it has been taken. */
  async function fill(): Promise<void> {
    set(in_prod, ringBytes);
    socket.on('readable', () => undefined);
    await once(socket, 'readable');
  }

  it('gives who reads all of them when a write fails, then the end, and the writer the error', async () => {
    await open();
    await fill();
    set(out_error, pvcallsRet('ECONNRESET'));
    set(in_error, pvcallsRet('ENOTCONN'));
    const failing = written();
    assert.equal(await readSlowly(), ringBytes);
    assert.ok(isReset(await failing));
    await until(() => socket.closed);
    assert.equal(heard.length, 2);
    assert.equal(heard[0], 'end');
    assert.match(heard[1]!, /^Writing to the socket failed: .*ECONNRESET/);
  });

  it('gives who reads all of them when reading is what failed, and no end', async () => {
    await open();
    await fill();
    for (const field of [in_error, out_error]) set(field, pvcallsRet('ECONNRESET'));
    const failing = written();
    assert.equal(await readSlowly(), ringBytes);
    assert.ok(isReset(await failing));
    await until(() => socket.closed);
    assert.equal(heard.length, 1);
    assert.match(heard[0]!, /^Reading from the socket failed: .*ECONNRESET/);
  });

  it('waits no longer for who reads nothing until all is written', async () => {
    await open();
    await fill();
    set(out_error, pvcallsRet('ECONNRESET'));
    const failing = written();
    rig.clock.tick(LAST_BYTES_MS - 1);
    assert.equal(socket.read(10)!.length, 10);
    rig.clock.tick(LAST_BYTES_MS - 1);
    assert.ok(!socket.destroyed, 'it was read from meanwhile');
    rig.clock.tick(1);
    assert.ok(isReset(await failing));
    assert.ok(socket.destroyed);
  });

  it('tells how much of what was written will never be sent, where the way out breaks while the end waits for it', async () => {
    await open();
    await written();
    const ended = new Promise<void>((resolve) => socket.end(resolve));
    assert.equal(socket.unsentBytes, 0);
    set(out_error, pvcallsRet('ECONNRESET'));
    await ended;
    assert.equal(socket.unsentBytes, 'a request'.length);
  });

  it('waits no longer for a backend that never says that no more comes', async () => {
    await open();
    socket.resume();
    set(out_error, pvcallsRet('EPIPE'));
    const failing = written();
    rig.clock.tick(LAST_BYTES_MS);
    assert.match(String(await failing), /EPIPE/);
  });

  it('does not look for room that a failed write has no use for', async () => {
    await open({ frontendSpin: () => ({ until: (isSo) => isSo() }) });
    await fill();
    set(out_error, pvcallsRet('ECONNRESET'));
    const failing = written();
    set(in_error, pvcallsRet('ENOTCONN'));
    await readSlowly();
    assert.ok(isReset(await failing));
  });

  it('loses nothing of what the other side had said before it left, whatever is written then', async () => {
    const network = new SimNetwork();
    const binding = await network.bind(there);
    let far!: Duplex;
    binding.listen(({ stream }) => (far = stream.on('error', () => undefined)));
    rig = new PvCallsRig({ network });
    const pair = rig.openPair();
    ({ frontend } = pair);
    socket = await frontend.connect(there, { order: 8, allowHalfOpen: true });
    socket.on('error', () => undefined);
    const answerBytes = 300_000;
    await new Promise<void>((resolve) => far.write(Buffer.alloc(answerBytes, 65), () => resolve()));
    far.destroy();
    await once(far, 'close');
    let bytes = 0;
    socket.on('data', (piece: Buffer) => {
      bytes += piece.length;
      socket.pause();
    });
    await until(() => bytes > 0);
    // The first of these finds out, and a later one is told.
    for (let request = 0; request < 50; request++) {
      socket.write('one more request');
      await new Promise(setImmediate);
    }
    await until(() => socket.resume() && (bytes === answerBytes || socket.closed));
    assert.equal(bytes, answerBytes);
    socket.destroy();
    await socket.released;
    binding.close();
    pair.backend.close();
  });
});
