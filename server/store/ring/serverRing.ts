/**
 * The server's end of one domain's xenstore ring. It opens a connection of the store on the page,
 * and after a reconnect a new one, so that nothing of the old one can come through.
 */
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps } from '../../host/steps';
import { XsRingConnection, XsRingError, XsRingFeature, xsRingErrorMeaning } from '../../wire/xsRing';
import type { ByteStream, ByteStreamHandlers, CloseCause } from '../byteStream';
import { RingEngine, type RingPolicy } from './ringEngine';
import { CONNECTION_OFFSET, ERROR_OFFSET, FEATURES_OFFSET, REQ_RING, RSP_RING } from './ringHalves';
import type { InsaneIndices, RingMoves } from './ringMoves';
import { RingStream, type RingStreamOwner } from './ringStream';

/** The page and the doorbell of a domain, as the server has them. */
export interface RingAttachment {
  readonly memory: SharedMemory;
  readonly port: EventPort;
  /**
   * Binds the domain's doorbell of that number in place of the one bound now, and lets go of that one.
   * Throws a XenscopeError when it cannot be had: then a doorbell that works still does.
   */
  rebind(port: number): EventPort;
  /** Lets go of the page and of the doorbell bound now. Safe to call twice. */
  detach(): void;
  /** Who may come between the steps of the server on this ring. */
  readonly steps?: RingSteps;
}

/** What takes a connection: answers who handles its stream, or nothing when there is no room. */
export type RingAcceptor = () => (ByteStreamHandlers & { open(stream: ByteStream): void }) | undefined;

export interface ServerRingOptions {
  readonly attachment: RingAttachment;
  /** Values of XsRingFeature, or-ed. */
  readonly features: number;
  readonly accept: RingAcceptor;
  /** Takes what happened to the ring, for an operator: the end of a sentence, with its full stop. */
  readonly log: (clause: string) => void;
  /** Why the ring was given up before it was introduced again; NONE for a ring in order. */
  readonly error: number;
}

export class ServerRing implements RingPolicy, RingStreamOwner {
  readonly #options: ServerRingOptions;
  readonly #engine: RingEngine;
  #error: number;
  /** The error is not in the page yet. */
  #isErrorUnsaid = false;
  /** The page cannot be used any more. */
  isLost = false;

  /** INTRODUCE: whatever the page holds, both rings are empty afterwards. */
  constructor(options: ServerRingOptions) {
    this.#options = options;
    this.#error = options.error;
    const { memory, port, steps } = options.attachment;
    // Before anything moves: a guest may rely on what is offered from the first byte on.
    memory.store32(FEATURES_OFFSET, options.features);
    if (this.#offers(XsRingFeature.ERROR)) memory.store32(ERROR_OFFSET, this.#error);
    for (const { consOffset, prodOffset } of [REQ_RING, RSP_RING]) {
      memory.store32(consOffset, 0);
      memory.store32(prodOffset, 0);
    }
    this.#engine = new RingEngine(
      { memory, port, steps, side: 'server', input: REQ_RING, output: RSP_RING },
      this,
    );
    if (this.#error === XsRingError.NONE) this.#openStream();
    if (memory.load32(CONNECTION_OFFSET) === XsRingConnection.RECONNECT) {
      // The domain builder may tell the guest in this way to wait for us.
      memory.store32(CONNECTION_OFFSET, XsRingConnection.CONNECTED);
      port.notify();
    }
  }

  /** Why the server stopped using the ring: a value of XsRingError. Only a reconnect ends that. */
  get error(): number {
    return this.#error;
  }

  /** Ends the connection and lets go of the page. */
  detach(): void {
    this.#retire();
    this.#options.attachment.detach();
  }

  /**
   * Hands the page on to a ring that takes this one's place, with another doorbell. Throws a
   * XenscopeError when that cannot be had: then this ring goes on as if nothing had been asked.
   */
  replaced(port: number): RingAttachment {
    const { attachment } = this.#options;
    const handedOn = { ...attachment, port: attachment.rebind(port) };
    this.#retire();
    return handedOn;
  }

  #retire(): void {
    this.#engine.stop();
    this.#endStream();
  }

  wake(): void {
    this.#engine.wake();
  }

  *attend(moves: RingMoves): RingWork<void> {
    // Before any index is looked at: a guest that asks for a reconnect may have scribbled over them.
    if (this.isReset()) yield* this.#reconnect(moves);
    if (!this.#isErrorUnsaid) return;
    this.#isErrorUnsaid = false;
    if (!this.#offers(XsRingFeature.ERROR)) return;
    yield* moves.setState('error', ERROR_OFFSET, this.#error);
    yield* moves.notify();
  }

  /** Any value but 0 asks; the word means nothing where the feature is not offered. */
  isReset(): boolean {
    if (!this.#offers(XsRingFeature.RECONNECTION)) return false;
    return this.#options.attachment.memory.load32(CONNECTION_OFFSET) !== XsRingConnection.CONNECTED;
  }

  *#reconnect(moves: RingMoves): RingWork<void> {
    this.#endStream();
    this.#error = XsRingError.NONE;
    this.#isErrorUnsaid = false;
    yield* moves.wipe();
    if (this.#offers(XsRingFeature.ERROR)) {
      yield* moves.setState('error', ERROR_OFFSET, XsRingError.NONE);
    }
    this.#openStream();
    yield* moves.setState('connection', CONNECTION_OFFSET, XsRingConnection.CONNECTED);
    yield* moves.notify();
    this.#options.log('reconnected at the request of the guest.');
  }

  onInsane({ text }: InsaneIndices): void {
    this.#giveUp(XsRingError.RINGIDX, text);
  }

  onGone(reason: string): void {
    this.#options.log(`lost: ${reason}`);
    this.isLost = true;
    this.#endStream();
  }

  onStreamClosed(stream: RingStream, cause: CloseCause | undefined): void {
    if (this.#engine.stream !== stream) return;
    this.#engine.stream = undefined;
    if (cause === 'protocol') this.#giveUp(XsRingError.PROTO);
    if (cause === 'comm') this.#giveUp(XsRingError.COMM);
  }

  #giveUp(error: number, detail?: string): void {
    this.#error = error;
    this.#isErrorUnsaid = true;
    const meaning = xsRingErrorMeaning(error);
    this.#options.log(`given up: ${detail === undefined ? meaning : `${meaning}; ${detail}`}.`);
    this.#endStream();
    this.#engine.wake();
  }

  #openStream(): void {
    const handlers = this.#options.accept();
    if (!handlers) return this.#giveUp(XsRingError.COMM, 'there is no room for its connection');
    const stream = new RingStream(handlers, this);
    this.#engine.stream = stream;
    handlers.open(stream);
  }

  #endStream(): void {
    const { stream } = this.#engine;
    this.#engine.stream = undefined;
    stream?.end();
  }

  #offers(feature: number): boolean {
    return (this.#options.features & feature) !== 0;
  }
}
