/**
 * The xenstore through libxenstore, as a stream of the same messages: so the client above is the same
 * whichever way is taken. The library finds the xenstored by its own rules (XENSTORED_PATH, the usual
 * socket, /dev/xen/xenbus), asks one thing at a time, and keeps a thread for watches.
 */
import type { Clock, Timer } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { ByteStream, ByteStreamHandlers, Dial } from '../../server/store/byteStream';
import type { ReadableWait, WhenReadable } from '../../server/store/client/deviceDial';
import { messagesIn } from '../../server/store/client/deviceMessages';
import { XsType, encodeXs, parseXs, xsParserStart } from '../../server/wire/xsMessage';
import type { XsMessage } from '../../server/wire/xsMessage';
import { errnoName } from '../cError';
import type { XenLibraries } from '../libraries/xenLibraries';
import { CallFailed, StoreCalls } from './libraryCalls';
import { ask } from './libraryOperations';

/** Watched from the start: only with a watch does the library read at all while nothing is asked. */
const alive = { path: '@releaseDomain', token: 'xenscope-alive' } as const;
/** Events that are taken before others have their turn. */
const maxEventsAtOnce = 256;
const highWaterBytes = 64 * 1024;
/** The library notices that the xenstored went away and does not tell: it is asked so often. */
const lookEveryMs = 500;

/** Rejects with `unsupported` where the library is missing, with `away` where it finds no xenstored. */
export function dialLibrary(libraries: XenLibraries, whenReadable: WhenReadable, clock: Clock): Dial {
  return async (handlers) => {
    const calls = new StoreCalls(libraries);
    try {
      await calls.open();
      await calls.watch(alive.path, alive.token);
      return new LibraryStream(calls, handlers, whenReadable, clock);
    } catch (error) {
      await calls.close();
      throw noAnswer(error);
    }
  };
}

class LibraryStream implements ByteStream {
  queuedBytes = 0;
  readonly #calls: StoreCalls;
  readonly #handlers: ByteStreamHandlers;
  readonly #whenReadable: WhenReadable;
  readonly #clock: Clock;
  readonly #queue: Buffer[] = [];
  /** Settled when nothing is being asked. */
  #asking: Promise<void> | undefined;
  #wait: ReadableWait | undefined;
  #look: Timer | undefined;
  #isClosed = false;
  #owesDrain = false;

  constructor(calls: StoreCalls, handlers: ByteStreamHandlers, whenReadable: WhenReadable, clock: Clock) {
    this.#calls = calls;
    this.#handlers = handlers;
    this.#whenReadable = whenReadable;
    this.#clock = clock;
    this.resume();
    this.#lookLater();
  }

  write(bytes: Buffer): boolean {
    if (this.#isClosed) return true;
    this.#queue.push(...messagesIn(bytes));
    this.queuedBytes += bytes.length;
    this.#asking ??= this.#askAll().finally(() => (this.#asking = undefined));
    if (this.queuedBytes <= highWaterBytes) return true;
    this.#owesDrain = true;
    return false;
  }

  pause(): void {
    this.#wait?.stop();
    this.#wait = undefined;
  }

  resume(): void {
    if (this.#isClosed) return;
    this.#wait ??= this.#whenReadable(this.#calls.fd, () => this.#takeEvents());
  }

  close(): void {
    this.#end();
  }

  #end(reason?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#look?.cancel();
    this.pause();
    this.#queue.length = 0;
    this.queuedBytes = 0;
    // The handle must not go while a call uses it.
    const asked = this.#asking ?? Promise.resolve();
    void asked.then(() => this.#calls.close()).catch(() => undefined);
    this.#handlers.onClose(reason);
  }

  async #askAll(): Promise<void> {
    for (let message = this.#queue.shift(); message; message = this.#queue.shift()) {
      const [request] = parseXs(xsParserStart, message).messages;
      let reply: XsMessage;
      try {
        reply = await ask(this.#calls, request!);
      } catch (error) {
        return this.#end(ended(error));
      }
      // What the library says of a connection that it dropped looks like an answer.
      if (reply.type === XsType.ERROR) this.#takeEvents();
      if (this.#isClosed) return;
      this.queuedBytes -= message.length;
      this.#handlers.onData(encodeXs(reply));
      if (this.#owesDrain && this.queuedBytes === 0) {
        this.#owesDrain = false;
        this.#handlers.onDrain();
      }
    }
  }

  #lookLater(): void {
    this.#look = this.#clock.after(lookEveryMs, () => {
      this.#takeEvents();
      if (!this.#isClosed) this.#lookLater();
    });
  }

  /** Also finds out whether the connection is still there. While paused, what waits is left. */
  #takeEvents(): void {
    for (let count = 0; count < maxEventsAtOnce && this.#wait; count++) {
      let event: ReturnType<StoreCalls['checkWatch']>;
      try {
        event = this.#calls.checkWatch();
      } catch (error) {
        return this.#end(ended(error));
      }
      if (!event) return;
      if (event.token === alive.token) continue;
      const payload = Buffer.from(`${event.path}\0${event.token}\0`, 'latin1');
      this.#handlers.onData(encodeXs({ type: XsType.WATCH_EVENT, reqId: 0, txId: 0, payload }));
    }
    // The descriptor need not stay readable for what is left.
    if (this.#wait) setImmediate(() => this.#takeEvents());
  }
}

function ended(error: unknown): string {
  const why = error instanceof CallFailed ? errnoName(error.errno) : String(error);
  return `The connection through libxenstore ended (${why}).`;
}

function noAnswer(error: unknown): unknown {
  if (!(error instanceof CallFailed)) return error;
  const name = errnoName(error.errno);
  const denied = name === 'EACCES' || name === 'EPERM';
  return new XenscopeError(
    'away',
    denied
      ? `libxenstore may not reach the xenstored (${name}).`
      : `libxenstore reaches no xenstored (${name}).`,
    {
      wayOut: denied
        ? 'Its socket belongs to root on a Xen host; run the server as root.'
        : 'Start a xenstored, or name its socket in XENSTORED_PATH.',
      cause: error,
    },
  );
}
