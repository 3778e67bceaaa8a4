/**
 * Ring code is written in micro-steps: write bytes, move an index, ring the doorbell. Between two of
 * them somebody may come: a scheduler that draws the order from a seed, a debugger that holds, a
 * fault that loses a step. On a real host nobody does.
 */

export type RingStepKind = 'copy' | 'index' | 'notify';

export interface RingStep {
  readonly kind: RingStepKind;
  /** Who does it, e.g. `guest` or `server`. */
  readonly side: string;
  /** For a person, e.g. `req_prod 0x10 → 0x20`. */
  readonly text: string;
}

export interface RingSteps {
  /**
   * Called before each step. `undefined`: go on now; a promise: go on when it resolves. It resolves
   * to what is to be done with the step, for faults.
   */
  before(step: RingStep): Promise<StepVerdict> | undefined;
}

/** `skip`: a lost doorbell. `twice`: a duplicated one. `torn`: half of the word is written first. */
export type StepVerdict = 'do' | 'skip' | 'twice' | 'torn';

export const freeSteps: RingSteps = { before: () => undefined };
