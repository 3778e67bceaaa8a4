/** What the cases of a host's suite stand on: a host with programs in its domains, and what two of them share. */
import type { EventChannels, EventPort } from '../../../server/host/events';
import type { Grants, Mapped, Shared } from '../../../server/host/grants';

/** One program in one domain. */
export interface HostSide {
  readonly domid: number;
  readonly grants: Grants;
  readonly events: EventChannels;
  /** The program ends without having tidied up. */
  end(): void;
}

/**
 * `orderly`: its programs end first, and their notifications are done. `sudden`: its kernel stopped with it,
 * so nothing is cleared and nobody is signalled.
 */
export type DomainEnd = 'orderly' | 'sudden';

export interface HostUnderTest {
  /** Two programs in two domains that know nothing of each other yet. */
  readonly ours: HostSide;
  readonly theirs: HostSide;
  /** A third domain, which is nobody's business. */
  readonly stranger: HostSide;
  /** Ends the whole domain of a side. Called only in the ways that the host declares. */
  endDomain(side: HostSide, way: DomainEnd): void | Promise<void>;
  /** Resolves when every ring that has set out has arrived. */
  settled(): Promise<void>;
  close(): void | Promise<void>;
}

/** The list of all that may differ between hosts. */
export interface HostAbilities {
  /** How whole domains may be ended here. */
  readonly domainEnds: readonly DomainEnd[];
  /** Whether a third domain can be played; otherwise all three sides are programs of one. */
  readonly hasStranger: boolean;
  /**
   * Whether pages of a dead domain that are mapped can be mapped once more: so Xen does it, as long as a
   * mapping keeps the domain as a zombie.
   */
  readonly mapsZombies: boolean;
  /**
   * Whether ending a share that is in use is refused. Otherwise it is taken, and the kernel takes the
   * pages back with the last mapping: so Linux does it.
   */
  readonly knowsUse: boolean;
  /** Whether a byte can be changed in one piece; a runtime without buffers over memory needs libatomic. */
  readonly changesBits: boolean;
}

export class HostRig {
  host!: HostUnderTest;
  /** Whose domain the next tests will end, so that a side plays it that may. */
  dies: 'ours' | 'theirs' | undefined;

  constructor(readonly abilities: HostAbilities) {}

  get ours(): HostSide {
    return this.host.ours;
  }

  get theirs(): HostSide {
    return this.host.theirs;
  }

  get stranger(): HostSide {
    return this.host.stranger;
  }

  settled(): Promise<void> {
    return this.host.settled();
  }

  /** Our pages, lent to them. */
  share(pages = 1, writable = true): Shared {
    return this.ours.grants.share(this.theirs.domid, pages, { writable });
  }

  /** Our pages, as they map them. */
  map(grefs: readonly number[], access: 'read' | 'write' = 'write'): Mapped {
    return this.theirs.grants.map(this.ours.domid, grefs, access);
  }

  canBeMapped(grefs: readonly number[]): boolean {
    try {
      this.map(grefs, 'read').unmap();
      return true;
    } catch {
      return false;
    }
  }

  /** Two ends of one doorbell, with the event that Xen makes up at binding already taken. */
  async doorbell(): Promise<{ near: EventPort; far: EventPort }> {
    const near = this.ours.events.bindUnbound(this.theirs.domid);
    const far = this.theirs.events.bindInterdomain(this.ours.domid, near.port);
    far.onEvent = () => far.unmask();
    near.onEvent = () => near.unmask();
    await this.settled();
    return { near, far };
  }
}

/** Counts what a port is told. Whoever hears and does not unmask stays masked. */
export function listen(port: EventPort, { unmasks }: { readonly unmasks: boolean }): { events: number } {
  const heard = { events: 0 };
  port.onEvent = () => {
    heard.events++;
    if (unmasks) port.unmask();
  };
  return heard;
}
