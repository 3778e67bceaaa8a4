/**
 * One connection's life on a ring, as a stream of bytes. A ring has no dial tone: a stream begins
 * when an end decides that a connection begins, and several may follow each other on one page.
 */
import type { ByteStream, ByteStreamHandlers, CloseCause } from '../byteStream';

export interface RingStreamOwner {
  /** There is something to write, or room to read. Answers before anything is done. */
  wake(): void;
  /** The holder of the stream closed it. `hadUnsent`: the ring may hold the start of a message whose rest never comes. */
  onStreamClosed(stream: RingStream, cause: CloseCause | undefined, hadUnsent: boolean): void;
}

export class RingStream implements ByteStream {
  /** Bytes taken by `write` and not yet in the ring. */
  queuedBytes = 0;
  isPaused = false;
  isEnded = false;
  readonly #queue: Buffer[] = [];
  #wantsDrain = false;

  constructor(
    private readonly handlers: ByteStreamHandlers,
    private readonly owner: RingStreamOwner,
  ) {}

  write(bytes: Buffer): boolean {
    if (this.isEnded || bytes.length === 0) return true;
    this.#queue.push(bytes);
    this.queuedBytes += bytes.length;
    this.#wantsDrain = true;
    this.owner.wake();
    // Nothing is done within this call: whoever writes is not entered while it works.
    return false;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.owner.wake();
  }

  close(cause?: CloseCause): void {
    if (this.isEnded) return;
    const hadUnsent = this.queuedBytes > 0;
    this.#forgetAll();
    this.owner.onStreamClosed(this, cause, hadUnsent);
    queueMicrotask(() => this.handlers.onClose());
  }

  /** For the ring's end: the connection is over. */
  end(reason?: string): void {
    if (this.isEnded) return;
    this.#forgetAll();
    this.handlers.onClose(reason);
  }

  /** For the ring's end: what is to be put into the ring next. */
  get head(): Buffer | undefined {
    return this.#queue[0];
  }

  /** For the ring's end: so many bytes of the head are in the ring. */
  sent(count: number): void {
    if (this.isEnded) return;
    const rest = this.#queue[0]!.subarray(count);
    if (rest.length > 0) this.#queue[0] = rest;
    else this.#queue.shift();
    this.queuedBytes -= count;
    if (this.queuedBytes > 0 || !this.#wantsDrain) return;
    this.#wantsDrain = false;
    this.handlers.onDrain();
  }

  /** For the ring's end: bytes came. */
  deliver(bytes: Buffer): void {
    if (!this.isEnded) this.handlers.onData(bytes);
  }

  #forgetAll(): void {
    this.isEnded = true;
    this.#queue.length = 0;
    this.queuedBytes = 0;
  }
}
