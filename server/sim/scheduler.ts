/**
 * The time of a world. Everything that waits in it waits here, so that a world can run at any pace,
 * stand still, or be moved on by hand in no time at all.
 *
 * With a pace above 0 the world's time follows the given clock, `pace` times as fast. With pace 0
 * nothing happens by itself; `advance` then runs what is due, in order, one timer at a time.
 */
import type { Clock, Timer } from '../host/clock';

/** Far more than the demo world uses: a guest that only ever adds timers is stopped here. */
const maxTimers = 10_000;
/** Timers of the machine overflow at 2^31 ms; a longer wait is taken in several parts. */
const maxRealWaitMs = 3_600_000;
export const maxPace = 1000;

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

export interface SchedulerOptions {
  readonly clock: Clock;
  /** The world's time at the beginning, in milliseconds since the epoch. */
  readonly startMs: number;
  /** Resolves when everything that a timer set off has come to rest. */
  readonly settled: () => Promise<void>;
}

export class Scheduler implements Clock {
  readonly #clock: Clock;
  readonly #settled: () => Promise<void>;
  /** Ordered by time; of two with the same time the older one comes first. */
  readonly #queue: Due[] = [];
  #pace = 0;
  /** The world's time was `#worldMs` when the clock showed `#clockMs`. */
  #worldMs: number;
  #clockMs: number;
  #wake: Timer | undefined;
  #advancing = false;
  #closed = false;

  constructor({ clock, startMs, settled }: SchedulerOptions) {
    this.#clock = clock;
    this.#settled = settled;
    this.#worldMs = startMs;
    this.#clockMs = clock.nowMs();
  }

  get pace(): number {
    return this.#pace;
  }

  /** Takes effect at once: waits that are under way get shorter, longer, or stand still. */
  set pace(pace: number) {
    this.#rebase();
    this.#pace = Number.isFinite(pace) ? Math.min(Math.max(pace, 0), maxPace) : 0;
    this.#arm();
  }

  get waiting(): number {
    return this.#queue.length;
  }

  nowMs(): number {
    if (this.#advancing) return this.#worldMs;
    // A machine's clock may be set back; the world's time never runs backwards.
    const elapsedMs = Math.max(this.#clock.nowMs() - this.#clockMs, 0);
    return this.#worldMs + elapsedMs * this.#pace;
  }

  after(delayMs: number, run: () => void): Timer {
    if (this.#closed) return { cancel: () => undefined };
    if (this.#queue.length >= maxTimers) {
      throw new Error(`The world has ${maxTimers} timers already; something in it only ever adds more.`);
    }
    const due: Due = { atMs: this.nowMs() + Math.max(delayMs, 0), run };
    this.#queue.splice(this.#placeOf(due.atMs), 0, due);
    if (this.#queue[0] === due) this.#arm();
    return {
      cancel: () => {
        const place = this.#queue.indexOf(due);
        if (place >= 0) this.#queue.splice(place, 1);
      },
    };
  }

  /** Moves the world on by `ms` of its own time, as fast as it can go. One call at a time. */
  async advance(ms: number): Promise<void> {
    if (this.#advancing) throw new Error('The world is being moved on already.');
    this.#rebase();
    this.#advancing = true;
    this.#wake?.cancel();
    const untilMs = this.#worldMs + ms;
    try {
      await this.#settled();
      while (this.#queue.length > 0 && this.#queue[0]!.atMs <= untilMs) {
        const due = this.#queue.shift()!;
        this.#worldMs = Math.max(this.#worldMs, due.atMs);
        due.run();
        await this.#settled();
      }
      this.#worldMs = Math.max(this.#worldMs, untilMs);
    } finally {
      this.#clockMs = this.#clock.nowMs();
      this.#advancing = false;
      this.#arm();
    }
  }

  /** Ends all waiting; nothing will be called any more. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#wake?.cancel();
  }

  #rebase(): void {
    this.#worldMs = this.nowMs();
    this.#clockMs = this.#clock.nowMs();
  }

  #arm(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
    const first = this.#queue[0];
    if (!first || this.#pace === 0 || this.#advancing || this.#closed) return;
    const waitMs = Math.max(first.atMs - this.nowMs(), 0) / this.#pace;
    this.#wake = this.#clock.after(Math.min(waitMs, maxRealWaitMs), () => this.#runDue());
  }

  #runDue(): void {
    const nowMs = this.nowMs();
    try {
      while (this.#queue.length > 0 && this.#queue[0]!.atMs <= nowMs) this.#queue.shift()!.run();
    } finally {
      this.#arm();
    }
  }

  #placeOf(atMs: number): number {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#queue[middle]!.atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
