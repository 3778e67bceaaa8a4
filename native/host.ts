/**
 * The Xen that this machine runs under, as a host: the store that somebody opened, and what the
 * devices and libraries here add to it. What is missing is left out and said, and the rest works.
 */
import type { EventChannels } from '../server/host/events';
import type { Grants } from '../server/host/grants';
import type { Host } from '../server/host/host';
import { EndReports } from '../server/host/endReports';
import { XenscopeError } from '../server/host/errors';
import { sleep } from '../server/host/clock';
import type { HostProgram } from '../server/host/program';
import type { Spin } from '../server/host/spin';
import { DomainLives } from './domainLife';
import { NativeEventChannels } from './eventChannels';
import { ForeignMemory } from './foreignMemory';
import { keepFreedMemory } from './freedMemory';
import { NativeGrants } from './grants';
import type { XenLibraries } from './libraries/xenLibraries';
import { hasOwnRing, mapOwnRing } from './observer/ownRing';
import { mapRing } from './observer/ringPages';
import { NativeObserver } from './observer/nativeObserver';
import { NativePeerEnds } from './peerEnds';
import { NativeSpins } from './spin';
import { NativeVchanLibrary } from './vchanLibrary';
import { XenControl } from './xenControl';

/** libxenvchan waits for the xenstore at a close, which may never answer. */
const closePatienceMs = 2_000;

export interface NativeHostOptions {
  /** How the store is reached; closed with this host. */
  readonly store: Host;
  readonly libraries: XenLibraries;
  /** As of memoryAt. */
  readonly views?: boolean;
  /** Hears what is left out, and why. */
  readonly log?: (line: string) => void;
}

export interface NativeHost extends Host {
  /** Of the domain that we run in. Throws a XenscopeError where they cannot be had. */
  grants(): Grants;
  events(): EventChannels;
}

/** Never throws: without libraries and devices there is the store. */
export function openNativeHost(options: NativeHostOptions): NativeHost {
  return new Native(options);
}

class Native implements NativeHost {
  readonly kind = 'real';
  readonly endReports = new EndReports();
  readonly clock;
  readonly random;
  /** Absent where no page of another domain can be mapped. */
  readonly observer?: () => NativeObserver;
  readonly whyNoRings: string | undefined;
  readonly #options: NativeHostOptions;
  #events: NativeEventChannels | undefined;
  #grants: NativeGrants | undefined;
  #foreign: ForeignMemory | undefined;
  readonly #control: XenControl;
  readonly #lives: DomainLives;
  #observer: NativeObserver | undefined;
  #vchanLibrary: NativeVchanLibrary | undefined;
  #spins: NativeSpins | undefined;
  /** One for each program that is open. */
  readonly #peers = new Set<NativePeerEnds>();
  #isClosed = false;

  constructor(options: NativeHostOptions) {
    this.#options = options;
    this.clock = options.store.clock;
    this.random = options.store.random;
    this.#control = new XenControl(options.libraries);
    this.#lives = new DomainLives(this.#control);
    this.whyNoRings = this.#whyNoRings();
    if (this.whyNoRings === undefined) this.observer = () => (this.#observer ??= this.#openObserver());
    else this.#options.log?.(this.whyNoRings);
  }

  openStore() {
    return this.#options.store.openStore();
  }

  openProgram(domid?: number): HostProgram {
    if (domid !== undefined) {
      throw new XenscopeError('unsupported', 'On a real host nobody can act as another domain.', {
        wayOut: 'Open the other end in that domain, with xenscope there.',
      });
    }
    const [grants, events, store] = [this.grants(), this.events(), this.openStore()];
    // A program moves bytes, a server that only looks does not.
    keepFreedMemory();
    const peers = new NativePeerEnds({
      control: this.#control,
      lives: this.#lives,
      store,
      clock: this.clock,
      log: this.#options.log,
    });
    this.#peers.add(peers);
    const close = async () => {
      peers.close();
      this.#peers.delete(peers);
      await store.close();
    };
    return {
      grants,
      events,
      store,
      peers,
      spin: () => this.#openSpin(),
      vchanLibrary: () => this.#openVchanLibrary(),
      close,
    };
  }

  grants(): NativeGrants {
    this.#mustBeOpen();
    const { libraries, views } = this.#options;
    // Ports can be signalled at an unmap if there are any; pages can be mapped without.
    const events = { has: (port: number) => this.#events?.has(port) ?? false };
    return (this.#grants ??= new NativeGrants({ libraries, events, views }));
  }

  events(): NativeEventChannels {
    this.#mustBeOpen();
    return (this.#events ??= new NativeEventChannels(this.#options.libraries, this.#options.log));
  }

  lifeOf(domid: number) {
    return this.#isClosed ? undefined : this.#lives.of(domid);
  }

  lives() {
    return this.#isClosed ? undefined : this.#lives.all();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // All begin now, in this order: nothing of ours stays mapped because another fails or waits for the xenstore.
    const endings: readonly (() => unknown)[] = [
      () => this.#observer?.close(),
      // Memory before ports: an unmap may ring through them.
      () => this.#grants?.close(),
      () => this.#foreign?.close(),
      ...[...this.#peers].map((peers) => () => peers.close()),
      () => this.#lives.close(),
      () => this.#events?.close(),
      () => this.#closeVchanLibrary(),
      () => this.#options.store.close(),
    ];
    const results = await Promise.allSettled(endings.map(async (end) => end()));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  /** An end that the xenstore holds up is not waited for: its worker gives it back when the xenstore answers. */
  async #closeVchanLibrary(): Promise<void> {
    if (!this.#vchanLibrary) return;
    const enough = new AbortController();
    const patience = sleep(this.clock, closePatienceMs, enough.signal).then(
      () =>
        this.#options.log?.('The xenstore does not answer, and libxenvchan waits for it to close a vchan.'),
      () => undefined,
    );
    try {
      await Promise.race([this.#vchanLibrary.close(), patience]);
    } finally {
      enough.abort();
    }
  }

  #openObserver(): NativeObserver {
    this.#mustBeOpen();
    const { libraries, views } = this.#options;
    const foreign = this.#foreignMemory();
    const { grants, why } = valueOr(() => this.grants());
    return new NativeObserver({
      store: this.openStore(),
      clock: this.clock,
      seesDomain0: hasOwnRing(),
      log: this.#options.log,
      map: (place) =>
        place.kind === 'xenstore' && place.domid === 0
          ? mapOwnRing(libraries, views)
          : mapRing({ grants, why, foreign }, place),
    });
  }

  #openVchanLibrary(): NativeVchanLibrary {
    this.#mustBeOpen();
    const { libraries, views } = this.#options;
    return (this.#vchanLibrary ??= new NativeVchanLibrary({ libraries, views }));
  }

  #openSpin(): Spin {
    return (this.#spins ??= new NativeSpins(this.#options.libraries)).open();
  }

  #foreignMemory(): ForeignMemory {
    const { libraries, views } = this.#options;
    return (this.#foreign ??= new ForeignMemory(libraries, views));
  }

  /** Undefined where pages of others can be mapped in one way or the other. */
  #whyNoRings(): string | undefined {
    const ways = [() => this.grants().mustMap(), () => this.#foreignMemory().mustMap()];
    const failures: XenscopeError[] = [];
    for (const way of ways) {
      try {
        way();
        return undefined;
      } catch (error) {
        if (!(error instanceof XenscopeError)) throw error;
        failures.push(error);
      }
    }
    const [byGrant, byFrame] = failures as [XenscopeError, XenscopeError];
    this.#options.log?.(`Pages cannot be mapped by their frames either. ${byFrame.message}`);
    return `The rings of guests cannot be seen. ${byGrant.message} ${byGrant.wayOut ?? ''}`.trim();
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new XenscopeError('gone', 'This host was closed.');
  }
}

function valueOr(open: () => NativeGrants): { grants?: NativeGrants; why?: XenscopeError } {
  try {
    return { grants: open() };
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    return { why: error };
  }
}
