/** All store rings of a world: the kernels at the guests' ends, the attachments at the server's. */
import type { RingAttachment } from '../../store/ring/serverRing';
import type { Domain } from '../domain';
import type { WorldTime } from '../due';
import type { Faults } from '../faults';
import type { Machine } from '../machine/machine';
import { storeRings } from '../machine/storeRings';
import { GuestKernel } from './guestKernel';
import { storeRingSteps } from './storeRingSteps';
import type { StepListener } from './storeRingSteps';

export interface KernelsOptions {
  readonly machine: Machine;
  readonly time: WorldTime;
  readonly faults: Faults;
  domain(domid: number): Domain | undefined;
}

export class Kernels {
  readonly #options: KernelsOptions;
  readonly #byDomid = new Map<number, GuestKernel>();
  readonly #listeners = new Map<number, Set<StepListener>>();
  #rings: ReturnType<typeof storeRings> | undefined;

  constructor(options: KernelsOptions) {
    this.#options = options;
  }

  /** A kernel boots in the domain and takes its ring. */
  boot(domain: Domain): GuestKernel {
    const { machine, time, faults } = this.#options;
    const { domid } = domain;
    const kernel = new GuestKernel({
      domain,
      start: machine.startInfo(domid).xenstore,
      time,
      faults,
      onStep: this.#teller(domid),
    });
    this.#byDomid.set(domid, kernel);
    return kernel;
  }

  get(domid: number): GuestKernel | undefined {
    return this.#byDomid.get(domid);
  }

  forget(domid: number): void {
    this.#byDomid.delete(domid);
    this.#listeners.delete(domid);
  }

  /** What INTRODUCE does for the store. */
  attach(domid: number, gfn: number, port: number): RingAttachment {
    const { machine, time, faults, domain } = this.#options;
    // Domain 0 exists by now.
    this.#rings ??= storeRings(machine);
    const attached = this.#rings.attach(domid, gfn, port);
    const owner = domain(domid);
    if (!owner) return attached;
    const { memory } = attached;
    const steps = storeRingSteps({
      time,
      faults,
      domain: owner,
      memory,
      side: 'server',
      onStep: this.#teller(domid),
    });
    return { ...attached, steps };
  }

  /** Calls `listener` before each step of either end of a domain's ring; returns how to stop. */
  listen(domid: number, listener: StepListener): () => void {
    const listeners = this.#listeners.get(domid) ?? new Set();
    this.#listeners.set(domid, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  #teller(domid: number): StepListener {
    return (side, step) => {
      const listeners = this.#listeners.get(domid);
      if (listeners) for (const listener of [...listeners]) listener(side, step);
    };
  }
}
