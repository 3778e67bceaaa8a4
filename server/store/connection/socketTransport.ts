/** The store on a unix socket (or a named pipe of Windows): for everything outside the process. */
import { lstatSync, statSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';
import { XenscopeError } from '../../host/errors';
import type { ByteStream, ByteStreamHandlers } from '../byteStream';
import { limits } from '../quotas';
import { tooLongForSocket } from '../socketPath';
import { fastSocket, type FastSocket } from './fastSocket';

export interface Listening {
  readonly path: string;
  close(): Promise<void>;
}

/** What takes a connection: answers who handles its stream, or nothing to refuse it. */
export type Acceptor = () => (ByteStreamHandlers & { open(stream: ByteStream): void }) | undefined;

export async function listenOnSocket(path: string, accept: Acceptor): Promise<Listening> {
  const tooLong = tooLongForSocket(path);
  if (tooLong) throw tooLong;
  checkFolder(path);
  await removeStale(path);
  const server = net.createServer({ pauseOnConnect: true }, (socket) => serve(socket, accept));
  await bindPrivately(server, path);
  return { path, close: () => closeServer(server) };
}

/** Asked first, because the system calls it a lack of rights. */
function checkFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new XenscopeError('input', `Cannot listen on ${path}: ${folder} is no folder.`, {
    wayOut: 'Make it first, or choose another path.',
  });
}

/** A socket that nobody answers on was left behind; one that answers belongs to somebody. */
async function removeStale(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new XenscopeError('input', `${path} exists and is not a socket.`, {
      wayOut: 'Choose another path.',
    });
  }
  if (await answers(path)) {
    throw new XenscopeError('input', `A xenstored already serves ${path}.`, {
      wayOut: 'End it, or choose another path.',
    });
  }
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(path);
    const done = (answer: boolean): void => {
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => done(true));
    // A socket that may not be opened is not ours to remove, whoever serves it.
    probe.once('error', ({ code }: NodeJS.ErrnoException) =>
      done(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
}

/** The socket file gets mode 0600 when it is made: afterwards would leave a moment open to everybody. */
function bindPrivately(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // It stays: an accept that fails later, say for want of descriptors, must not end the others.
    server.on('error', (cause: NodeJS.ErrnoException) => {
      reject(new XenscopeError('input', `Cannot listen on ${path}: ${cause.message}.`, { cause }));
    });
    server.once('listening', resolve);
    const umask = process.umask(0o177);
    try {
      // For a path node binds within this call.
      server.listen({ path, backlog: limits.listenBacklog });
    } finally {
      process.umask(umask);
    }
  });
}

function closeServer(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function serve(accepted: net.Socket, accept: Acceptor): void {
  const handlers = accept();
  if (!handlers) {
    accepted.destroy();
    return;
  }
  const fast = fastSocket(accepted, (bytes) => handlers.onData(bytes));
  const socket = fast?.socket ?? accepted;
  let reason: string | undefined;
  handlers.open(new SocketStream(socket, fast));
  if (!fast) socket.on('data', (bytes) => handlers.onData(bytes));
  socket.on('drain', () => handlers.onDrain());
  socket.on('error', (error) => (reason = error.message));
  socket.on('close', () => handlers.onClose(reason));
  socket.resume();
}

class SocketStream implements ByteStream {
  readonly writeNow: ByteStream['writeNow'];

  constructor(
    private readonly socket: net.Socket,
    fast: FastSocket | undefined,
  ) {
    this.writeNow = fast?.writeNow;
  }

  write(bytes: Buffer): boolean {
    return this.socket.write(bytes);
  }

  get queuedBytes(): number {
    return this.socket.writableLength;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }
}
