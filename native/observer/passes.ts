/**
 * Does one thing whenever it is wanted, never twice at once and at most four times a second: what
 * makes it wanted may be a guest that writes in a loop.
 */
import type { Clock, Timer } from '../../server/host/clock';
import type { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';

export const minPassIntervalMs = 250;

/**
 * Whether a pass that failed is to be followed by another. The watches of a store that went away fire when
 * it is back, and what the store itself answered it would answer again.
 */
export function mayGoWellNow({ code }: XenscopeError, { state }: StoreClient): boolean {
  return state.kind === 'connected' && code !== 'store';
}

export class Passes {
  readonly #clock: Clock;
  readonly #run: () => Promise<void>;
  #isWanted = false;
  #isRunning = false;
  #isClosed = false;
  #lastAtMs = -Infinity;
  #timer: Timer | undefined;

  constructor(clock: Clock, run: () => Promise<void>) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Whatever was wanted before this call is seen by a pass that begins after it. */
  want(): void {
    this.#isWanted = true;
    if (this.#isClosed || this.#isRunning || this.#timer) return;
    // The clock may have been set back: never longer than the interval.
    const waitMs = Math.min(this.#lastAtMs + minPassIntervalMs - this.#clock.nowMs(), minPassIntervalMs);
    if (waitMs <= 0) return void this.#pass();
    this.#timer = this.#clock.after(waitMs, () => {
      this.#timer = undefined;
      void this.#pass();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #pass(): Promise<void> {
    this.#isWanted = false;
    this.#isRunning = true;
    this.#lastAtMs = this.#clock.nowMs();
    await this.#run().finally(() => (this.#isRunning = false));
    if (this.#isWanted) this.want();
  }
}
