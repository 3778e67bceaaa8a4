/**
 * A simulated machine: domains that lend each other pages and ring each other's doorbells, by the
 * rules of Xen's grant tables and event channels. What a domain does with them is not its business.
 */
import type { Random, Clock } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import { PAGE_BYTES, type PagePool } from '../../host/pages';
import type { ReachedRing } from '../../host/program';
import { promptSchedule } from './delivery';
import type { Schedule } from './delivery';
import { EventTable } from './eventTable';
import type { Port } from './eventTable';
import { Frames } from './frames';
import { CONSOLE_GREF, GrantTable, RESERVED_GREFS, XENSTORE_GREF } from './grantTable';
import type { Grant } from './grantTable';
import { GuestDomain } from './guestDomain';
import { MachineObserver } from './machineObserver';
import { ProgramPorts } from './programPorts';

/** As many as 64 frames of version 1 entries hold, Xen's default for a guest. */
const maxGrantsPerDomain = 32_768;
/** What the two-level ABI has on 64-bit machines, without port 0. */
const maxPortsPerDomain = 4095;
export const maxMappedPagesPerDomain = 65_536;

/** Where the domain builder puts them in an HVM guest: the special pages below 0xff000. */
const XENSTORE_GFN = 0xfeffc;
const CONSOLE_GFN = 0xfefff;

export interface MachineOptions {
  readonly pool: PagePool;
  /** The machine's time and chance, for schedules and faults. */
  readonly clock: Clock;
  readonly random: Random;
  /** How doorbells travel; promptly and in order when absent. */
  readonly schedule?: Schedule;
  readonly maxGrants?: number;
  readonly maxPorts?: number;
  readonly maxMappedPages?: number;
}

/** A page that the domain builder made, as the domain finds it when it starts. */
export interface StartPage {
  /** The guest frame number, as INTRODUCE names it. */
  readonly gfn: number;
  /** The reserved grant under which domain 0 maps it. */
  readonly gref: number;
  readonly memory: SharedMemory;
  /** The domain's end of the doorbell, unbound for domain 0 at first. */
  readonly port: EventPort;
}

export interface StartInfo {
  readonly xenstore: StartPage;
  /** Domain 0 has none. */
  readonly console: StartPage | undefined;
}

/** Somebody who maps pages of a domain. */
export interface Holder {
  readonly domid: number;
  /** The grants of the owner that are mapped, once for each mapping. */
  readonly grefs: readonly number[];
  /** The owner is dead, and its pages live on because of this. */
  readonly ownerIsDead: boolean;
}

/** Pages that a domain lends to another one by grants that it made itself. */
export interface Lent {
  readonly ownerDomid: number;
  readonly toDomid: number;
  readonly frames: Frames;
  /** One for each page, in their order. */
  readonly grants: readonly Grant[];
}

export interface Usage {
  /** Those that are ending because somebody still maps them included. */
  readonly grants: number;
  readonly ports: number;
  /** Pages of others, each as often as it is mapped. */
  readonly mappedPages: number;
}

interface StartPageInside extends StartPage {
  readonly frames: Frames;
  readonly port: Port;
}

export interface StartInfoInside {
  readonly xenstore: StartPageInside;
  readonly console: StartPageInside | undefined;
}

export class Machine {
  readonly clock: Clock;
  readonly random: Random;
  readonly #pool: PagePool;
  readonly #schedule: Schedule;
  readonly #limits: { readonly grants: number; readonly ports: number; readonly mappedPages: number };
  readonly #domains = new Map<number, GuestDomain>();
  readonly #starts = new Map<number, StartInfoInside>();
  /** Who is to be told when a domain ends, by its number. */
  readonly #endListeners = new Map<number, Set<() => void>>();
  readonly #observer: MachineObserver;
  #pagesInUse = 0;

  constructor({ pool, clock, random, schedule, maxGrants, maxPorts, maxMappedPages }: MachineOptions) {
    this.clock = clock;
    this.random = random;
    this.#pool = pool;
    this.#schedule = schedule ?? promptSchedule();
    this.#limits = {
      grants: maxGrants ?? maxGrantsPerDomain,
      ports: maxPorts ?? maxPortsPerDomain,
      mappedPages: maxMappedPages ?? maxMappedPagesPerDomain,
    };
    this.#observer = new MachineObserver(
      () => this.#starts,
      () => this.lent(),
      {
        grant: (domid, gref) => this.#domains.get(domid)?.grants.find(gref),
        port: (domid, port) => this.#domains.get(domid)?.events.get(port),
      },
    );
  }

  /** Pages that are allocated now, those of dead domains included that somebody still maps. */
  get pagesInUse(): number {
    return this.#pagesInUse;
  }

  /** Makes a domain with its xenstore and console pages, lent to domain 0 as a domain builder does it. */
  createDomain(domid: number): StartInfo {
    if (this.#domains.has(domid)) throw new Error(`domain ${domid} exists already`);
    const domain = new GuestDomain(
      domid,
      new GrantTable(domid, this.#limits.grants),
      new EventTable(
        domid,
        { schedule: this.#schedule, tableOf: (other) => this.#domains.get(other)?.events },
        this.#limits.ports,
      ),
    );
    const start = this.#startPages(domain);
    this.#domains.set(domid, domain);
    this.#starts.set(domid, start);
    this.#observer.tellChange();
    return start;
  }

  hasDomain(domid: number): boolean {
    return this.#domains.has(domid);
  }

  startInfo(domid: number): StartInfo {
    this.#domain(domid);
    return this.#starts.get(domid)!;
  }

  /**
   * Ends a domain. Its programs end first, and their notifications are done, as in an orderly
   * shutdown. `sudden`: its kernel had stopped (destroyed, crashed): nothing is cleared and nobody
   * is signalled, and peers must learn it from the store, as on real Xen.
   */
  destroyDomain(domid: number, { sudden = false }: { readonly sudden?: boolean } = {}): void {
    const domain = this.#domains.get(domid);
    if (!domain) return;
    this.#domains.delete(domid);
    this.#starts.delete(domid);
    this.#observer.forgetGone();
    domain.isDead = true;
    domain.die(sudden, `Domain ${domid} has ended.`);
    const listeners = this.#endListeners.get(domid);
    this.#endListeners.delete(domid);
    for (const tell of listeners ?? []) tell();
    this.#observer.tellChange();
  }

  /**
   * Another kernel takes the place of the one that ran, and nobody is told: xenstore and console
   * pages and their doorbells are as the old one left them. What its programs held is gone without
   * a word; what others map of it stays with them.
   */
  kexec(domid: number): StartInfo {
    const domain = this.#domain(domid);
    const start = this.#starts.get(domid)!;
    for (const program of [...domain.programs]) program.end(true);
    for (const page of [start.xenstore, start.console]) if (page) page.port.onEvent = undefined;
    return start;
  }

  /**
   * kexec with the toolstack's help (a soft reset): the pages keep their contents, but all event
   * channels are gone, and the doorbells of xenstore and console are new and unbound. The toolstack
   * has to introduce the domain again.
   */
  softReset(domid: number): StartInfo {
    const { events } = this.#domain(domid);
    this.kexec(domid);
    const { xenstore, console } = this.#starts.get(domid)!;
    events.closeAll();
    const start = {
      xenstore: { ...xenstore, port: events.bindUnbound(0) },
      console: console && { ...console, port: events.bindUnbound(0) },
    };
    this.#starts.set(domid, start);
    this.#observer.tellChange();
    return start;
  }

  /** Grants and event channels for one program of the domain, or for its kernel. Closing it ends all it holds. */
  portsOf(domid: number): ProgramPorts {
    return new ProgramPorts(this.#domain(domid), {
      maxMappedPages: this.#limits.mappedPages,
      domain: (other) => this.#domains.get(other),
      schedule: this.#schedule,
      allocate: (owner, pages) => this.#allocate(owner, pages),
      whenEnded: (other, tell) => this.#whenEnded(other, tell),
      lendingChanged: () => {
        this.#observer.forgetGone();
        this.#observer.tellChange();
      },
    });
  }

  /** What a domain lends and rings with, for somebody who writes in its name behind the back of its programs. */
  reach(domid: number, gref: number, port: number): ReachedRing {
    const { grants, events } = this.#domain(domid);
    const grant = grants.find(gref);
    const channel = events.get(port);
    if (!grant || !channel) {
      throw new XenscopeError(
        'notOurs',
        `Domain ${domid} has no grant ${gref} or no event channel ${port}.`,
        {
          wayOut: 'Look at its nodes again: the device may have been connected anew.',
        },
      );
    }
    const { memory } = grant.frames;
    const first = grant.page * PAGE_BYTES;
    return {
      memory: {
        load32: (offset) => memory.load32(first + offset),
        store32: (offset, value) => memory.store32(first + offset, value),
        copyOut: (offset, into) => memory.copyOut(first + offset, into),
        copyIn: (offset, from) => memory.copyIn(first + offset, from),
      },
      notify: () => channel.notify(),
    };
  }

  /** Fills one of the grants 0 to 7 with a fresh page of the domain and answers the memory. */
  setReservedGrant(
    domid: number,
    gref: number,
    { toDomid, writable }: { readonly toDomid: number; readonly writable: boolean },
  ): SharedMemory {
    const domain = this.#domain(domid);
    domain.grants.mustBeReserved(gref);
    const frames = this.#allocate(domain, 1);
    domain.grants.setReserved(gref, frames, toDomid, writable);
    return frames.memory;
  }

  /** How much of its limits a domain uses now. */
  usageOf(domid: number): Usage {
    const { grants, events, mappedPages } = this.#domain(domid);
    return { grants: grants.size, ports: events.size, mappedPages };
  }

  /** Who maps pages of this domain, dead ones of the same number included. */
  holdersOf(domid: number): Holder[] {
    return [...this.#domains.values()].flatMap((holder) =>
      [...holder.mappings]
        .filter(({ owner }) => owner.domid === domid)
        .map(({ owner, grants }) => ({
          domid: holder.domid,
          grefs: grants.map(({ gref }) => gref),
          ownerIsDead: owner.isDead,
        })),
    );
  }

  isLent(domid: number, gref: number): boolean {
    return this.#domains.get(domid)?.grants.find(gref) !== undefined;
  }

  /** All that domains lend each other, without the reserved grants; by owner, then as they were made. */
  lent(): Lent[] {
    return [...this.#domains.values()].flatMap(({ domid, grants }) => {
      const byFrames = new Map<Frames, Grant[]>();
      for (const grant of grants.list()) {
        if (grant.gref < RESERVED_GREFS) continue;
        const those = byFrames.get(grant.frames);
        if (those) those.push(grant);
        else byFrames.set(grant.frames, [grant]);
      }
      return [...byFrames].map(([frames, those]) => ({
        ownerDomid: domid,
        toDomid: those[0]!.toDomid,
        frames,
        grants: those,
      }));
    });
  }

  /** The shared pages of all domains, to look at. */
  observer(): MachineObserver {
    return this.#observer;
  }

  /** Whoever looks is told that something happened, to this domain where it was one. */
  tellMove(domid: number | undefined): void {
    this.#observer.tellMove(domid);
  }

  /** Ends all domains. The pool belongs to whoever opened it. */
  close(): void {
    for (const domid of [...this.#domains.keys()]) this.destroyDomain(domid, { sudden: true });
  }

  #whenEnded(domid: number, tell: () => void): () => void {
    const listeners = this.#endListeners.get(domid) ?? new Set();
    this.#endListeners.set(domid, listeners);
    listeners.add(tell);
    return () => {
      listeners.delete(tell);
      if (listeners.size === 0 && this.#endListeners.get(domid) === listeners) {
        this.#endListeners.delete(domid);
      }
    };
  }

  #domain(domid: number): GuestDomain {
    const domain = this.#domains.get(domid);
    if (domain) return domain;
    throw new XenscopeError('gone', `There is no domain ${domid}.`, {
      wayOut: 'It may have ended meanwhile.',
    });
  }

  #allocate(owner: GuestDomain, pages: number): Frames {
    const frames = new Frames(owner.domid, this.#pool.allocate(pages), () => (this.#pagesInUse -= pages));
    this.#pagesInUse += pages;
    owner.frames.add(frames);
    return frames;
  }

  #startPages(domain: GuestDomain): StartInfoInside {
    try {
      const xenstore = this.#startPage(domain, XENSTORE_GFN, XENSTORE_GREF);
      if (domain.domid === 0) return { xenstore, console: undefined };
      return { xenstore, console: this.#startPage(domain, CONSOLE_GFN, CONSOLE_GREF) };
    } catch (error) {
      domain.die(true, `Domain ${domain.domid} could not be made.`);
      throw error;
    }
  }

  #startPage(domain: GuestDomain, gfn: number, gref: number): StartPageInside {
    const frames = this.#allocate(domain, 1);
    domain.grants.setReserved(gref, frames, 0, true);
    return { gfn, gref, memory: frames.memory, frames, port: domain.events.bindUnbound(0) };
  }
}
