/** What an end of a vchan needs of the domain in which it is opened. */
import type { EventChannels } from '../host/events';
import type { Grants } from '../host/grants';
import type { SharedMemory } from '../host/memory';
import type { RingSteps } from '../host/steps';
import type { StoreClient } from '../host/storeClient';

export interface VchanPorts {
  readonly store: StoreClient;
  readonly grants: Grants;
  readonly events: EventChannels;
  /** Lets somebody come between the micro-steps of this end, on its control page; nobody does when absent. */
  readonly steps?: (control: SharedMemory) => RingSteps;
}

export interface WaitOptions {
  /** Stops waiting. What has begun to move is finished first. */
  readonly signal?: AbortSignal | undefined;
}
