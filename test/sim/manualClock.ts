/** A clock that only moves when a test says so, and shows what waits on it. */
import type { Clock, Timer } from '../../server/host/clock';

/** 2026-01-02 03:04:05 UTC: any fixed moment would do. */
export const fixedStartMs = Date.UTC(2026, 0, 2, 3, 4, 5);

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ atMs: number; run: () => void }>();

  constructor(startMs = fixedStartMs) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  get waiting(): number {
    return this.#timers.size;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Moves on and runs what is due, in order. */
  tick(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#nowMs = due.atMs;
      due.run();
    }
    this.#nowMs = untilMs;
  }
}
