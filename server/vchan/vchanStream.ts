/**
 * A vchan as a stream of Node, for pipes and sockets. A vchan has no half that could be closed by itself:
 * ending the stream closes this end, and what the other side writes after that is lost.
 */
import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../host/clock';
import { XenscopeError } from '../host/errors';
import { LoopTurns } from './turns';
import type { Vchan } from './vchan';

const readBytes = 64 * 1024;
/** After a write has failed, from one look of whoever reads to the next. */
export const LAST_BYTES_MS = 10_000;

export interface VchanStreamOptions {
  /** How much is kept on each side before the other one has to wait; Node's default when absent. */
  readonly highWaterMark?: number;
}

/** The vchan belongs to the stream from now on: it is closed with it. */
export function vchanStream(vchan: Vchan, clock: Clock, options: VchanStreamOptions = {}): Duplex {
  return new VchanStream(vchan, clock, options);
}

class VchanStream extends Duplex {
  readonly #vchan: Vchan;
  readonly #clock: Clock;
  readonly #turns = new LoopTurns();
  /** Awaited before the next read: once there is no room for more, the stream may ask again at any moment. */
  #turn: Promise<void> | undefined;
  #isReading = false;
  /** Tells of a write that failed; undefined while none has, or nobody reads what came before. */
  #tellFailure: (() => void) | undefined;
  #patience: Timer | undefined;

  constructor(vchan: Vchan, clock: Clock, options: VchanStreamOptions) {
    super({ ...options, emitClose: true });
    this.#vchan = vchan;
    this.#clock = clock;
  }

  override read(sizeBytes?: number): Buffer | null {
    const bytes = super.read(sizeBytes) as Buffer | null;
    if (this.#tellFailure) this.#beginPatience();
    return bytes;
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#readOn();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#vchan.write(chunk).then(
      () => done(),
      (error: Error) => this.#whenAllIsRead(() => done(error)),
    );
  }

  /** A failed write ends the stream: what the other side wrote before it left goes first, where anybody reads. */
  #whenAllIsRead(act: () => void): void {
    if (this.readableFlowing === null || this.readableEnded || this.destroyed) return act();
    this.#tellFailure = () => {
      this.#tellFailure = undefined;
      this.#patience?.cancel();
      act();
    };
    this.once('end', () => this.#tellFailure?.()).once('close', () => this.#tellFailure?.());
    this.#beginPatience();
  }

  /** An echo reads no more until all is written, and would wait for ever. */
  #beginPatience(): void {
    this.#patience?.cancel();
    this.#patience = this.#clock.after(LAST_BYTES_MS, () => this.#tellFailure?.());
  }

  /** What was written in small pieces goes in one. */
  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer' as BufferEncoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#vchan.close().then(() => {
      this.push(null);
      done();
    }, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#vchan.close().then(
      () => done(error),
      (closing: Error) => done(error ?? closing),
    );
  }

  async #readOn(): Promise<void> {
    try {
      for (let wantsMore = true; wantsMore;) {
        await this.#turn;
        const into = Buffer.allocUnsafe(Math.min(readBytes, this.#vchan.readRingBytes));
        const count = await this.#vchan.read(into);
        if (count === 0) {
          this.push(null);
          return;
        }
        wantsMore = this.push(into.subarray(0, count));
        this.#turn = this.#turns.passed(count);
      }
    } catch (error) {
      // We closed it ourselves: that is the end of the stream, and no failure.
      const isClosed = this.writableFinished || this.destroyed || this.writableEnded;
      if (!(isClosed && error instanceof XenscopeError && error.code === 'gone'))
        this.destroy(error as Error);
    } finally {
      this.#isReading = false;
    }
  }
}
