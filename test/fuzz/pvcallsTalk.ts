/** What programs do over PV Calls in a life that a seed draws: each checks every byte that it hears. */
import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import type { Random } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import type { PvCallsSocket } from '../../server/pvcalls/frontend/socket';
import { SocketError } from '../../server/pvcalls/socketError';
import type { SimNetwork } from '../../server/sim/network/simNetwork';

export interface TalkWorld {
  readonly random: Random;
  readonly frontend: PvCallsFrontend;
  readonly network: SimNetwork;
  /** Somebody leaves in the middle of it, this time. */
  leaves(): boolean;
  /** Resolves after so many things have happened. */
  after(turns: number): Promise<void>;
  /** Resolves when it is so; looking is nothing that happens. */
  until(isSo: () => boolean): Promise<void>;
  heard(bytes: number): void;
  /** A download was heard to its end, and counted. */
  downloaded(): void;
  /** Somebody reads nothing for as long as anything else moves, this time. */
  suspends(): boolean;
  /** The indices of its rings were broken: what was said may never be heard. */
  isBroken(socket: PvCallsSocket): boolean;
  /** The device has ended: what is awaited of it never comes. */
  readonly isOver: boolean;
}

export type Talk = (world: TalkWorld) => Promise<void>;

const host = '10.0.0.2';
const ports = { echo: 1, source: 2, sink: 3, nobody: 4, firstOfGuests: 100 };
const maxBytes = 60_000;
const suspendedTurns = 5_000;
/** So begins what is said of bytes that nobody sent. */
export const OTHER_BYTES = 'other bytes';

/** Byte `at` of a stream of this key. */
const byteAt = (key: number, at: number) => (key * 31 + at * 7 + (at >>> 8)) & 0xff;

function piece(key: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) bytes[at] = byteAt(key, from + at);
  return bytes;
}

function check(key: number, from: number, bytes: Buffer): void {
  if (!bytes.equals(piece(key, from, bytes.length)))
    assert.fail(`${OTHER_BYTES} from ${from} on than were sent`);
}

/** Writes so many bytes of a key in pieces of any length, as fast as they are taken. */
async function say({ random }: TalkWorld, stream: Duplex, key: number, total: number): Promise<void> {
  for (let at = 0; at < total;) {
    const length = Math.min(total - at, 1 + random.below(random.below(4) === 0 ? 20_000 : 500));
    await new Promise<void>((resolve, reject) =>
      stream.write(piece(key, at, length), (error) => (error ? reject(error) : resolve())),
    );
    at += length;
  }
}

/** Waits for one of the events; a stream that is closed has none left. */
function happens(stream: Duplex, ...events: readonly string[]): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const all = [...events, 'close', 'error'];
    const over = (error?: unknown) => {
      for (const each of all) stream.off(each, over);
      if (error instanceof Error) reject(error);
      else resolve();
    };
    for (const each of all) stream.once(each, over);
  });
}

/** Reads until the end, or until there are so many; answers how many there were. */
async function hear(world: TalkWorld, stream: Duplex, key: number, most = Infinity): Promise<number> {
  let count = 0;
  while (count < most && !stream.readableEnded && !stream.destroyed) {
    const bytes = stream.read() as Buffer | null;
    if (!bytes) {
      await happens(stream, 'readable', 'end');
      continue;
    }
    check(key, count, bytes);
    count += bytes.length;
    world.heard(bytes.length);
    if (world.random.below(8) === 0) await world.after(world.random.below(20));
    if (world.suspends()) await world.after(suspendedTurns);
  }
  return count;
}

/** The other side may have left before this one. */
const tolerant = (stream: Duplex) => stream.on('error', () => undefined);

/** The services of the network; answers how to end them, and what the sink has heard of each key. */
export async function openServices(world: TalkWorld) {
  const { network, random } = world;
  const sunk = new Map<number, { bytes: number; isOver: boolean }>();
  /** The source left before all of this key was heard. */
  const deserted = new Set<number>();
  const echo = await network.bind({ host, port: ports.echo });
  echo.listen(({ stream }) => void tolerant(stream).pipe(stream));
  const source = await network.bind({ host, port: ports.source });
  source.listen(({ stream }) => {
    void (async () => {
      // The first two bytes say how much is wanted, and of which key.
      await happens(tolerant(stream), 'readable', 'end');
      const order = stream.read() as Buffer | null;
      if (!order) return void stream.destroy();
      const key = order[0]!;
      await say(world, stream, key, order.readUInt16LE(1));
      if (!world.leaves()) return void stream.resume().end();
      deserted.add(key);
      stream.destroy(random.below(2) === 0 ? new Error('reset') : undefined);
    })().catch(() => stream.destroy());
  });
  const sink = await network.bind({ host, port: ports.sink });
  sink.listen(({ stream }) => {
    void (async () => {
      tolerant(stream);
      let key: number | undefined;
      const entry = { bytes: 0, isOver: false };
      for await (const bytes of stream as AsyncIterable<Buffer>) {
        key ??= bytes[0]!;
        sunk.set(key, entry);
        for (const [at, byte] of bytes.entries()) {
          if (entry.bytes + at > 0) assert.equal(byte, byteAt(key, entry.bytes + at - 1));
        }
        entry.bytes += bytes.length;
        world.heard(bytes.length);
      }
      entry.isOver = true;
      stream.destroy();
    })().catch(() => stream.destroy());
  });
  return { sunk, deserted, close: () => [echo, source, sink].forEach((binding) => binding.close()) };
}

export type Services = Awaited<ReturnType<typeof openServices>>;

async function close(socket: PvCallsSocket): Promise<void> {
  socket.destroy();
  await socket.released;
}

const order = ({ random }: TalkWorld) => ({ order: 1 + random.below(2) });

const echoes: Talk = async (world) => {
  const { random, frontend } = world;
  const socket = await frontend.connect({ host, port: ports.echo }, { ...order(world), allowHalfOpen: true });
  tolerant(socket);
  const key = random.below(256);
  const total = random.below(maxBytes);
  const heard = hear(world, socket, key, total);
  heard.catch(() => undefined);
  if (world.leaves()) {
    const said = say(world, socket, key, total).catch(() => undefined);
    await Promise.race([said, world.after(random.below(400))]);
    await close(socket);
    await said;
    return;
  }
  await say(world, socket, key, total);
  assert.equal(await heard, total);
  await close(socket);
};

/** All that the source said is heard, up to its end: it closes as soon as it has said it. */
const downloads =
  (services: Services, key: number): Talk =>
  async (world) => {
    const { random, frontend } = world;
    const socket = await frontend.connect({ host, port: ports.source }, order(world));
    tolerant(socket);
    const wanted = Buffer.alloc(3);
    wanted[0] = key;
    wanted.writeUInt16LE(random.below(maxBytes), 1);
    socket.write(wanted);
    const heard = await hear(world, socket, key).catch((error: unknown) => {
      if (!(error instanceof SocketError)) throw error;
      return undefined;
    });
    await close(socket);
    if (services.deserted.has(key) || world.isOver || world.isBroken(socket)) return;
    assert.equal(heard, wanted.readUInt16LE(1), 'all that the source said');
    world.downloaded();
  };

/** What was written is heard, even if the socket is released at once. */
const uploads =
  (services: Services, key: number): Talk =>
  async (world) => {
    const { random, frontend } = world;
    const socket = await frontend.connect({ host, port: ports.sink }, order(world));
    tolerant(socket);
    const total = random.below(maxBytes);
    await new Promise((resolve) => socket.write(Buffer.from([key]), resolve));
    await say(world, socket, key, total);
    if (random.below(2) === 0) {
      socket.end();
      await happens(socket, 'finish');
    }
    await close(socket);
    const isCut = () => world.isOver || world.isBroken(socket);
    await world.until(() => services.sunk.get(key)?.isOver === true || isCut());
    if (isCut()) return;
    assert.equal(services.sunk.get(key)!.bytes, total + 1);
  };

const refused: Talk = async ({ frontend }) => {
  await assert.rejects(frontend.connect({ host, port: ports.nobody }), /ECONNREFUSED|disconnected|no longer/);
};

const cancels: Talk = async (world) => {
  const { random, frontend } = world;
  const impatience = new AbortController();
  const connecting = frontend.connect({ host, port: ports.echo }, { signal: impatience.signal });
  const [outcome] = await Promise.all([
    connecting.then(tolerant).then(
      () => connecting,
      (error: unknown) => {
        if (error instanceof XenscopeError) return undefined;
        throw error;
      },
    ),
    world.after(random.below(60)).then(() => impatience.abort()),
  ]);
  if (outcome) await close(outcome);
};

/** A server in the guest, and those who come to it from outside. */
const serves =
  (port: number): Talk =>
  async (world) => {
    const { random, frontend, network } = world;
    const address = { host: '10.0.0.1', port };
    const server = await frontend.listen(address, { ...order(world), backlog: 8, allowHalfOpen: true });
    const guests = 1 + random.below(4);
    const visit = async () => {
      await world.after(random.below(100));
      const { stream } = await network.connect(address);
      tolerant(stream);
      const key = random.below(256);
      const total = 1 + random.below(5000);
      try {
        stream.write(Buffer.from([key]));
        const heard = hear(world, stream, key, total);
        heard.catch(() => undefined);
        await say(world, stream, key, total);
        assert.ok((await heard) === total || world.isOver);
        stream.end();
        stream.resume();
        await happens(stream);
      } finally {
        stream.destroy();
      }
    };
    const serve = async () => {
      if (random.below(3) === 0) await server.poll();
      const socket = await server.accept();
      tolerant(socket);
      await happens(socket, 'readable');
      const key = (socket.read(1) as Buffer | null)?.[0];
      if (key === undefined) return;
      let at = 0;
      for await (const bytes of socket as AsyncIterable<Buffer>) {
        check(key, at, bytes);
        at += bytes.length;
        if (!socket.write(bytes)) await happens(socket, 'drain');
      }
      await close(socket);
    };
    const visits = Promise.all(Array.from({ length: guests }, visit));
    visits.catch(() => undefined);
    try {
      for (let number = 0; number < guests; number++) await serve();
      await visits;
    } finally {
      await server.close();
    }
  };

/** What the programs of one life do. */
export function drawTalks(random: Random, services: Services): Talk[] {
  const talks: Talk[] = [];
  const count = 2 + random.below(6);
  for (let number = 0; number < count; number++) {
    const kinds: readonly Talk[] = [
      echoes,
      downloads(services, number),
      uploads(services, number),
      refused,
      cancels,
      serves(ports.firstOfGuests + number),
    ];
    talks.push(kinds[random.below(kinds.length)]!);
  }
  return talks;
}
