/**
 * A stream to a xenstored that takes one message at a time, under a descriptor that says when there is
 * something to be read: what the kernel's device and libxenstore have in common.
 */
import type { ByteStream, ByteStreamHandlers } from '../byteStream';
import { messagesIn } from './deviceMessages';

/** Waiting for a descriptor, as native code can; `stop` is final. */
export interface ReadableWait {
  stop(): void;
}
export type WhenReadable = (fd: number, onReadable: () => void) => ReadableWait;

/** More than this waits to be written: the client is asked to wait. */
const highWaterBytes = 64 * 1024;

export abstract class TurnStream implements ByteStream {
  queuedBytes = 0;
  protected readonly handlers: ByteStreamHandlers;
  readonly #waitForReadable: () => ReadableWait;
  readonly #queue: Buffer[] = [];
  #isSending = false;
  /** Settled when nothing is under way. */
  #sent: Promise<void> = Promise.resolve();
  #wait: ReadableWait | undefined;
  #isClosed = false;
  #owesDrain = false;

  /** Throws where the descriptor cannot be waited for. */
  constructor(fd: number, handlers: ByteStreamHandlers, whenReadable: WhenReadable) {
    this.handlers = handlers;
    this.#waitForReadable = () => whenReadable(fd, () => this.onReadable());
    this.resume();
  }

  /** Sends one message and waits until the next may be sent. Resolves with what is to be handed on as its answer. */
  protected abstract send(message: Buffer): Promise<Buffer | undefined>;

  /** The descriptor is readable, and nobody has paused us. */
  protected abstract onReadable(): void;

  /** The stream has ended: whoever waits in `send` is let go. */
  protected abstract onEnd(): void;

  /** Gives back what it stands on. Nothing is under way any more. */
  protected abstract release(): Promise<unknown>;

  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Neither paused nor closed. */
  protected get isReading(): boolean {
    return this.#wait !== undefined;
  }

  write(bytes: Buffer): boolean {
    if (this.#isClosed) return true;
    this.#queue.push(...messagesIn(bytes));
    this.queuedBytes += bytes.length;
    if (!this.#isSending) this.#sent = this.#sendAll();
    if (this.queuedBytes <= highWaterBytes) return true;
    this.#owesDrain = true;
    return false;
  }

  pause(): void {
    this.#wait?.stop();
    this.#wait = undefined;
  }

  resume(): void {
    if (!this.#isClosed) this.#wait ??= this.#waitForReadable();
  }

  close(): void {
    this.end();
  }

  protected end(reason?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.pause();
    this.#queue.length = 0;
    this.queuedBytes = 0;
    this.onEnd();
    // Not under a call that a thread may be about to begin.
    void this.#sent.finally(() => this.release()).catch(() => undefined);
    this.handlers.onClose(reason);
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    try {
      for (let message = this.#queue.shift(); message; message = this.#queue.shift()) {
        const answer = await this.send(message);
        // Whoever closed it has no use for an answer.
        if (this.#isClosed) return;
        this.#handOn(message, answer);
      }
    } catch (error) {
      this.end(`What came from the xenstored could not be taken (${String(error)}).`);
    } finally {
      // At once: what is written after the queue was found empty must find nobody at work.
      this.#isSending = false;
    }
  }

  #handOn(message: Buffer, answer: Buffer | undefined): void {
    this.queuedBytes -= message.length;
    if (answer) this.handlers.onData(answer);
    if (!this.#owesDrain || this.queuedBytes > 0) return;
    this.#owesDrain = false;
    this.handlers.onDrain();
  }
}
