/**
 * Finds a backend that stands still: it had filled `in`, was told that there is room again, and sends nothing
 * more. Linux's does so when its frontend only receives. Whether it has more to send only the backend knows: that
 * nothing came since the ring was full is the hint.
 */
import type { Clock, Timer } from '../../host/clock';

/** Long for bytes that wait on the other side, whatever the machine does. */
export const STANDSTILL_MS = 5_000;

export class StandstillWatch {
  readonly #clock: Clock;
  readonly #ringBytes: number;
  readonly #onStill: () => void;
  #taken = 0;
  /** How many bytes had been put into the ring in all when it was last full. */
  #fullAt: number | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, ringBytes: number, onStill: () => void) {
    this.#clock = clock;
    this.#ringBytes = ringBytes;
    this.#onStill = onStill;
  }

  /** `count` bytes were taken out, and `ready` were there afterwards. */
  took(count: number, ready: number): void {
    this.stop();
    if (count + ready >= this.#ringBytes) this.#fullAt = this.#taken + this.#ringBytes;
    this.#taken += count;
  }

  /** Somebody wants more, and there is nothing. */
  isEmpty(): void {
    if (this.#timer || this.#taken !== this.#fullAt) return;
    this.#timer = this.#clock.after(STANDSTILL_MS, () => {
      this.#fullAt = undefined;
      this.#timer = undefined;
      this.#onStill();
    });
  }

  /** Until the next bytes. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
