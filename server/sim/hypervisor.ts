/**
 * What the hypervisor knows: which domains there are, and whether they run. A domain's shutdown and
 * death reach the store from here, as a real one hears of them by VIRQ_DOM_EXC.
 */
import { Domain } from './domain';
import type { DomainPorts, ShutdownReason } from './domain';

/** DOMID_FIRST_RESERVED of xen/include/public/xen.h: domids from here on mean something else. */
const FIRST_RESERVED_DOMID = 0x7ff0;

/** The part of a xenstored that a hypervisor tells of its domains. */
export interface DomainListener {
  domainCreated(domid: number): void;
  domainShutdown(domid: number): void;
  domainDied(domid: number): void;
}

export class Hypervisor {
  readonly dom0: Domain;
  readonly #ports: DomainPorts;
  readonly #listener: DomainListener;
  readonly #domains = new Map<number, Domain>();
  #lastDomid = 0;

  constructor(ports: DomainPorts, listener: DomainListener) {
    this.#ports = ports;
    this.#listener = listener;
    this.dom0 = this.#add(0, 'Domain-0');
    this.dom0.unpause();
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

  /** Ends a domain for good: its memory, its connection and what it owns in the store are gone. */
  destroy(domain: Domain): void {
    if (!this.#domains.delete(domain.domid)) return;
    domain.halt('poweroff');
    this.#listener.domainDied(domain.domid);
  }

  /** Stops everything that runs; the world is coming to its end. */
  stop(): void {
    for (const domain of this.list()) domain.halt('poweroff');
  }

  #add(domid: number, name: string): Domain {
    const domain = new Domain(domid, name, this.#ports, (reason: ShutdownReason) => {
      this.#ports.log(`${name} (domain ${domid}) shuts down: ${reason}`);
      domain.halt(reason);
      if (this.#domains.has(domid)) this.#listener.domainShutdown(domid);
    });
    this.#domains.set(domid, domain);
    this.#listener.domainCreated(domid);
    return domain;
  }
}
