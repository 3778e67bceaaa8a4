/** Lets one end of a ring go on step by step, when the scheduler says so. A reader is slow where that fault strikes. */
import type { Timer } from '../../host/clock';
import type { RingStep, RingSteps, StepVerdict } from '../../host/steps';
import type { Domain } from '../domain';
import type { Gate, What, WorldTime } from '../due';
import type { Faults } from '../faults';

/** How long a slow reader takes for a step. */
const slowMs = { least: 200, most: 3_000 } as const;

export interface ScheduledStepsOptions {
  readonly time: WorldTime;
  readonly faults: Faults;
  /** Whose ring it is. */
  readonly domain: Domain;
  /** Shut while whoever takes the steps stands still; undefined for a part of domain 0, which never does. */
  readonly gate: Gate | undefined;
  /** One sentence for each step; asked for when somebody reads it. */
  readonly textOf: (step: RingStep) => string;
  /** Asked when a step's turn has come. Undefined: whoever was to take it is gone, and it is never taken. */
  readonly verdictOf: (step: RingStep) => StepVerdict | undefined;
}

export function scheduledSteps(options: ScheduledStepsOptions): RingSteps {
  const { time, faults, domain, verdictOf } = options;
  /** A reader and a writer may both be at a step. */
  const waiting = new Set<Timer>();
  return {
    before: (step) =>
      new Promise<StepVerdict>((resolve) => {
        const go = () => {
          waiting.delete(timer);
          const verdict = verdictOf(step);
          if (verdict !== undefined) resolve(verdict);
        };
        const what = new StepMove(step, options);
        const isSlow = faults.isAny && isRead(step) && faults.strikes('slowReader', domain.domid);
        const timer = isSlow
          ? time.after(faults.random.between(slowMs.least, slowMs.most), go, what)
          : time.soon(go, what);
        waiting.add(timer);
      }),
    // Otherwise the step of an end that is gone would strike pages that are no longer its own.
    drop: () => {
      for (const timer of waiting) timer.cancel();
      waiting.clear();
    },
  };
}

function isRead({ kind, text }: RingStep): boolean {
  return kind === 'copy' && text.includes(' out of ');
}

/** Says its sentence only when asked. */
class StepMove implements What {
  readonly kind = 'ringStep';
  readonly domid: number;
  readonly gate: What['gate'];

  constructor(
    private readonly step: RingStep,
    private readonly end: ScheduledStepsOptions,
  ) {
    this.domid = end.domain.domid;
    this.gate = end.gate;
  }

  get text(): string {
    return this.end.textOf(this.step);
  }
}
