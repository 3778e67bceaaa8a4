/**
 * Takes what comes out of a vchan and keeps it until somebody asks for it. What comes faster is dropped,
 * the oldest first, and counted; or nothing is dropped, and the other side has to wait.
 */
import { XenscopeError } from '../host/errors';
import { type Clock, sleep } from '../host/clock';
import { LoopTurns } from '../vchan/turns';
import type { Vchan } from '../vchan/vchan';
import { KeptBytes } from './keptBytes';

export const maxKeptBytes = 256 * 1024;
const readBytes = 64 * 1024;

export interface Taken {
  readonly bytes: Buffer;
  /** Left out before them. */
  readonly droppedBytes: number;
}

export class VchanReader {
  receivedBytes = 0;
  reads = 0;
  droppedBytes = 0;
  /** Why nothing can be read any more; undefined while something may still come. */
  trouble: XenscopeError | undefined;
  /** The other side has left, and all is read. */
  isAtEnd = false;
  readonly #vchan: Vchan;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  readonly #kept = new KeptBytes();
  #untoldBytes = 0;
  #reads = true;
  #keepsAll = false;
  #isEnded = false;
  #stop = new AbortController();
  #wake: () => void = () => undefined;

  /** `onEnd` is called when nothing more can be read: the other side has left and all is read, or there is trouble. */
  constructor(vchan: Vchan, clock: Clock, onEnd: () => void = () => undefined) {
    this.#vchan = vchan;
    this.#clock = clock;
    this.#onEnd = onEnd;
    void this.#run();
  }

  /** Whether what comes is taken out of the ring. */
  get isReading(): boolean {
    return this.#reads;
  }

  /** `keepAll`: what is not asked for stays in the ring, and the other side has to wait. */
  set({ reads, keepAll }: { readonly reads: boolean; readonly keepAll: boolean }): void {
    this.#reads = reads;
    this.#keepsAll = keepAll;
    if (!reads) {
      this.#stop.abort();
      this.#stop = new AbortController();
    }
    this.#wake();
  }

  /** What came since it was asked last. */
  take(): Taken {
    const taken = { bytes: this.#kept.take(), droppedBytes: this.#untoldBytes };
    this.#untoldBytes = 0;
    this.#wake();
    return taken;
  }

  /** The vchan is closed. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const into = Buffer.allocUnsafe(Math.min(readBytes, this.#vchan.readRingBytes));
    // Others have their turn, whoever floods us.
    const turns = new LoopTurns(() => sleep(this.#clock, 0));
    while (!this.#isEnded) {
      let count: number;
      if (!this.#mayRead()) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      try {
        count = await this.#vchan.read(into, { signal: this.#stop.signal });
        this.isAtEnd = count === 0;
        if (this.isAtEnd) return this.#onEnd();
        this.#keep(into.subarray(0, count));
      } catch (error) {
        if (!(error instanceof XenscopeError)) throw error;
        if (error.code === 'cancelled') continue;
        if (this.#isEnded) return;
        this.trouble = error;
        return this.#onEnd();
      }
      await turns.passed(count);
    }
  }

  #mayRead(): boolean {
    return this.#reads && !(this.#keepsAll && this.#kept.bytes >= maxKeptBytes);
  }

  #keep(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length;
    this.reads++;
    this.#kept.add(bytes);
    if (this.#keepsAll) return;
    const dropped = this.#kept.dropTo(maxKeptBytes);
    this.droppedBytes += dropped;
    this.#untoldBytes += dropped;
  }
}
