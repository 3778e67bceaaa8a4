/** Both ends of one connection of a simulated network: what one writes the other reads, and not faster than that. */
import { Duplex } from 'node:stream';
import { socketError } from '../../pvcalls/socketError';

type Done = (error?: Error | null) => void;

export function streamPair(): readonly [PairedStream, PairedStream] {
  const one = new PairedStream();
  const other = new PairedStream();
  one.join(other);
  other.join(one);
  return [one, other];
}

export class PairedStream extends Duplex {
  #other!: PairedStream;
  /** A write of the other end that waits until more is read here. */
  #waiting: Done | undefined;
  #hasEnd = false;
  #isReset = false;

  constructor() {
    super({ allowHalfOpen: true });
  }

  join(other: PairedStream): void {
    this.#other = other;
  }

  /** Ends it at once; the other end breaks. */
  reset(): void {
    this.#isReset = true;
    this.destroy();
  }

  override _read(): void {
    const done = this.#waiting;
    this.#waiting = undefined;
    done?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#other.destroyed) return done(socketError('ECONNRESET', 'Writing failed'));
    this.#other.#receive(chunk, done);
  }

  override _final(done: Done): void {
    this.#other.#receiveEnd();
    done();
  }

  /** As the kernel closes a socket: an end where it was done in peace, and a reset where it was not. */
  override _destroy(error: Error | null, done: Done): void {
    const other = this.#other;
    const waiting = [this.#waiting, other.#waiting];
    this.#waiting = other.#waiting = undefined;
    if ((error || this.#isReset) && !other.destroyed)
      other.destroy(socketError('ECONNRESET', 'The other side is gone'));
    else other.#receiveEnd();
    for (const each of waiting) each?.(socketError('ECONNRESET', 'Writing failed'));
    done(error);
  }

  #receive(chunk: Buffer, done: Done): void {
    if (this.push(chunk)) done();
    else this.#waiting = done;
  }

  #receiveEnd(): void {
    if (this.#hasEnd || this.destroyed) return;
    this.#hasEnd = true;
    this.push(null);
  }
}
