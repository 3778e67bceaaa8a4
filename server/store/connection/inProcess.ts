/**
 * A pair of byte streams in one process. Bytes arrive in a later microtask, never within the call
 * that wrote them, so that neither end is entered while it works; the order is the same in every run.
 */
import type { ByteStream, ByteStreamHandlers } from '../byteStream';

const HIGH_WATER_BYTES = 64 * 1024;

class End implements ByteStream {
  handlers: ByteStreamHandlers | undefined;
  peer: End | undefined;
  queuedBytes = 0;
  /** Written by this end, not yet read by the peer. */
  #queue: Buffer[] = [];
  #isPaused = false;
  #isScheduled = false;
  #wantsDrain = false;
  #isClosed = false;

  write(bytes: Buffer): boolean {
    if (this.#isClosed) return true;
    this.#queue.push(bytes);
    this.queuedBytes += bytes.length;
    this.schedule();
    this.#wantsDrain ||= this.queuedBytes >= HIGH_WATER_BYTES;
    return !this.#wantsDrain;
  }

  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const peer = this.peer!;
    while (this.#queue.length > 0 && !peer.#isPaused && !peer.#isClosed) {
      const bytes = this.#queue.shift()!;
      this.queuedBytes -= bytes.length;
      peer.handlers!.onData(bytes);
    }
    if (this.#queue.length === 0 && this.#wantsDrain && !this.#isClosed) {
      this.#wantsDrain = false;
      this.handlers!.onDrain();
    }
    if (this.#queue.length === 0 && this.#isClosed) peer.#end();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.peer!.schedule();
  }

  /** What was written before still arrives. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.schedule();
    queueMicrotask(() => this.handlers!.onClose());
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.handlers!.onClose();
  }
}

/** Joins two parties; each gets the end that it writes to. */
export function streamPair(
  oneHandlers: ByteStreamHandlers,
  otherHandlers: ByteStreamHandlers,
): [one: ByteStream, other: ByteStream] {
  const [one, other] = [new End(), new End()];
  one.handlers = oneHandlers;
  other.handlers = otherHandlers;
  one.peer = other;
  other.peer = one;
  return [one, other];
}
