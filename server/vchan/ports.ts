/** What an end of a vchan needs of the domain in which it is opened. */
import type { EventChannels } from '../host/events';
import type { Grants } from '../host/grants';
import type { SharedMemory } from '../host/memory';
import type { PeerEnds } from '../host/peerEnds';
import type { Spin } from '../host/spin';
import type { RingSteps } from '../host/steps';
import type { StoreClient } from '../host/storeClient';
import type { VchanLibrary } from '../host/vchanLibrary';
import type { SteppedMoves } from './ringMoves';
import type { VchanEngineOptions } from './vchanEngine';

export interface VchanPorts {
  readonly store: StoreClient;
  readonly grants: Grants;
  readonly events: EventChannels;
  /** Where the end of the other side is learned that says nothing; it is waited for in vain when absent. */
  readonly peers?: PeerEnds;
  /** For one end each: looks for a moment before it sleeps. */
  readonly spin?: () => Spin;
  /** libxenvchan, where it can be an engine: throws a XenscopeError where it is missing. */
  readonly vchanLibrary?: () => VchanLibrary;
  /** Lets somebody come between the micro-steps of this end, on its control page; nobody does when absent. */
  readonly steps?: (control: SharedMemory) => RingSteps;
  /** With `steps`: aborted when the domain ends, after which a step that waits is never done. */
  readonly ended?: AbortSignal;
}

/** Who moves the bytes and the indices: we ourselves, or the library that others use. */
export type VchanEngineName = 'own' | 'libxenvchan';

export interface WaitOptions {
  /** Ends the wait with `cancelled`, and moves nothing more. What has begun to move is finished first. */
  readonly signal?: AbortSignal | undefined;
}

/** How an engine goes from step to step over these ports. */
export function steppedBy(
  { steps, ended }: Pick<VchanPorts, 'steps' | 'ended'>,
  moves: SteppedMoves,
  control: SharedMemory,
): VchanEngineOptions['stepped'] {
  return steps && { moves, gate: steps(control), ended };
}
