/** Standard input into a socket of PV Calls, and what comes out of it to standard output, until both are over. */
import { once } from 'node:events';
import { sleep } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { PvCallsSocket } from '../pvcalls/frontend/socket';
import { writeOut } from './output';
import { systemClock } from './systemClock';

/** Input that brings nothing at so many looks in a row is taken for over, once the other side has ended. */
const quietLooks = 4;
const lookIntervalMs = 250;

export interface SocketPipeOptions {
  /**
   * How long after the end of input it goes on; when absent, until the other side ends. What input brings is sent on
   * even then, because the other side may still hear, until it ends or brings nothing for a second.
   */
  readonly quitMs: number | undefined;
  readonly signal: AbortSignal;
}

/** The socket is released at the end. Rejects with what broke it, also where it can only no longer be written. */
export async function pipeSocket(
  socket: PvCallsSocket,
  { quitMs, signal }: SocketPipeOptions,
): Promise<void> {
  const over = new AbortController();
  const leave = () => {
    over.abort();
    socket.destroy();
  };
  const broken = new Promise<never>((_, reject) => {
    socket.once('error', reject);
    over.signal.addEventListener('abort', () => reject(new Error('it was left')), { once: true });
  });
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    await Promise.race([broken, pass(socket, quitMs, over.signal)]);
    // Of a write that failed nothing is said before all is read.
    if (socket.errored) throw socket.errored;
    if (socket.unsentBytes > 0) throw unsent(socket.unsentBytes);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
    process.stdin.destroy();
    await socket.released;
  }
}

async function pass(socket: PvCallsSocket, quitMs: number | undefined, over: AbortSignal): Promise<void> {
  const input = new Input(socket, over);
  const received = receive(socket, over);
  // Heard of by whoever waits for the socket to break.
  received.catch(() => undefined);
  await Promise.race([input.ended, received.then(() => input.quiet())]);
  await allRead(socket);
  // The protocol has no half-close: after the end of input the other side is waited for, unless there is an end to that.
  await (quitMs === undefined ? received : Promise.race([received, sleep(systemClock, quitMs, over)]));
}

async function receive(socket: PvCallsSocket, over: AbortSignal): Promise<void> {
  // The end of the other side is not the end of ours.
  const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) await writeOut(chunk, over);
}

/** Resolves when the backend has read all that was written, or never will. */
function allRead(socket: PvCallsSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.end((error?: Error | null) => (error ? reject(error) : resolve()));
  });
}

function unsent(bytes: number): XenscopeError {
  return new XenscopeError(
    'gone',
    `The other side was gone before the end of the input was sent: at least ${bytes} bytes of it were not.`,
  );
}

/** Standard input, which goes into the socket. */
class Input {
  #chunks = 0;
  /** Rejects when the socket breaks. */
  readonly ended: Promise<void>;

  constructor(
    private readonly socket: PvCallsSocket,
    private readonly over: AbortSignal,
  ) {
    this.ended = this.#pass();
  }

  async #pass(): Promise<void> {
    const { socket, over } = this;
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      if (socket.writableEnded || socket.destroyed) return;
      this.#chunks++;
      if (!socket.write(chunk)) await once(socket, 'drain', { signal: over });
    }
  }

  /** Resolves when all of it was taken, and nothing more came for a while. */
  async quiet(): Promise<void> {
    // Looks, and not one timer: between them whatever waits is read, however busy the machine is.
    for (let [looks, chunks] = [0, this.#chunks]; looks < quietLooks; looks++) {
      await sleep(systemClock, lookIntervalMs, this.over);
      if (chunks !== this.#chunks || this.socket.writableLength > 0) looks = -1;
      chunks = this.#chunks;
    }
  }
}
