/**
 * Notices when a server that was asked something says nothing at all for too long: one that was
 * stopped keeps its connections, and whoever waits for it would wait for ever.
 */
import type { Clock, Timer } from '../../host/clock';

export class Silence {
  #timer: Timer | undefined;
  #ticks = 0;

  constructor(
    private readonly clock: Clock,
    readonly maxMs: number,
    private readonly onTooLong: () => void,
  ) {}

  /** Something is asked now. */
  begin(): void {
    if (this.#timer) return;
    this.#ticks = 1;
    this.#wait();
  }

  /** The server said something; `end` when nothing is left to be said. */
  broken(): void {
    this.#ticks = 0;
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** In ticks, so that the time for which a machine was suspended counts as one at most. */
  #wait(): void {
    this.#timer = this.clock.after(this.maxMs / 2, () => {
      this.#timer = undefined;
      if (++this.#ticks > 2) this.onTooLong();
      else this.#wait();
    });
  }
}
