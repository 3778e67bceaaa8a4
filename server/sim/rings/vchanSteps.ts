/** The steps of an end of a vchan in a world, and how they go wrong where a fault strikes. */
import type { SharedMemory } from '../../host/memory';
import type { RingStep, RingSteps, StepVerdict } from '../../host/steps';
import { advanceIndex, indexDistance } from '../../wire/ringIndex';
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

function verdictOf(options: VchanStepsOptions, step: RingStep): StepVerdict | undefined {
  const { faults, domain, control, isWild } = options;
  const { domid } = domain;
  if (!(faults.isAny || isWild)) return 'do';
  if (writes(step)) return faults.strikes('ignoredBackpressure', domid) ? 'overrun' : 'do';
  if (step.kind !== 'index') return 'do';
  const move = producerMove.exec(step.text);
  if (move) {
    const word = move[1] as 'left_prod' | 'right_prod';
    // Without domain 0 there is no world.
    if (domid !== 0 && faults.strikes('crashInPacket', domid)) {
      const [from, to] = [parseInt(move[2]!, 16), parseInt(move[3]!, 16)];
      control.store32(fields[word].offsetBytes, advanceIndex(from, indexDistance(to, from) >>> 1));
      domain.shutdown('crash');
      return undefined;
    }
    if (isWild?.() || faults.strikes('corruptIndex', domid)) {
      corruptIndex(control, word, faults.random);
      return 'skip';
    }
  }
  return faults.strikes('tornIndex', domid) ? 'torn' : 'do';
}

/** As `moveIndex` says it. */
const producerMove = /^(left_prod|right_prod) 0x([0-9a-f]+) → 0x([0-9a-f]+)$/;

const writes = ({ kind, text }: RingStep) => kind === 'copy' && text.includes(' bytes into ');

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
