/**
 * The xenstore through libxenstore, as a stream of the same messages: so the client above is the same
 * whichever way is taken. The library finds the xenstored by its own rules (XENSTORED_PATH, the usual
 * socket, /dev/xen/xenbus), asks one thing at a time, and keeps a thread for watches.
 */
import type { Clock, Timer } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { ByteStreamHandlers, Dial } from '../../server/store/byteStream';
import { TurnStream } from '../../server/store/client/turnStream';
import type { WhenReadable } from '../../server/store/client/turnStream';
import { XsType, encodeXs, parseXs, xsParserStart } from '../../server/wire/xsMessage';
import { errnoName } from '../cError';
import type { XenLibraries } from '../libraries/xenLibraries';
import { CallFailed, StoreCalls } from './libraryCalls';
import { ask } from './libraryOperations';

/** Watched from the start: only with a watch does the library read at all while nothing is asked. */
const alive = { path: '@releaseDomain', token: 'xenscope-alive' } as const;
/** Events that are taken before others have their turn. */
const maxEventsAtOnce = 256;
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

class LibraryStream extends TurnStream {
  readonly #calls: StoreCalls;
  readonly #clock: Clock;
  #look: Timer | undefined;

  constructor(calls: StoreCalls, handlers: ByteStreamHandlers, whenReadable: WhenReadable, clock: Clock) {
    super(calls.fd, handlers, whenReadable);
    this.#calls = calls;
    this.#clock = clock;
    this.#lookLater();
  }

  protected onEnd(): void {
    this.#look?.cancel();
  }

  protected release(): Promise<void> {
    return this.#calls.close();
  }

  protected async send(message: Buffer): Promise<Buffer | undefined> {
    const [request] = parseXs(xsParserStart, message).messages;
    try {
      const reply = await ask(this.#calls, request!);
      // What the library says of a connection that it dropped looks like an answer.
      if (reply.type === XsType.ERROR) this.#takeEvents();
      return encodeXs(reply);
    } catch (error) {
      this.end(ended(error));
      return undefined;
    }
  }

  protected onReadable(): void {
    this.#takeEvents();
  }

  #lookLater(): void {
    this.#look = this.#clock.after(lookEveryMs, () => {
      this.#takeEvents();
      if (!this.isClosed) this.#lookLater();
    });
  }

  /** Also finds out whether the connection is still there. While paused, what waits is left. */
  #takeEvents(): void {
    for (let count = 0; count < maxEventsAtOnce && this.isReading; count++) {
      let event: ReturnType<StoreCalls['checkWatch']>;
      try {
        event = this.#calls.checkWatch();
      } catch (error) {
        return this.end(ended(error));
      }
      if (!event) return;
      if (event.token === alive.token) continue;
      const payload = Buffer.from(`${event.path}\0${event.token}\0`, 'latin1');
      this.handlers.onData(encodeXs({ type: XsType.WATCH_EVENT, reqId: 0, txId: 0, payload }));
    }
    // The descriptor need not stay readable for what is left.
    if (this.isReading) setImmediate(() => this.#takeEvents());
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
