/**
 * A guest's end of a xenstore ring: what a guest's kernel does with its page, as a Dial for the
 * store client. Follows docs/misc/xenstore-ring.txt. The guest never writes the feature word, uses
 * no feature that it does not know, and sends nothing while the connection word is not 0.
 */
import type { Clock, Timer } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps } from '../../host/steps';
import { XsRingConnection, XsRingError, XsRingFeature, xsRingErrorMeaning } from '../../wire/xsRing';
import type { ByteStreamHandlers, CloseCause, Dial } from '../byteStream';
import { RingEngine, type RingPolicy } from '../ring/ringEngine';
import { CONNECTION_OFFSET, ERROR_OFFSET, FEATURES_OFFSET, REQ_RING, RSP_RING } from '../ring/ringHalves';
import type { InsaneIndices, RingMoves } from '../ring/ringMoves';
import type { RingStream, RingStreamOwner } from '../ring/ringStream';
import { GuestStream } from './guestStream';

export interface RingDialOptions {
  readonly memory: SharedMemory;
  /** The guest's end of the doorbell; its `onEvent` belongs to the ring from now on. */
  readonly port: EventPort;
  /** Who may come between the steps. */
  readonly steps?: RingSteps;
  /** For looking at the connection word again should its event be lost; without it the event alone counts. */
  readonly clock?: Clock;
  /**
   * `asked`: the connection is over and the server was asked for a new one; dialling waits for it.
   * `done`: the server has answered. A client that is told `retryNow` at either is back at once.
   */
  readonly onReconnect?: (phase: 'asked' | 'done') => void;
}

/**
 * One connection at a time: a second dial is refused while there is one. A connection that was closed
 * before all its replies had come leaves them to the next one; so the next dial asks for a reconnect
 * first, and is refused with `away` where the server does not offer that.
 */
export type RingDial = Dial & {
  /**
   * Asks the server to begin anew on this ring, and resolves when it has. The connection ends at
   * once, its requests with it. Throws a XenscopeError `unsupported` where the server does not offer it.
   */
  requestReconnect(): Promise<void>;
  /** Lets go of page and doorbell; the server is not told, because a ring has no way to say so. */
  close(): void;
};

export function dialRing(options: RingDialOptions): RingDial {
  const ring = new GuestRing(options);
  return Object.assign((handlers: ByteStreamHandlers) => ring.dial(handlers), {
    requestReconnect: () => ring.requestReconnect(),
    close: () => ring.close('The guest let go of its ring.'),
  });
}

/** As hvmloader and Linux do it: often enough for a person, seldom enough to cost nothing. */
const lookAgainMs = 100;

interface Dialling {
  readonly handlers: ByteStreamHandlers;
  resolve(stream: RingStream): void;
  reject(error: XenscopeError): void;
}

interface Waiter {
  resolve(): void;
  reject(error: XenscopeError): void;
}

class GuestRing implements RingPolicy, RingStreamOwner {
  readonly #options: RingDialOptions;
  readonly #engine: RingEngine;
  #dialling: Dialling | undefined;
  #reconnecting: Waiter[] = [];
  /** The connection word is to be set as soon as the work under way has ended. */
  #mustAsk = false;
  /** The connection word was not 0 when we last looked. */
  #isWaiting = false;
  /** Ring and server are not of one mind: a sentence why. Only an empty ring ends that. */
  #broken: string | undefined;
  /** The last connection that was closed by its holder, until the ring is known to owe it nothing. */
  #left: { readonly stream: GuestStream; readonly hadUnsent: boolean } | undefined;
  #gone: string | undefined;
  #timer: Timer | undefined;

  constructor(options: RingDialOptions) {
    this.#options = options;
    const { memory, port, steps } = options;
    this.#engine = new RingEngine(
      { memory, port, steps, side: 'guest', input: RSP_RING, output: REQ_RING },
      this,
    );
  }

  dial(handlers: ByteStreamHandlers): Promise<RingStream> {
    if (this.#gone !== undefined) return Promise.reject(new XenscopeError('gone', this.#gone));
    if (this.#engine.stream || this.#dialling) {
      return Promise.reject(
        new XenscopeError('busy', 'The ring carries a connection already.', { wayOut: 'Close it first.' }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#dialling = { handlers, resolve, reject };
      this.#engine.wake();
    });
  }

  async requestReconnect(): Promise<void> {
    if (this.#gone !== undefined) throw new XenscopeError('gone', this.#gone);
    if (!this.#offers(XsRingFeature.RECONNECTION)) {
      const features = this.#options.memory.load32(FEATURES_OFFSET);
      throw new XenscopeError(
        'unsupported',
        `The xenstored of this ring does not offer reconnection (its features are 0x${features.toString(16)}).`,
        { wayOut: 'With C xenstored, dom0 can introduce the domain again; the guest is not told of that.' },
      );
    }
    this.#mustAsk = true;
    const done = new Promise<void>((resolve, reject) => this.#reconnecting.push({ resolve, reject }));
    this.#engine.wake();
    return done;
  }

  close(reason: string): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    this.#engine.stop();
    this.#timer?.cancel();
    this.#endStream(reason);
    const error = new XenscopeError('gone', reason);
    this.#takeDialling()?.reject(error);
    for (const { reject } of this.#takeReconnecting()) reject(error);
  }

  wake(): void {
    this.#engine.wake();
  }

  *attend(moves: RingMoves): RingWork<void> {
    this.#lookAtWhatIsOwed();
    if (this.#mustAsk) yield* this.#ask(moves);
    if (this.isReset()) return this.#waitForServer();
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isWaiting) this.#beginAnew();
    const error = this.#errorWord();
    if (error !== XsRingError.NONE)
      this.#break(`The xenstored gave the ring up: ${xsRingErrorMeaning(error)}.`);
    else if (this.#broken !== undefined && this.#isEmptyFromStart()) this.#broken = undefined;
    this.#answerDial();
  }

  /**
   * Asked when somebody dials, not when the stream is closed: a work of ours may still have been under
   * way then, and what it took was the old connection's. An introduced ring owes nothing to anybody.
   */
  #lookAtWhatIsOwed(): void {
    const left = this.#left;
    if (!left || !this.#dialling) return;
    this.#left = undefined;
    if (this.#isWaiting || this.isReset() || this.#isEmptyFromStart()) return;
    if (!left.hadUnsent && left.stream.isEven) return;
    if (this.#offers(XsRingFeature.RECONNECTION)) this.#mustAsk = true;
    else
      this.#broken ??= left.hadUnsent
        ? 'The last connection on this ring was closed in the middle of a message.'
        : 'The last connection on this ring was closed before all its replies had come.';
  }

  #offers(feature: number): boolean {
    return (this.#options.memory.load32(FEATURES_OFFSET) & feature) !== 0;
  }

  /** While the word is not 0, whoever set it, nothing else in the page means anything. */
  isReset(): boolean {
    return this.#options.memory.load32(CONNECTION_OFFSET) !== XsRingConnection.CONNECTED;
  }

  *#ask(moves: RingMoves): RingWork<void> {
    this.#mustAsk = false;
    this.#isWaiting = true;
    this.#endStream('The guest asked for a new connection on its ring.');
    yield* moves.setState('connection', CONNECTION_OFFSET, XsRingConnection.RECONNECT);
    yield* moves.notify();
    this.#options.onReconnect?.('asked');
  }

  #waitForServer(): void {
    this.#endStream('The ring is being connected anew.');
    this.#isWaiting = true;
    this.#timer ??= this.#options.clock?.after(lookAgainMs, () => {
      this.#timer = undefined;
      this.#engine.wake();
    });
  }

  /** The server answered: whatever was wrong before, both rings are empty now. */
  #beginAnew(): void {
    this.#isWaiting = false;
    this.#broken = undefined;
    this.#left = undefined;
    for (const { resolve } of this.#takeReconnecting()) resolve();
    this.#options.onReconnect?.('done');
  }

  #errorWord(): number {
    return this.#offers(XsRingFeature.ERROR) ? this.#options.memory.load32(ERROR_OFFSET) : XsRingError.NONE;
  }

  #answerDial(): void {
    const dialling = this.#takeDialling();
    if (!dialling) return;
    if (this.#broken !== undefined) {
      const wayOut =
        'It can be used again after a reconnect of the ring, or when the domain is introduced anew; nothing else heals it.';
      return dialling.reject(new XenscopeError('away', this.#broken, { wayOut }));
    }
    const stream = new GuestStream(dialling.handlers, this);
    this.#engine.stream = stream;
    dialling.resolve(stream);
  }

  /** As INTRODUCE leaves a page, and a guest that resets its ring in the older way. */
  #isEmptyFromStart(): boolean {
    const { memory } = this.#options;
    return [REQ_RING, RSP_RING].every(
      ({ consOffset, prodOffset }) => memory.load32(consOffset) === 0 && memory.load32(prodOffset) === 0,
    );
  }

  onInsane({ text }: InsaneIndices): void {
    this.#break(`The indices of the xenstore ring cannot be: ${text}.`);
  }

  onGone(reason: string): void {
    this.close(reason);
  }

  onStreamClosed(stream: RingStream, _cause: CloseCause | undefined, hadUnsent: boolean): void {
    if (this.#engine.stream !== stream) return;
    this.#engine.stream = undefined;
    if (stream instanceof GuestStream) this.#left = { stream, hadUnsent };
  }

  #break(reason: string): void {
    this.#broken = reason;
    this.#endStream(reason);
  }

  #endStream(reason: string): void {
    const { stream } = this.#engine;
    this.#engine.stream = undefined;
    stream?.end(reason);
  }

  #takeDialling(): Dialling | undefined {
    const dialling = this.#dialling;
    this.#dialling = undefined;
    return dialling;
  }

  #takeReconnecting(): Waiter[] {
    const waiters = this.#reconnecting;
    this.#reconnecting = [];
    return waiters;
  }
}
