/**
 * What the hypervisor knows: which domains there are, and whether they run. A domain's shutdown and
 * death reach the store from here, as a real one hears of them by VIRQ_DOM_EXC.
 */
import { Domain } from './domain';
import type { DomainPorts } from './domain';
import type { Machine, StartInfo } from './machine/machine';
import type { ShutdownReason } from '../host/worldControl';

/** DOMID_FIRST_RESERVED of xen/include/public/xen.h: domids from here on mean something else. */
const FIRST_RESERVED_DOMID = 0x7ff0;

/** The part of a xenstored that a hypervisor tells of its domains. */
export interface DomainListener {
  domainCreated(domid: number): void;
  domainShutdown(domid: number): void;
  domainDied(domid: number): void;
}

export const dom0Name = 'Domain-0';

export class Hypervisor {
  readonly dom0: Domain;
  readonly #ports: DomainPorts;
  readonly #listener: DomainListener;
  readonly #machine: Machine;
  readonly #domains = new Map<number, Domain>();
  #lastDomid = 0;

  constructor(ports: DomainPorts, machine: Machine, listener: DomainListener) {
    this.#ports = ports;
    this.#machine = machine;
    this.#listener = listener;
    this.dom0 = this.#add(0, dom0Name);
    this.dom0.begin();
  }

  /** A new domain, still empty and paused. Domids count up and are used again only after all others. */
  createDomain(name: string): Domain {
    do {
      this.#lastDomid = (this.#lastDomid % (FIRST_RESERVED_DOMID - 1)) + 1;
    } while (this.#domains.has(this.#lastDomid));
    return this.#add(this.#lastDomid, name);
  }

  get(domid: number): Domain | undefined {
    return this.#domains.get(domid);
  }

  byName(name: string): Domain | undefined {
    return this.list().find((domain) => domain.name === name);
  }

  list(): Domain[] {
    return [...this.#domains.values()];
  }

  /** The pages and doorbells that the domain builder made. */
  startInfo({ domid }: Domain): StartInfo {
    return this.#machine.startInfo(domid);
  }

  /** The guest starts another kernel and tells nobody: what the old one held is gone without a word. */
  kexec(domain: Domain): void {
    this.#machine.kexec(domain.domid);
    domain.replaceKernel();
  }

  /** SHUTDOWN_soft_reset, as the toolstack answers it: the pages stay, everything else is new. */
  softReset(domain: Domain): void {
    this.#machine.softReset(domain.domid);
    domain.replaceKernel();
  }

  /** Ends a domain for good: its memory, its connection and what it owns in the store are gone. */
  destroy(domain: Domain): void {
    if (!this.#domains.delete(domain.domid)) return;
    domain.halt('poweroff');
    this.#listener.domainDied(domain.domid);
    // As when its last processor has stopped: nothing of it can clean up or ring any more.
    this.#machine.destroyDomain(domain.domid, { sudden: true });
    this.#ports.changed();
  }

  /** Stops everything that runs; the world is coming to its end. */
  stop(): void {
    for (const domain of this.list()) domain.halt('poweroff');
  }

  #add(domid: number, name: string): Domain {
    const domain = new Domain(domid, name, this.#ports, (reason: ShutdownReason) => {
      this.#ports.log(`${name} (domain ${domid}) shuts down: ${reason}`);
      if (reason === 'suspend') domain.standStill();
      else domain.halt(reason);
      if (this.#domains.has(domid)) this.#listener.domainShutdown(domid);
    });
    this.#domains.set(domid, domain);
    this.#machine.createDomain(domid);
    this.#listener.domainCreated(domid);
    this.#ports.changed();
    return domain;
  }
}
