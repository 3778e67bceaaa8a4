/** The steps of an end of a vchan in a world, and how they go wrong where a fault strikes. */
import type { SharedMemory } from '../../host/memory';
import type { RingStep, RingSteps, StepVerdict } from '../../host/steps';
import { advanceIndex } from '../../wire/ringIndex';
import { VCHAN_PAGE } from '../../wire/vchanPage';
import { VCHAN_RING_BYTES_MAX } from '../../wire/vchanRings';
import type { Domain } from '../domain';
import type { WorldTime } from '../due';
import type { Faults } from '../faults';
import { scheduledSteps } from './scheduledSteps';

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
  const { domid, gate, name } = domain;
  return scheduledSteps({
    time,
    faults,
    domain,
    gate,
    textOf: ({ side, text }) => `${name} (domain ${domid}), as the ${side} of its vchan: ${text}.`,
    verdictOf: (step) => verdictOf(options, step),
  });
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
