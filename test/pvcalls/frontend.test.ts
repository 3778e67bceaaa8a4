/** The frontend of PV Calls as programs use it: over our backend, and over backends that a test plays by hand. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { XenscopeError } from '../../server/host/errors';
import type { PvCallsBackend } from '../../server/pvcalls/backend/backend';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import type { NetConnection, SocketNetwork } from '../../server/pvcalls/network';
import { SocketError } from '../../server/pvcalls/socketError';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { pvcallsRet } from '../../server/wire/pvcalls/errno';
import { pvcallsEditions } from '../../server/wire/pvcalls/dataPage';
import type { PvCallsRequest } from '../../server/wire/pvcalls/slots';
import { RawBackend } from './rawBackend';
import { PvCallsRig, until } from './rig';

const isError = (name: string) => (error: unknown) =>
  error instanceof SocketError && error.errorName === name;
const isCode = (code: string) => (error: unknown) => error instanceof XenscopeError && error.code === code;

async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  for await (const bytes of stream) text += String(bytes);
  return text;
}

describe('a frontend of PV Calls over our backend', () => {
  let network: SimNetwork;
  let rig: PvCallsRig;
  let frontend: PvCallsFrontend;
  let backend: PvCallsBackend;
  let heldBefore: number;

  function open(
    net: SocketNetwork = network,
    edition = pvcallsEditions.final as (typeof pvcallsEditions)['final' | 'draft7'],
  ) {
    rig = new PvCallsRig({ network: net, edition });
    ({ frontend, backend } = rig.openPair());
    heldBefore = rig.held;
  }
  beforeEach(() => {
    network = new SimNetwork();
    open();
  });
  afterEach(async () => {
    frontend.close();
    backend.close();
    rig.back.resources.release();
    rig.front.resources.release();
    assert.equal(rig.machine.pagesInUse, rig.pagesBefore, 'no page is left');
    await until(() => network.openStreams === 0 && network.listeners === 0);
    rig.close();
  });

  const there = { host: '10.0.0.2', port: 80 };

  /** Somebody there who does that with each connection. */
  async function serve(habit: (connection: NetConnection) => void): Promise<() => void> {
    const binding = await network.bind(there);
    binding.listen((connection) => {
      connection.stream.on('error', () => undefined);
      habit(connection);
    });
    return () => binding.close();
  }
  const echo = ({ stream }: NetConnection) => void stream.pipe(stream);

  it('carries bytes there and back, more than fit into the rings, and leaves nothing', async () => {
    const stop = await serve(echo);
    const socket = await frontend.connect(there, { allowHalfOpen: true, order: 1 });
    const sent = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 13) & 0xff));
    let got = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => (got = Buffer.concat([got, bytes])));
    socket.write(sent);
    await until(() => got.length >= sent.length);
    assert.ok(got.equals(sent));
    socket.end();
    await once(socket, 'finish');
    socket.destroy();
    await socket.released;
    stop();
    assert.equal(backend.sockets.size, 0);
    // Its rings are kept on both sides, for the next one.
    assert.equal(rig.held, heldBefore + 6);
  });

  it('hears all that was sent, then the end, and ends as well', async () => {
    const stop = await serve(({ stream }) => void stream.resume().end('hello and good bye'));
    const socket = await frontend.connect(there);
    assert.equal(await textOf(socket), 'hello and good bye');
    await until(() => socket.released !== undefined);
    await socket.released;
    stop();
    assert.equal(frontend.sockets.length, 0);
  });

  it('may go on writing when the other side has ended', async () => {
    const far: NetConnection[] = [];
    const stop = await serve((connection) => far.push(connection));
    const socket = await frontend.connect(there, { allowHalfOpen: true });
    const { stream } = far[0]!;
    stream.end('that is all');
    socket.resume();
    await once(socket, 'end');
    socket.end('not for me');
    assert.equal(await textOf(stream), 'not for me');
    stop();
  });

  it('is told that nobody listens, and leaves nothing', async () => {
    await assert.rejects(frontend.connect(there), isError('ECONNREFUSED'));
    await until(() => frontend.inFlight === 0 && rig.held === heldBefore);
    assert.equal(backend.sockets.size, 0);
  });

  it('listens, accepts one after the other, and hands each a stream', async () => {
    const server = await frontend.listen({ host: '10.0.0.1', port: 22 });
    const heard: string[] = [];
    const serving = (async () => {
      for await (const socket of server) {
        heard.push(await textOf(socket));
      }
    })();
    for (let number = 0; number < 5; number++) {
      const { stream } = await network.connect(server.address);
      stream.resume();
      stream.end(`guest ${number}`);
    }
    await until(() => heard.length === 5);
    assert.deepEqual(
      heard,
      [0, 1, 2, 3, 4].map((number) => `guest ${number}`),
    );
    await server.close();
    await serving;
    await assert.rejects(network.connect({ host: '10.0.0.1', port: 22 }), isError('ECONNREFUSED'));
  });

  it('serves many who accept at once, each with a connection of its own', async () => {
    const server = await frontend.listen({ host: '10.0.0.1', port: 22 }, { backlog: 64 });
    const accepted = Array.from({ length: 50 }, () => server.accept());
    const streams = await Promise.all(
      Array.from({ length: 50 }, async () => (await network.connect(server.address)).stream),
    );
    for (const [number, stream] of streams.entries()) stream.resume().end(String(number));
    const texts = await Promise.all(accepted.map(async (socket) => textOf(await socket)));
    assert.deepEqual(
      texts.map(Number).sort((one, other) => one - other),
      [...streams.keys()],
    );
    await server.close();
  });

  it('loses no connection when who accepts gives up', async () => {
    const server = await frontend.listen({ host: '10.0.0.1', port: 22 });
    const impatience = new AbortController();
    const given = server.accept({ signal: impatience.signal });
    impatience.abort();
    await assert.rejects(given, isCode('cancelled'));
    const { stream } = await network.connect(server.address);
    stream.resume().end('for the next');
    await until(() => frontend.sockets.length === 1);
    assert.equal(await textOf(await server.accept()), 'for the next');
    await server.close();
  });

  it('has no use for a connection that broke before anybody took it', async () => {
    const server = await frontend.listen({ host: '10.0.0.1', port: 22 });
    const impatience = new AbortController();
    const given = server.accept({ signal: impatience.signal });
    impatience.abort();
    await assert.rejects(given, isCode('cancelled'));
    const { stream } = await network.connect(server.address);
    await until(() => frontend.sockets.length === 1);
    // Nobody listens for its errors.
    frontend.close();
    await assert.rejects(server.accept(), isCode('gone'));
    stream.destroy();
  });

  it('polls, and is interrupted where somebody accepts', async () => {
    const server = await frontend.listen({ host: '10.0.0.1', port: 22 });
    const polled = server.poll();
    const { stream } = await network.connect(server.address);
    await polled;
    (await server.accept()).destroy();
    stream.destroy();
    const accepting = server.accept();
    await assert.rejects(server.poll(), isError('EINTR'));
    await Promise.all([assert.rejects(accepting, isCode('gone')), server.close()]);
    await assert.rejects(server.accept(), isCode('gone'));
  });

  it('gives up a connect, and nothing of it is left', async () => {
    let signalled: AbortSignal | undefined;
    const silent: SocketNetwork = {
      connect: (_, signal) =>
        new Promise((_resolve, reject) => {
          signalled = signal;
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      bind: (address) => network.bind(address),
    };
    rig.close();
    open(silent);
    const impatience = new AbortController();
    const connecting = frontend.connect(there, { signal: impatience.signal });
    await until(() => signalled !== undefined);
    impatience.abort();
    await assert.rejects(connecting, isCode('cancelled'));
    await until(() => frontend.inFlight === 0 && rig.held === heldBefore);
    assert.ok(signalled!.aborted);
    assert.equal(backend.sockets.size, 0);
    await assert.rejects(frontend.connect(there, { signal: impatience.signal }), isCode('cancelled'));
  });

  it('keeps more calls waiting than the ring has slots, and all are answered', async () => {
    const stop = await serve(echo);
    const sockets = await Promise.all(
      Array.from({ length: 500 }, () => frontend.connect(there, { order: 1 })),
    );
    assert.equal(backend.sockets.size, 500);
    await Promise.all(
      sockets.map(async (socket, number) => {
        socket.write(`number ${number}`);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        assert.equal(String(answer), `number ${number}`);
        socket.destroy();
        await socket.released;
      }),
    );
    stop();
    assert.equal(backend.sockets.size, 0);
    assert.equal(rig.held, heldBefore + 64 * 6, 'the rings of 64 are kept for others');
  });

  it('uses the pages of a socket again for the next one', async () => {
    const stop = await serve(echo);
    const refs = new Set<number>();
    for (let round = 0; round < 20; round++) {
      const socket = await frontend.connect(there);
      refs.add(socket.rings.place.ref);
      socket.write('x');
      assert.equal(String(((await once(socket, 'data')) as [Buffer])[0]), 'x');
      socket.destroy();
      await socket.released;
    }
    stop();
    assert.equal(refs.size, 1);
  });

  it('fails all that is under way when the device disconnects', async () => {
    const stop = await serve(echo);
    const socket = await frontend.connect(there);
    const server = await frontend.listen({ host: '10.0.0.1', port: 22 });
    const accepting = server.accept();
    const failed = once(socket, 'error');
    frontend.close();
    await assert.rejects(accepting, isCode('gone'));
    assert.match(String((await failed)[0]), /has disconnected/);
    await assert.rejects(frontend.connect(there), isCode('gone'));
    await server.close();
    stop();
  });

  it('tells who writes that the socket was given up, and says what was written before', async () => {
    const far: NetConnection[] = [];
    const stop = await serve((connection) => far.push(connection));
    const socket = await frontend.connect(there, { order: 1 });
    await new Promise((resolve) => socket.write('before', resolve));
    // More than the network and the ring take together, while nobody reads.
    const failed = new Promise((resolve) => socket.write(Buffer.alloc(1_000_000), resolve));
    socket.destroy();
    assert.match(String(await failed), /released before all was written/);
    await socket.released;
    assert.match(String(far[0]!.stream.read()), /^before/);
    far[0]!.stream.destroy();
    stop();
  });

  it('refuses what makes no sense before it asks', async () => {
    await assert.rejects(frontend.connect({ host: 'localhost', port: 80 }), isCode('input'));
    await assert.rejects(frontend.connect({ host: '10.0.0.1', port: 70_000 }), isCode('input'));
    await assert.rejects(frontend.connect(there, { order: 0 }), /Choose an order|cannot be had/);
    assert.equal(frontend.inFlight, 0);
  });

  it('speaks the draft where both ends were told so', async () => {
    const stop = await serve(echo);
    rig.close();
    open(network, pvcallsEditions.draft7);
    const socket = await frontend.connect(there, { order: 0 });
    socket.write('as of old');
    assert.equal(String(((await once(socket, 'data')) as [Buffer])[0]), 'as of old');
    socket.destroy();
    await socket.released;
    stop();
  });
});

describe('a frontend of PV Calls over another backend', () => {
  let rig: PvCallsRig;
  let frontend: PvCallsFrontend;
  let backend: RawBackend;

  function open(answer: (request: PvCallsRequest, backend: RawBackend) => number | undefined) {
    rig = new PvCallsRig();
    const page = rig.shareCommands();
    frontend = rig.openFrontend(page);
    backend = new RawBackend(rig, page, answer);
  }
  afterEach(() => {
    frontend.close();
    rig.close();
  });

  const there = { host: '10.0.0.2', port: 80 };

  it('takes −97 for a socket as it takes −524', async () => {
    open(({ cmd }) => (cmd === 'socket' ? pvcallsRet('EAFNOSUPPORT') : 0));
    await assert.rejects(frontend.connect(there), isError('EAFNOSUPPORT'));
    assert.equal(rig.front.resources.held, 2, 'the command ring alone');
  });

  it('waits for no answer to a poll that never comes, once the socket is released', async () => {
    open(({ cmd }) => (cmd === 'poll' ? undefined : 0));
    const server = await frontend.listen({ host: '10.0.0.1', port: 22 });
    const polled = assert.rejects(server.poll(), isCode('gone'));
    await server.close();
    await polled;
    assert.equal(frontend.inFlight, 0);
  });

  it('says that a response was never asked for, and waits on', async () => {
    open(({ reqId }, raw) => {
      raw.respond({ reqId: reqId + 1000, cmd: 0, ret: 0, id: 5n });
      return undefined;
    });
    const impatience = new AbortController();
    const failed = assert.rejects(
      frontend.connect(there, { signal: impatience.signal }),
      isCode('cancelled'),
    );
    await until(() => rig.frontFindings.count('unaskedResponse') === 1);
    impatience.abort();
    await failed;
  });

  it('fails all calls when there are more responses than requests', async () => {
    open(() => undefined);
    const failed = assert.rejects(frontend.connect(there), isCode('protocol'));
    backend.commands.memory.store32(8, 1000);
    backend.commands.port.notify();
    await failed;
    assert.equal(rig.frontFindings.count('badRing'), 1);
    await assert.rejects(frontend.connect(there), isCode('protocol'));
  });

  it('says which command was answered with another one', async () => {
    open(({ reqId, cmd }, raw) => {
      if (cmd !== 'socket') return 0;
      raw.respond({ reqId, cmd: 6, ret: 0, id: 1n });
      return undefined;
    });
    await assert.rejects(frontend.connect(there), /answered command 6 to request 1, which was socket/);
    assert.equal(rig.frontFindings.count('wrongResponse'), 1);
  });

  it('tells an answer that has no name', async () => {
    open(() => 77);
    await assert.rejects(frontend.connect(there), /answered 77, which is no error that has a name/);
  });

  it('ends a socket whose indices cannot be', async () => {
    open(() => 0);
    const socket = await frontend.connect(there);
    socket.resume();
    const failed = once(socket, 'error');
    const { in_prod } = pvcallsEditions.final.indexes.fields;
    backend.setWord(socket.rings.place, in_prod.offsetBytes, 0x7000_0000);
    assert.match(String((await failed)[0]), /bytes apart in a ring of 32768/);
    assert.equal(rig.frontFindings.count('badRing'), 1);
    assert.match(rig.frontFindings.last[0]!.text, /^Socket 1: in_prod is 0x70000000 .*in a ring of 32768/);
    await socket.released;
  });

  it('fails a write with what the backend says of it', async () => {
    open(() => 0);
    const socket = await frontend.connect(there);
    const failed = once(socket, 'error');
    const { out_error } = pvcallsEditions.final.indexes.fields;
    backend.setWord(socket.rings.place, out_error.offsetBytes, pvcallsRet('ECONNRESET'));
    socket.write('too late');
    const [error] = (await failed) as [SocketError];
    assert.equal(error.errorName, 'ECONNRESET');
    await socket.released;
  });
});
