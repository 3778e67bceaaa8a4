/**
 * Looking for a moment before sleeping, on a machine where the other side runs beside us. To sleep and be
 * woken costs both sides several system calls and the way through node's loop; whoever answers at once is
 * seen without. Between two looks the processor is offered to whoever else wants it, because that may be
 * the very process that is waited for.
 */
import type { Spin } from '../server/host/spin';
import type { XenLibraries } from './libraries/xenLibraries';

/** More than it takes to wake the other side up, so that two that slept find into step. */
const spinUs = 50;
/** After that the loop of node gets its turn, however well it goes: others wait for it. */
const maxTurnUs = 2_000;
/** Of an end that never finds anything in time, one wait in so many is begun by looking. */
const maxSkippedWaits = 255;
/** A miss that took so many times as long as it was to: others want the processor, and got a slice of it with each yield. */
const slowFactor = 4;

/** All that look in one process: they share its turns. */
export class NativeSpins {
  readonly #giveWay: () => void;
  readonly #nowMs: () => number;
  #turnBeganMs: number | undefined;

  /** `nowMs`: milliseconds since any moment, to the microsecond. */
  constructor(libraries: XenLibraries, nowMs = () => performance.now()) {
    this.#giveWay = libraries.functions('libc').sched_yield;
    this.#nowMs = nowMs;
  }

  /** For one end: whether it pays is another matter at each. */
  open(): Spin {
    /** How many waits a miss leaves out: doubled by each, and by one that others made long more than that. */
    let skipped = 0;
    let toSkip = 0;
    let wasSlow = false;
    const until = (isSo: () => boolean): boolean => {
      if (toSkip > 0) {
        toSkip--;
        return false;
      }
      const beganMs = this.#nowMs();
      if (!this.#hasTime(beganMs)) return false;
      let tookUs: number;
      do {
        if (isSo()) {
          // Where others want the processor a hit may be chance: it is trusted again step by step.
          skipped = wasSlow ? skipped >> 1 : 0;
          wasSlow &&= skipped > 0;
          return true;
        }
        this.#giveWay();
        tookUs = (this.#nowMs() - beganMs) * 1000;
      } while (tookUs < spinUs);
      wasSlow = tookUs >= slowFactor * spinUs;
      skipped = toSkip = Math.min(Math.max(2 * skipped + 1, Math.floor(tookUs / spinUs)), maxSkippedWaits);
      // What came too late has come all the same.
      return isSo();
    };
    return { until };
  }

  #hasTime(nowMs: number): boolean {
    if (this.#turnBeganMs === undefined) {
      this.#turnBeganMs = nowMs;
      setImmediate(() => (this.#turnBeganMs = undefined));
    }
    return nowMs - this.#turnBeganMs < maxTurnUs / 1000;
  }
}
