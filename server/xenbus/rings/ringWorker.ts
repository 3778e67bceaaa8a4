/** Drives the work of one end of a ring: begun by a doorbell or by somebody at this end, one step at a time. */
import { XenscopeError } from '../../host/errors';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps, StepVerdict } from '../../host/steps';

export class RingWorker {
  readonly #steps: RingSteps;
  readonly #work: () => RingWork<void>;
  readonly #onBroken: (error: XenscopeError) => void;
  #isAtWork = false;
  #mustLookAgain = false;
  #isOver = false;

  /** `onBroken`: the other side broke the rules of the ring; nothing more is done on it. */
  constructor(steps: RingSteps, work: () => RingWork<void>, onBroken: (error: XenscopeError) => void) {
    this.#steps = steps;
    this.#work = work;
    this.#onBroken = onBroken;
  }

  /** Begins the work, or once more after the one that is under way. */
  look(): void {
    this.#mustLookAgain = true;
    if (this.#isAtWork || this.#isOver) return;
    this.#isAtWork = true;
    this.#mustLookAgain = false;
    this.#goOn(this.#work(), 'do');
  }

  /** A step that is under way is never done. */
  close(): void {
    this.#isOver = true;
    this.#steps.drop?.();
  }

  #goOn(begun: RingWork<void>, first: StepVerdict): void {
    let work = begun;
    let verdict = first;
    while (!this.#isOver) {
      const step = this.#next(work, verdict);
      if (this.#isOver) return;
      verdict = 'do';
      if (step) {
        const later = this.#steps.before(step);
        if (!later) continue;
        void later.then((answer) => this.#goOn(work, answer));
        return;
      }
      if (!this.#mustLookAgain) break;
      this.#mustLookAgain = false;
      work = this.#work();
    }
    this.#isAtWork = false;
  }

  /** The step that comes next; undefined at the end of the work. */
  #next(work: RingWork<void>, verdict: StepVerdict) {
    try {
      const { done, value } = work.next(verdict);
      return done ? undefined : value;
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      this.close();
      // Pages that were taken away in the middle are the end of every device.
      if (error.code !== 'gone') this.#onBroken(error);
      return undefined;
    }
  }
}
