/**
 * Ring code is written in micro-steps: copy bytes, move an index, write a state word, ring the doorbell. Between two of
 * them somebody may come: a scheduler that draws the order from a seed, a debugger that holds, a
 * fault that loses a step. On a real host nobody does.
 */

/** `state`: a word beside the indices, e.g. the connection or the error word. */
export type RingStepKind = 'copy' | 'index' | 'state' | 'notify';

export interface RingStep {
  readonly kind: RingStepKind;
  /** Who does it, e.g. `guest` or `server`. */
  readonly side: string;
  /** For a person, e.g. `req_prod 0x10 → 0x20`. Made when it is read. */
  readonly text: string;
}

export interface RingSteps {
  /**
   * Called before each step. `undefined`: go on now; a promise: go on when it resolves. It resolves
   * to what is to be done with the step, for faults.
   */
  before(step: RingStep): Promise<StepVerdict> | undefined;
  /** The end was stopped: the step that waits is never done, its promise need not resolve. */
  drop?(): void;
}

/**
 * `skip`: the word is not written, the doorbell does not ring; a copy is made all the same. `twice`: the
 * doorbell rings twice. `torn`: the lower half of an index is written first, the rest in a step of its own.
 * `overrun`: a copy into a ring goes on once round it, over what was not read, and the index with it.
 */
export type StepVerdict = 'do' | 'skip' | 'twice' | 'torn' | 'overrun';

export const freeSteps: RingSteps = { before: () => undefined };
