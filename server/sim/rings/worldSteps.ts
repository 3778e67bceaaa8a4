/**
 * Lets both ends of a store ring go on step by step, when the scheduler says so, and makes the steps
 * go wrong where a fault strikes.
 */
import type { Timer } from '../../host/clock';
import type { SharedMemory } from '../../host/memory';
import type { RingStep, RingSteps, StepVerdict } from '../../host/steps';
import { advanceIndex } from '../../wire/ringIndex';
import { XS_RING_BYTES, XS_RING_PAGE } from '../../wire/xsRing';
import type { Domain } from '../domain';
import type { What, WorldTime } from '../due';
import type { Faults } from '../faults';

const { req_prod, req_cons } = XS_RING_PAGE.fields;
const halfAHeaderBytes = 8;

/** Told before each step, of either end. */
export type StepListener = (side: 'guest' | 'server', step: RingStep) => void;

export interface WorldStepsOptions {
  readonly time: WorldTime;
  readonly faults: Faults;
  readonly domain: Domain;
  /** The page, as this end has it. */
  readonly memory: SharedMemory;
  readonly side: 'guest' | 'server';
  readonly onStep: StepListener;
}

export function worldSteps(options: WorldStepsOptions): RingSteps {
  const { time, faults, domain, side, onStep } = options;
  /** What waits in the world for this end; one step at a time. */
  let waiting: Timer | undefined;
  return {
    before: (step) =>
      new Promise<StepVerdict>((resolve) => {
        const go = () => {
          waiting = undefined;
          const verdict = side === 'guest' ? guestVerdict(options, step) : serverVerdict(options, step);
          // A kernel that has just crashed does nothing more.
          if (verdict === undefined) return;
          onStep(side, step);
          resolve(verdict);
        };
        const what = new Step(step, side, domain);
        if (faults.isAny && reads(step) && faults.strikes('slowReader', domain.domid)) {
          waiting = time.after(faults.random.between(200, 3000), go, what);
        } else waiting = time.soon(go, what);
      }),
    // Otherwise the step of a kernel that is gone would strike the page of the next one.
    drop: () => {
      waiting?.cancel();
      waiting = undefined;
    },
  };
}

function serverVerdict({ faults, domain }: WorldStepsOptions, step: RingStep): StepVerdict {
  return step.kind === 'index' && faults.strikes('tornIndex', domain.domid) ? 'torn' : 'do';
}

function guestVerdict(options: WorldStepsOptions, step: RingStep): StepVerdict | undefined {
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
const reads = ({ kind, text }: RingStep) => kind === 'copy' && text.includes(' out of ');

/** Says its sentence only when asked. */
class Step implements What {
  readonly kind = 'ringStep';
  readonly domid: number;
  readonly gate: What['gate'];

  constructor(
    private readonly step: RingStep,
    private readonly side: 'guest' | 'server',
    private readonly domain: Domain,
  ) {
    this.domid = domain.domid;
    // The server's end runs in domain 0, whatever becomes of the guest.
    this.gate = side === 'guest' ? domain.gate : undefined;
  }

  get text(): string {
    const { name, domid } = this.domain;
    const who = this.side === 'guest' ? `${name} (domain ${domid})` : 'xenstored';
    const where = this.side === 'guest' ? '' : ` of ${name} (domain ${domid})`;
    return `${who}, on the ring${where}: ${this.step.text}.`;
  }
}
