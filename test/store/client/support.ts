/**
 * A peer for the client that does exactly what a test says, wrong things included, over a stream in
 * this process; and a clock that moves when it is told to.
 */
import type { Clock } from '../../../server/host/clock';
import { XenscopeError } from '../../../server/host/errors';
import type { ByteStreamHandlers, Dial } from '../../../server/store/byteStream';
import type { XsMessage, XsParserState, XsTypeName } from '../../../server/wire/xsMessage';
import { encodeXs, parseXs, XsType, xsParserStart, xsTypeName } from '../../../server/wire/xsMessage';

export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  #timers: { atMs: number; run: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void) {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** How long until each waiting timer, soonest first. */
  get waitingMs(): number[] {
    return this.#timers.map(({ atMs }) => atMs - this.#nowMs).sort((a, b) => a - b);
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { run } of due) run();
  }
}

/** One connection as the peer sees it. */
export class PeerConnection {
  readonly requests: XsMessage[] = [];
  /** Bytes of each write of the client. */
  readonly writes: number[] = [];
  isClosedByClient = false;
  /** While false the stream answers `write` with false, and the client has to wait for a drain. */
  takesMore = true;
  #parser: XsParserState = xsParserStart;
  #read = 0;

  constructor(readonly handlers: ByteStreamHandlers) {}

  onWrite(bytes: Buffer): boolean {
    this.writes.push(bytes.length);
    const { state, messages } = parseXs(this.#parser, bytes);
    this.#parser = state;
    for (const message of messages) {
      this.requests.push({ ...message, payload: Buffer.from(message.payload) });
    }
    return this.takesMore;
  }

  get hasUnread(): boolean {
    return this.#read < this.requests.length;
  }

  /** The next request, in words: `READ /a|`. */
  async next(type: XsTypeName): Promise<XsMessage> {
    await until(() => this.hasUnread);
    const request = this.requests[this.#read++]!;
    const found = xsTypeName(request.type);
    if (found !== type) throw new Error(`expected ${type}, but the client sent ${found}`);
    return request;
  }

  send(bytes: Buffer): void {
    this.handlers.onData(bytes);
  }

  reply(request: XsMessage, payload: string | Buffer): void {
    this.send(encodeXs({ ...request, payload: octets(payload) }));
  }

  error(request: XsMessage, name: string): void {
    this.send(encodeXs({ ...request, type: XsType.ERROR, payload: octets(`${name}|`) }));
  }

  event(path: string, token: string): void {
    this.send(
      encodeXs({ type: XsType.WATCH_EVENT, reqId: 0, txId: 0, payload: octets(`${path}|${token}|`) }),
    );
  }

  /** The peer hangs up. */
  hangUp(reason?: string): void {
    this.handlers.onClose(reason);
  }
}

/** A store that can be dialled; every connection waits in `connections`. */
export class Peer {
  readonly connections: PeerConnection[] = [];
  isThere = true;

  readonly dial: Dial = (handlers) => {
    if (!this.isThere) return Promise.reject(new XenscopeError('away', 'Nobody is there.'));
    const connection = new PeerConnection(handlers);
    this.connections.push(connection);
    return Promise.resolve({
      write: (bytes: Buffer) => connection.onWrite(bytes),
      queuedBytes: 0,
      pause: () => undefined,
      resume: () => undefined,
      close: () => {
        connection.isClosedByClient = true;
      },
    });
  };

  async connection(index = 0): Promise<PeerConnection> {
    await until(() => this.connections.length > index);
    return this.connections[index]!;
  }
}

export function octets(payload: string | Buffer): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload.replaceAll('|', '\0'), 'latin1') : payload;
}

/** Far above what any wait needs: it only turns a hang into a sentence. */
const PATIENCE_MS = 8_000;

/** Gives the event loop turns until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`In vain waited for: ${isSo.toString()}`);
    await turn();
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Enough turns for everything that is under way in this process to settle. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await turn();
}
