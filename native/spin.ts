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
/** A look that took so many times as long as it was to: others want the processor, and got a slice of it with a yield. */
const slowFactor = 4;
/** Each costs as much as hundreds of sleeps: where there is one after the other, each leaves out twice as many waits. */
const maxSlowSkippedWaits = 10_000;
/** So many hits since the last one: nobody else wants the processor all the time. */
const trustedHits = 64;

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
    /** How many waits the last miss left out, unless others made it long: doubled by each. */
    let skipped = 0;
    let toSkip = 0;
    /** How many the last slow look left out; 0 when there was none lately. */
    let slowSkipped = 0;
    let hits = 0;
    const until = (isSo: () => boolean): boolean => {
      if (toSkip > 0) {
        toSkip--;
        return false;
      }
      const beganMs = this.#nowMs();
      if (!this.#hasTime(beganMs)) return false;
      let tookUs = 0;
      let hasCome: boolean;
      while (!(hasCome = isSo()) && tookUs < spinUs) {
        this.#giveWay();
        tookUs = (this.#nowMs() - beganMs) * 1000;
      }
      if (tookUs >= slowFactor * spinUs) {
        const least = Math.floor(tookUs / spinUs);
        toSkip = slowSkipped = Math.min(Math.max(least, 2 * slowSkipped), maxSlowSkippedWaits);
        hits = 0;
        return hasCome;
      }
      if (hasCome && ++hits >= trustedHits) slowSkipped = 0;
      // Later than it was waited for, but this processor was well spent: the other side had it.
      skipped = toSkip = hasCome ? 0 : Math.min(2 * skipped + 1, maxSkippedWaits);
      return hasCome;
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
