/** The conformance cases of PV Calls that are about a backend, against ours: a frontend that is played by hand. */
import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import type { PvCallsBackend } from '../../server/pvcalls/backend/backend';
import type { NetConnection } from '../../server/pvcalls/network';
import type { SocketError } from '../../server/pvcalls/socketError';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { pvcallsEditions } from '../../server/wire/pvcalls/dataPage';
import { pvcallsRet } from '../../server/wire/pvcalls/errno';
import { writePvCallsRequest } from '../../server/wire/pvcalls/slots';
import { RawFrontend, addressed } from './rawFrontend';
import { PvCallsRig, until } from './rig';
import type { RigOptions } from './rig';

const { in_cons, in_prod, in_error, out_prod, out_cons } = pvcallsEditions.final.indexes.fields;
const ENOTSUP = pvcallsRet('ENOTSUP');
const EINTR = pvcallsRet('EINTR');
const EINVAL = pvcallsRet('EINVAL');
const EBADF = pvcallsRet('EBADF');
const ENOTCONN = pvcallsRet('ENOTCONN');

describe('a backend of PV Calls', () => {
  let rig: PvCallsRig;
  let network: SimNetwork;
  let backend: PvCallsBackend;
  let front: RawFrontend;
  /** The far ends of its connections. */
  let others: Duplex[] = [];

  function open(options: RigOptions = {}) {
    network = new SimNetwork();
    others = [];
    rig = new PvCallsRig({ network, ...options });
    front = new RawFrontend(rig);
    backend = rig.openBackend(front.page);
  }
  beforeEach(() => open());
  afterEach(async () => {
    backend.close();
    rig.back.resources.release();
    rig.front.resources.release();
    assert.equal(rig.machine.pagesInUse, rig.pagesBefore, 'no page is left');
    for (const stream of others) stream.destroy();
    // Of the backend's no connection is left, and no listener.
    await until(() => network.openStreams === 0 && network.listeners === 0);
    rig.close();
  });

  function reopen(options: RigOptions) {
    backend.close();
    rig.close();
    open(options);
  }

  /** Somebody in the network who listens; the far ends of the connections made there. */
  async function service(port: number): Promise<NetConnection[]> {
    const connections: NetConnection[] = [];
    const binding = await network.bind({ host: '10.0.0.2', port });
    binding.listen((connection) => {
      connection.stream.on('error', () => undefined);
      connections.push(connection);
      others.push(connection.stream);
      // For one connection only, so that nothing is left of it.
      binding.close();
    });
    return connections;
  }

  async function connected(id: bigint, order = 1) {
    const connections = await service(80);
    const rings = front.rings(order);
    assert.equal(await front.connect(id, '10.0.0.2', 80, rings), 0);
    const [far] = connections;
    return { rings, far: far!.stream };
  }

  async function listening(id: bigint, backlog = 4) {
    assert.equal(await front.socket(id), 0);
    assert.equal(await front.bind(id, '10.0.0.1', 8080), 0);
    assert.equal(await front.call({ cmd: 'listen', id, backlog }), 0);
  }

  const caller = async () => {
    const { stream } = await network.connect({ host: '10.0.0.1', port: 8080 });
    stream.on('error', () => undefined);
    return stream;
  };

  async function isReset(stream: Duplex): Promise<void> {
    await until(() => stream.resume().closed);
    assert.equal((stream.errored as SocketError | null)?.errorName, 'ECONNRESET');
  }

  it('case 85: takes 32 requests that wait, and a 33rd in the place of the first', async () => {
    await listening(1n);
    const held = front.ask({ cmd: 'poll', id: 1n });
    // Three slots are used up, one waits: the others fill the ring, and run over its end.
    const asked = Array.from({ length: 31 }, (_, number) =>
      writePvCallsRequest(1000 + number, { cmd: 'release', id: BigInt(5000 + number), reuse: false }),
    );
    front.send(...asked);
    for (let number = 0; number < 31; number++) assert.equal((await front.answer(1000 + number)).ret, 0);
    for (let round = 0; round < 100; round++) assert.equal(await front.release(77n), 0);
    (await caller()).destroy();
    assert.equal((await front.answer(held)).ret, 0);
  });

  it('case 86: answers −524 to a command that there is not, with its numbers', async () => {
    const slot = writePvCallsRequest(0xfffffff0, { cmd: 'poll', id: 7n });
    slot.writeUInt32LE(7, 4);
    front.send(slot);
    const answer = await front.answer(0xfffffff0);
    assert.equal(answer.ret, ENOTSUP);
    assert.equal(answer.cmd, 7);
    assert.equal(rig.backFindings.count('unknownCommand'), 1);
  });

  it('case 87: makes no socket of IPv6, nor one without connections', async () => {
    assert.equal(await front.call({ cmd: 'socket', id: 1n, domain: 10, type: 1, protocol: 0 }), ENOTSUP);
    assert.equal(await front.call({ cmd: 'socket', id: 1n, domain: 2, type: 2, protocol: 0 }), ENOTSUP);
    assert.equal(await front.call({ cmd: 'socket', id: 1n, domain: 2, type: 1, protocol: 17 }), ENOTSUP);
    assert.equal(backend.sockets.size, 0);
    assert.equal(await front.call({ cmd: 'socket', id: 1n, domain: 2, type: 1, protocol: 6 }), 0);
    assert.equal(await front.socket(1n), pvcallsRet('EEXIST'), 'the number is taken');
  });

  it('case 88: says that nobody listens, and keeps no mapping', async () => {
    const before = rig.back.resources.held;
    assert.equal(await front.socket(1n), 0);
    const rings = front.rings(2);
    assert.equal(await front.connect(1n, '10.0.0.2', 80, rings), pvcallsRet('ECONNREFUSED'));
    assert.equal(rig.back.resources.held, before);
    // The same socket may try again.
    const connections = await service(80);
    assert.equal(await front.connect(1n, '10.0.0.2', 80, rings), 0);
    assert.equal(connections.length, 1);
    assert.equal(rig.back.resources.held, before + 3);
  });

  it('case 89: lets one call wait at a listener, and interrupts the others', async () => {
    await listening(1n);
    const poll = front.ask({ cmd: 'poll', id: 1n });
    const accept = (newId: bigint) => {
      const { ref, evtchn } = front.rings(1);
      return front.ask({ cmd: 'accept', id: 1n, newId, ref, evtchn });
    };
    assert.equal((await front.answer(accept(2n))).ret, EINTR, 'an accept beside a poll');
    const first = await caller();
    assert.equal((await front.answer(poll)).ret, 0);
    assert.equal((await front.answer(accept(2n))).ret, 0);
    const waiting = accept(3n);
    assert.equal((await front.answer(accept(4n))).ret, EINTR, 'a second accept');
    assert.equal(await front.call({ cmd: 'poll', id: 1n }), EINTR, 'a poll beside an accept');
    const second = await caller();
    assert.equal((await front.answer(waiting)).ret, 0);
    first.destroy();
    second.destroy();
  });

  it('case 90: answers an accept when somebody comes, with the number of the listener', async () => {
    await listening(1n);
    const { ref, evtchn } = front.rings(1);
    const asked = front.ask({ cmd: 'accept', id: 1n, newId: 2n, ref, evtchn });
    for (let round = 0; round < 10; round++) assert.equal(await front.release(99n), 0);
    assert.equal(front.answers.length, 0, 'others are answered before it');
    const stream = await caller();
    const answer = await front.answer(asked);
    assert.deepEqual([answer.ret, answer.id], [0, 1n]);
    stream.destroy();
  });

  it('case 91: answers a poll at once where somebody waits, with the number of the listener', async () => {
    await listening(1n);
    const stream = await caller();
    const answer = await front.answer(front.ask({ cmd: 'poll', id: 1n }));
    assert.deepEqual([answer.ret, answer.id], [0, 1n]);
    const { ref, evtchn } = front.rings(1);
    assert.equal(await front.call({ cmd: 'accept', id: 1n, newId: 2n, ref, evtchn }), 0);
    stream.destroy();
  });

  it('case 92: has nothing against the release of what there is not', async () => {
    assert.equal(await front.release(2n ** 64n - 1n), 0);
    assert.deepEqual(rig.backFindings.kinds, []);
  });

  it('case 93: puts in what came before the other side closed, then says −107', async () => {
    const { rings, far } = await connected(1n);
    far.end('all of it');
    await until(() => rings.word(in_error.offsetBytes) !== 0);
    assert.equal(rings.word(in_error.offsetBytes) | 0, ENOTCONN);
    assert.equal(rings.word(in_prod.offsetBytes), 9);
    const bytes = Buffer.alloc(9);
    rings.data.memory.copyOut(0, bytes);
    assert.equal(bytes.toString(), 'all of it');
    // The other half is still open.
    rings.data.memory.copyIn(4096, Buffer.from('and more'));
    rings.setWord(out_prod.offsetBytes, 8);
    rings.port.notify();
    await until(() => far.readableLength >= 8);
    assert.equal(String(far.read()), 'and more');
    far.destroy();
  });

  it('case 94: reads no more of the network while the ring is full, and goes on when there is room', async () => {
    const { rings, far } = await connected(1n);
    const sent = Buffer.alloc(400_000, 'abcdefgh');
    let isWritten = false;
    far.write(sent, () => (isWritten = true));
    await until(() => rings.word(in_prod.offsetBytes) === 4096);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(rings.word(in_prod.offsetBytes), 4096, 'the ring stays full');
    far.write('the end');
    const got: Buffer[] = [];
    for (let cons = 0; cons < sent.length + 7;) {
      await until(() => rings.word(in_prod.offsetBytes) !== cons);
      const count = rings.word(in_prod.offsetBytes) - cons;
      assert.ok(count <= 4096, `${count} bytes in a ring of 4096`);
      const bytes = Buffer.alloc(count);
      for (let at = 0; at < count; at++) bytes[at] = rings.data.memory.load8((cons + at) % 4096);
      got.push(bytes);
      cons += count;
      rings.setWord(in_cons.offsetBytes, cons);
      rings.port.notify();
    }
    assert.ok(Buffer.concat(got).equals(Buffer.concat([sent, Buffer.from('the end')])));
    assert.ok(isWritten);
    far.destroy();
  });

  it('case 95: refuses rings that are larger than it offers, and those that cannot be', async () => {
    reopen({ maxOrder: 4 });
    const before = rig.back.resources.held;
    for (const claim of [5, 0, 10, 0xffff_ffff]) {
      const rings = front.rings(1, claim);
      assert.equal(await front.connect(1n, '10.0.0.2', 80, rings), EINVAL, `order ${claim}`);
      assert.equal(rig.back.resources.held, before);
    }
    assert.equal(backend.sockets.size, 0);
    assert.equal(rig.backFindings.count('badRequest'), 4);
    assert.equal(await front.release(1n), 0, 'it is still there');
  });

  it('moves bytes of every order, across the end of the ring and of 2^32', async () => {
    for (let order = 1; order <= 9; order++) {
      const connections = await service(80);
      const rings = front.rings(order);
      const size = 2 ** (order + 11);
      // A ring that was used for long: both ends begin where the indices stand.
      const start = (2 ** 32 - 5) >>> 0;
      for (const { offsetBytes } of [in_prod, in_cons, out_prod, out_cons]) rings.setWord(offsetBytes, start);
      const id = BigInt(order);
      assert.equal(await front.connect(id, '10.0.0.2', 80, rings), 0);
      const { stream } = connections[0]!;
      const sent = Buffer.from(Array.from({ length: size }, (_, at) => (at * 7) & 0xff));
      stream.write(sent);
      await until(() => rings.word(in_prod.offsetBytes) === (start + size) >>> 0);
      const got = Buffer.alloc(size);
      for (let at = 0; at < size; at++) got[at] = rings.data.memory.load8((start + at) & (size - 1));
      assert.ok(got.equals(sent), `order ${order}`);
      stream.destroy();
      assert.equal(await front.release(id), 0);
    }
  });

  describe('with a listener that is released', () => {
    it('answers who waits there first', async () => {
      await listening(1n);
      const { ref, evtchn } = front.rings(1);
      const accept = front.ask({ cmd: 'accept', id: 1n, newId: 2n, ref, evtchn });
      const release = front.ask({ cmd: 'release', id: 1n, reuse: false });
      await until(() => front.answers.length === 2);
      assert.deepEqual(
        front.answers.map(({ reqId, ret }) => [reqId, ret]),
        [
          [accept, EBADF],
          [release, 0],
        ],
      );
      assert.equal(backend.sockets.size, 0);
      await assert.rejects(caller(), /nobody listens/);
    });

    it('resets who was not accepted', async () => {
      await listening(1n);
      const stream = await caller();
      assert.equal(await front.release(1n), 0);
      await isReset(stream);
    });
  });

  it('resets who comes when as many wait as the guest said', async () => {
    await listening(1n, 2);
    const streams = await Promise.all([caller(), caller(), caller()]);
    await isReset(streams[2]!);
    assert.equal(rig.backFindings.count('backlogFull'), 1);
    for (const stream of streams) stream.destroy();
  });

  it('resets a connection when the device goes in the middle of what the guest wrote, and ends the others', async () => {
    const inRing = await connected(1n);
    inRing.rings.setWord(out_prod.offsetBytes, 10);
    // All that fits into the ring at once, which is more than the network takes.
    const inStream = await connected(2n, 7);
    inStream.rings.setWord(out_prod.offsetBytes, 2 ** 18);
    inStream.rings.port.notify();
    await until(() => inStream.rings.word(out_cons.offsetBytes) === 2 ** 18);
    const quiet = await connected(3n);
    backend.close();
    await Promise.all([isReset(inRing.far), isReset(inStream.far)]);
    quiet.far.resume();
    await until(() => quiet.far.readableEnded);
    assert.equal(quiet.far.errored, null);
  });

  it('sends what the guest wrote before it released the socket', async () => {
    const { rings, far } = await connected(1n);
    rings.data.memory.copyIn(4096, Buffer.from('last words'));
    rings.setWord(out_prod.offsetBytes, 10);
    // No ring of the bell: the release alone says it.
    assert.equal(await front.release(1n), 0);
    far.end();
    let heard = '';
    for await (const bytes of far) heard += String(bytes);
    assert.equal(heard, 'last words');
  });

  describe('told that rings will be used again', () => {
    it('keeps them mapped, and finds them by their grant', async () => {
      const before = rig.back.resources.held;
      const { rings, far } = await connected(1n);
      far.end();
      assert.equal(await front.release(1n, true), 0);
      assert.equal(rig.back.resources.held, before + 3);
      for (const { offsetBytes } of [in_prod, in_cons, out_prod, out_cons, in_error])
        rings.setWord(offsetBytes, 0);
      const connections = await service(81);
      assert.equal(await front.connect(2n, '10.0.0.2', 81, rings), 0);
      assert.equal(rig.back.resources.held, before + 3, 'nothing was mapped anew');
      connections[0]!.stream.end('again');
      await until(() => rings.word(in_prod.offsetBytes) === 5);
      assert.equal(await front.release(2n), 0);
      assert.equal(rig.back.resources.held, before, 'without a word nothing is kept');
    });

    it('maps them anew where the channel is another one', async () => {
      const { rings, far } = await connected(1n);
      far.destroy();
      assert.equal(await front.release(1n, true), 0);
      const held = rig.back.resources.held;
      const other = rig.front.resources.bindUnbound(0);
      await service(82);
      assert.equal(await front.connect(2n, '10.0.0.2', 82, { ref: rings.ref, evtchn: other.port }), 0);
      assert.equal(rig.back.resources.held, held);
    });

    it('keeps no more than 64', async () => {
      const before = rig.back.resources.held;
      for (let number = 0; number < 70; number++) {
        const connections = await service(80);
        const rings = front.rings(1);
        assert.equal(await front.connect(BigInt(number), '10.0.0.2', 80, rings), 0);
        connections[0]!.stream.destroy();
        assert.equal(await front.release(BigInt(number), true), 0);
      }
      assert.equal(rig.back.resources.held, before + 3 * 64);
    });
  });

  describe('facing a frontend that is hostile', () => {
    it('has an answer to every state in which a call makes no sense', async () => {
      await listening(1n);
      const { rings } = await connected(2n);
      const spare = front.rings(1);
      assert.equal(await front.connect(2n, '10.0.0.2', 80, spare), pvcallsRet('EISCONN'));
      assert.equal(await front.connect(1n, '10.0.0.2', 80, spare), EINVAL, 'a listener');
      assert.equal(await front.bind(1n, '10.0.0.1', 81), pvcallsRet('EEXIST'));
      assert.equal(await front.call({ cmd: 'listen', id: 2n, backlog: 1 }), EINVAL);
      assert.equal(await front.call({ cmd: 'poll', id: 2n }), EINVAL);
      assert.equal(await front.call({ cmd: 'poll', id: 3n }), EINVAL);
      const accept = { cmd: 'accept', id: 1n, ref: spare.ref, evtchn: spare.evtchn } as const;
      assert.equal(await front.call({ ...accept, id: 3n, newId: 4n }), EINVAL);
      assert.equal(await front.call({ ...accept, newId: 2n }), pvcallsRet('EEXIST'), 'a number in use');
      assert.equal(
        await front.call({ ...accept, newId: 4n, ref: rings.ref }),
        pvcallsRet('EEXIST'),
        'rings in use',
      );
      assert.equal(await front.bind(5n, '10.0.0.1', 8080), pvcallsRet('EADDRINUSE'));
      assert.equal(backend.sockets.size, 2);
    });

    it('answers addresses of a wrong length or family', async () => {
      const { ref, evtchn } = front.rings(1);
      const right = addressed('10.0.0.2', 80);
      const connect = { cmd: 'connect', id: 1n, flags: 0, ref, evtchn, ...right } as const;
      for (const addressLengthBytes of [0, 15, 29, 0xffff_ffff]) {
        assert.equal(await front.call({ ...connect, addressLengthBytes }), EINVAL);
        assert.equal(await front.call({ ...right, cmd: 'bind', id: 1n, addressLengthBytes }), EINVAL);
      }
      const address = Buffer.alloc(28, 0xff);
      assert.equal(await front.call({ ...connect, address }), pvcallsRet('EAFNOSUPPORT'));
      assert.equal(backend.sockets.size, 0);
    });

    it('answers grants and channels that are not there', async () => {
      const before = rig.back.resources.held;
      const rings = front.rings(1);
      await service(80);
      const EFAULT = pvcallsRet('EFAULT');
      assert.equal(await front.connect(1n, '10.0.0.2', 80, { ...rings, ref: 4000 }), EFAULT);
      assert.equal(await front.connect(1n, '10.0.0.2', 80, { ...rings, evtchn: 4000 }), EFAULT);
      rings.setWord(136, 0xffff_ffff);
      assert.equal(await front.connect(1n, '10.0.0.2', 80, rings), EFAULT);
      assert.equal(rig.back.resources.held, before);
      assert.equal(rig.backFindings.count('notMappable'), 3);
      // Somebody has to use up the service.
      (await network.connect({ host: '10.0.0.2', port: 80 })).stream.destroy();
    });

    it('ends a socket whose indices cannot be, and no other', async () => {
      const { rings, far } = await connected(1n);
      const other = await connected(2n);
      rings.setWord(out_prod.offsetBytes, 0x8000_0000);
      rings.port.notify();
      await until(() => rings.word(in_error.offsetBytes) !== 0);
      assert.equal(rings.word(in_error.offsetBytes) | 0, pvcallsRet('EIO'));
      await isReset(far);
      assert.equal(rig.backFindings.count('badRing'), 1);
      other.far.write('still here');
      await until(() => other.rings.word(in_prod.offsetBytes) === 10);
      assert.equal(await front.release(1n), 0);
      far.destroy();
      other.far.destroy();
    });

    it('does nothing more on a command ring whose index cannot be', async () => {
      await listening(1n);
      front.page.memory.store32(0, 1000);
      front.page.port.notify();
      await until(() => rig.broken.length > 0);
      assert.match(rig.broken[0]!.message, /requests in a ring of 32 slots/);
    });

    it('opens no more sockets than its limit', async () => {
      for (let number = 0n; number < 4096n; number++) assert.equal(await front.socket(number), 0);
      assert.equal(await front.socket(5000n), pvcallsRet('EMFILE'));
      assert.equal(rig.backFindings.count('limit'), 1);
      assert.equal(await front.release(0n), 0);
      assert.equal(await front.socket(5000n), 0);
    });

    it('reads each request once', async () => {
      const reads: string[] = [];
      reopen({ onCommandRead: (offset, length) => reads.push(`${offset}+${length}`) });
      for (let id = 0n; id < 10n; id++) assert.equal(await front.socket(id), 0);
      assert.deepEqual(
        reads,
        Array.from({ length: 10 }, (_, slot) => `${64 + 64 * slot}+64`),
      );
    });
  });
});
