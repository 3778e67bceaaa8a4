/**
 * A host is one hypervisor as one acting domain sees it: simulated, the Xen that this machine runs
 * under, or the store of one behind a socket. What only some of them have may be absent. Grants and event
 * channels belong to those who drive an end of a ring: who takes part has them as a program.
 */
import type { Clock, Random } from './clock';
import type { DomainLife } from './domainLife';
import type { EndReports } from './endReports';
import type { Observer } from './observer';
import type { HostProgram } from './program';
import type { StoreClient } from './storeClient';
import type { WorldControl } from './worldControl';

export interface Host {
  /** `simulated` hosts may be held, broken and restarted at will; `real` ones belong to somebody. */
  readonly kind: 'simulated' | 'real';
  readonly clock: Clock;
  readonly random: Random;
  /** A new connection to the host's xenstore, as the host's acting domain. It connects by itself and retries. */
  openStore(): StoreClient;
  /**
   * Takes part as a program of a domain: of a simulated host of any that runs, of a real one of the acting
   * domain, which is meant where none is named. Throws a XenscopeError where that cannot be; absent where
   * nothing but the store can be reached.
   */
  openProgram?(domid?: number): HostProgram;
  /** Looks at the pages of all domains; absent where they cannot be reached, e.g. behind a socket. */
  observer?(): Observer;
  /** Why a host that could have an observer has none, in sentences for a person. */
  readonly whyNoRings?: string | undefined;
  /** How a domain of a real host is now; undefined, or absent as a whole, where that cannot be seen. */
  lifeOf?(domid: number): DomainLife | undefined;
  /** All domains that the hypervisor has, by domid, those without a xenstore included; undefined as above. */
  lives?(): readonly DomainLife[] | undefined;
  /** Where ends of ours tell what they find wrong with the other side; absent where there are none. */
  readonly endReports?: EndReports;
  /** Absent where nothing is recorded, or only by whoever looks. */
  readonly recorder?: HostRecorder;
  /** Simulated hosts only. */
  readonly world?: WorldControl;
  close(): Promise<void>;
}

/** The flight recorder of a host: the last of what passed. */
export interface HostRecorder {
  /** Entries that were recorded and are not held any more. */
  readonly droppedEntries: number;
  /** Everything that is held, as the lines of a journal file: a head, then one for each entry. */
  lines(): Iterable<string>;
}

export type { WorldControl } from './worldControl';
