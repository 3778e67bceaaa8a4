/** Lets an end of a vchan go on step by step, when the scheduler says so, and makes the steps go wrong where a fault strikes. */
import type { Timer } from '../../host/clock';
import type { SharedMemory } from '../../host/memory';
import type { RingStep, RingSteps, StepVerdict } from '../../host/steps';
import { advanceIndex } from '../../wire/ringIndex';
import { VCHAN_PAGE } from '../../wire/vchanPage';
import { VCHAN_RING_BYTES_MAX } from '../../wire/vchanRings';
import type { Domain } from '../domain';
import type { What, WorldTime } from '../due';
import type { Faults } from '../faults';

const { fields } = VCHAN_PAGE;
const mostDistance = 2 ** 31;

export interface VchanStepsOptions {
  readonly time: WorldTime;
  readonly faults: Faults;
  readonly domain: Domain;
  /** The page of the vchan, as this end has it. */
  readonly control: SharedMemory;
  /** Whether a wild write is to take the place of the next move of a producer's index. */
  readonly isWild?: () => boolean;
}

export function vchanSteps(options: VchanStepsOptions): RingSteps {
  const { time, faults, domain } = options;
  /** A reader and a writer may both be at a step. */
  const waiting = new Set<Timer>();
  return {
    before: (step) =>
      new Promise<StepVerdict>((resolve) => {
        const go = () => {
          waiting.delete(timer);
          resolve(verdictOf(options, step));
        };
        const what = new Step(step, domain);
        const isSlow = faults.isAny && isRead(step) && faults.strikes('slowReader', domain.domid);
        const timer = isSlow ? time.after(faults.random.between(200, 3000), go, what) : time.soon(go, what);
        waiting.add(timer);
      }),
    // Otherwise the step of an end that is gone would strike pages that are no longer its own.
    drop: () => {
      for (const timer of waiting) timer.cancel();
      waiting.clear();
    },
  };
}

function verdictOf({ faults, domain, control, isWild }: VchanStepsOptions, step: RingStep): StepVerdict {
  if (step.kind !== 'index' || !(faults.isAny || isWild)) return 'do';
  const word = step.text.split(' ')[0]!;
  const strikes = () => isWild?.() || faults.strikes('corruptIndex', domain.domid);
  if (word.endsWith('_prod') && strikes()) {
    corruptIndex(control, word as 'left_prod' | 'right_prod', faults.random);
    return 'skip';
  }
  return faults.strikes('tornIndex', domain.domid) ? 'torn' : 'do';
}

/** Writes a producer's index further from the consumer's than the longest ring is long, as a wild write leaves it. */
export function corruptIndex(
  control: SharedMemory,
  word: 'left_prod' | 'right_prod',
  random: { between(least: number, most: number): number },
): void {
  const cons = control.load32(fields[word === 'left_prod' ? 'left_cons' : 'right_cons'].offsetBytes);
  const distance = random.between(VCHAN_RING_BYTES_MAX + 1, mostDistance);
  control.store32(fields[word].offsetBytes, advanceIndex(cons, distance));
}

const isRead = ({ kind, text }: RingStep) => kind === 'copy' && text.includes(' out of ');

/** Says its sentence only when asked. */
class Step implements What {
  readonly kind = 'ringStep';
  readonly domid: number;
  readonly gate: What['gate'];

  constructor(
    private readonly step: RingStep,
    private readonly domain: Domain,
  ) {
    this.domid = domain.domid;
    this.gate = domain.gate;
  }

  get text(): string {
    const { name, domid } = this.domain;
    return `${name} (domain ${domid}), as the ${this.step.side} of its vchan: ${this.step.text}.`;
  }
}
