/** The steps of both ends of a store ring in a world, and how they go wrong where a fault strikes. */
import type { SharedMemory } from '../../host/memory';
import type { RingStep, RingSteps, StepVerdict } from '../../host/steps';
import { advanceIndex } from '../../wire/ringIndex';
import { XS_RING_BYTES, XS_RING_PAGE } from '../../wire/xsRing';
import type { Domain } from '../domain';
import type { WorldTime } from '../due';
import type { Faults } from '../faults';
import { scheduledSteps } from './scheduledSteps';

const { req_prod, req_cons } = XS_RING_PAGE.fields;
const halfAHeaderBytes = 8;

/** Told before each step, of either end. */
export type StepListener = (side: 'guest' | 'server', step: RingStep) => void;

export interface StoreRingStepsOptions {
  readonly time: WorldTime;
  readonly faults: Faults;
  readonly domain: Domain;
  /** The page, as this end has it. */
  readonly memory: SharedMemory;
  readonly side: 'guest' | 'server';
  readonly onStep: StepListener;
}

export function storeRingSteps(options: StoreRingStepsOptions): RingSteps {
  const { time, faults, domain, side, onStep } = options;
  const isGuest = side === 'guest';
  const name = `${domain.name} (domain ${domain.domid})`;
  const who = isGuest ? `${name}, on the ring` : `xenstored, on the ring of ${name}`;
  return scheduledSteps({
    time,
    faults,
    domain,
    // The server's end runs in domain 0, whatever becomes of the guest.
    gate: isGuest ? domain.gate : undefined,
    textOf: ({ text }) => `${who}: ${text}.`,
    verdictOf: (step) => {
      const verdict = isGuest ? guestVerdict(options, step) : serverVerdict(options, step);
      // A kernel that has just crashed does nothing more.
      if (verdict !== undefined) onStep(side, step);
      return verdict;
    },
  });
}

function serverVerdict({ faults, domain }: StoreRingStepsOptions, step: RingStep): StepVerdict {
  return step.kind === 'index' && faults.strikes('tornIndex', domain.domid) ? 'torn' : 'do';
}

function guestVerdict(options: StoreRingStepsOptions, step: RingStep): StepVerdict | undefined {
  const { faults, domain, memory } = options;
  const { domid } = domain;
  if (!faults.isAny) return 'do';
  if (writes(step)) return faults.strikes('ignoredBackpressure', domid) ? 'overrun' : 'do';
  if (step.kind !== 'index') return 'do';
  if (step.text.startsWith('req_prod')) {
    const prod = memory.load32(req_prod.offsetBytes);
    const cons = memory.load32(req_cons.offsetBytes);
    const write = (index: number) => memory.store32(req_prod.offsetBytes, index);
    if (faults.strikes('crashInPacket', domid)) {
      write(advanceIndex(prod, halfAHeaderBytes));
      domain.shutdown('crash');
      return undefined;
    }
    if (faults.strikes('corruptIndex', domid)) {
      write(insaneIndex(faults, cons));
      return 'skip';
    }
  }
  return faults.strikes('tornIndex', domid) ? 'torn' : 'do';
}

/** Further from the consumer's than a ring is long, as a wild write leaves it. */
export function insaneIndex(faults: Faults, cons: number): number {
  return advanceIndex(cons, faults.random.between(XS_RING_BYTES + 1, 2 ** 31));
}

const writes = ({ kind, text }: RingStep) => kind === 'copy' && text.includes(' bytes into ');
