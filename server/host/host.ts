/**
 * A host is one hypervisor as one acting domain sees it: simulated, or reached through a socket.
 * Further ports (grants, events, pages, observer) join this interface with the parts that need them.
 */
import type { Clock, Random } from './clock';
import type { StoreClient } from './storeClient';

export interface Host {
  /** `simulated` hosts may be held, broken and restarted at will; `real` ones belong to somebody. */
  readonly kind: 'simulated' | 'real';
  readonly clock: Clock;
  readonly random: Random;
  /** A new connection to the host's xenstore, as the host's acting domain. It connects by itself and retries. */
  openStore(): StoreClient;
  /** Simulated hosts only. */
  readonly world?: WorldControl;
  close(): Promise<void>;
}

export interface WorldControl {
  readonly seed: number;
  /** How fast the guests live: 1 is human speed, 0 is quiet (nothing changes by itself). */
  pace: number;
  /** Where other programs reach the world's xenstore: what XENSTORED_PATH must say. */
  readonly storeSocketPath: string | undefined;
}
