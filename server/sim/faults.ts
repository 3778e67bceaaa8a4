/**
 * What can be made to go wrong in a world, each with a probability that is 0 until somebody turns
 * it. The chance is drawn from the world's seed, from a stream of its own: a fault that is not
 * turned on changes nothing.
 */
import { XenscopeError } from '../host/errors';
import type { WorldFault } from '../host/worldControl';
import type { SeededRandom } from './seededRandom';

/** docs/simulator.md shows this table; change both together. */
export const faultTexts = {
  lostNotify: 'A doorbell is rung and nobody hears it.',
  duplicatedNotify: 'A doorbell that is rung once is heard twice.',
  delayedDelivery: 'A doorbell is heard only 0.05 to 2 seconds after it was rung.',
  tornIndex: 'An index of a ring is written in two halves, and the other side may look in between.',
  slowReader: 'Who reads from a ring takes 0.2 to 3 seconds before it copies the bytes out.',
  crashInPacket:
    'A guest crashes when half the header of a request is in its ring, or half a write in a vchan.',
  corruptIndex: 'A guest writes a producer index that cannot be.',
  ignoredBackpressure:
    'A guest never looks for room in its request ring or in a vchan, and writes on over bytes that were not read.',
  hotplugHangs: 'The hotplug script of a new device never answers, and its backend stays in InitWait.',
  unseenBackend: 'A frontend does not see that its backend waits for it, and never shares its rings.',
} as const;

export type FaultName = keyof typeof faultTexts;

/** How many domains may have probabilities of their own; those that are gone are forgotten. */
const maxDomainsPerFault = 256;

interface Knob {
  probability: number;
  readonly ofDomains: Map<number, number>;
  count: number;
}

export class Faults {
  /** For what follows from a fault as well: how long, how far. */
  readonly random: SeededRandom;
  readonly #knobs = new Map<string, Knob>();
  readonly #changed: () => void;
  #isAny = false;

  constructor(random: SeededRandom, changed: () => void = () => undefined) {
    this.random = random;
    this.#changed = changed;
    for (const name of Object.keys(faultTexts)) {
      this.#knobs.set(name, { probability: 0, ofDomains: new Map(), count: 0 });
    }
  }

  list(): WorldFault[] {
    return [...this.#knobs].map(([name, { probability, ofDomains, count }]) => ({
      name,
      text: faultTexts[name as FaultName],
      probability,
      ofDomains: [...ofDomains].map(([domid, of]) => ({ domid, probability: of })),
      count,
    }));
  }

  set(name: string, probability: number, domid?: number): void {
    const knob = this.#knobs.get(name);
    if (!knob) {
      throw new XenscopeError('input', `There is no fault ${name}.`, {
        wayOut: `Choose one of ${[...this.#knobs.keys()].join(', ')}.`,
      });
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new XenscopeError('input', `${probability} is no probability.`, {
        wayOut: 'Give a number from 0 (never) to 1 (each time).',
      });
    }
    if (domid === undefined) knob.probability = probability;
    else if (probability === knob.probability) knob.ofDomains.delete(domid);
    else if (knob.ofDomains.has(domid) || knob.ofDomains.size < maxDomainsPerFault) {
      knob.ofDomains.set(domid, probability);
    } else {
      throw new XenscopeError('limit', `${name} is set for ${maxDomainsPerFault} domains already.`, {
        wayOut: 'Set it for all domains.',
      });
    }
    this.#noteChange();
  }

  /** Whether any fault is turned on: most worlds need not ask for each. */
  get isAny(): boolean {
    return this.#isAny;
  }

  /** Whether the fault strikes now. Draws nothing from the seed while it cannot. */
  strikes(name: FaultName, domid: number): boolean {
    const knob = this.#knobs.get(name)!;
    const probability = knob.ofDomains.get(domid) ?? knob.probability;
    if (probability === 0 || !this.random.chance(probability)) return false;
    knob.count++;
    this.#changed();
    return true;
  }

  /** A domain is gone: a later one of the same number begins without its faults. */
  forgetDomain(domid: number): void {
    let changed = false;
    for (const { ofDomains } of this.#knobs.values()) changed = ofDomains.delete(domid) || changed;
    if (changed) this.#noteChange();
  }

  #noteChange(): void {
    this.#isAny = [...this.#knobs.values()].some(
      ({ probability, ofDomains }) => probability > 0 || [...ofDomains.values()].some((of) => of > 0),
    );
    this.#changed();
  }
}
