/** What a program of one domain has that takes part: a connection to the store, grants and event channels. */
import type { EventChannels } from './events';
import type { Grants } from './grants';
import type { SharedMemory } from './memory';
import type { PeerEnds } from './peerEnds';
import type { Spin } from './spin';
import type { RingSteps } from './steps';
import type { StoreClient } from './storeClient';
import type { VchanLibrary } from './vchanLibrary';

/**
 * `killed`: the program ends where it stands; its kernel gives back what it held and does what was asked
 * for at an unmap. `vanished`: its whole domain is switched off, and nobody is told.
 */
export type ProgramEnd = 'killed' | 'vanished';

/** A page that a domain lends, and one of its event channels, whichever of its programs made them. */
export interface ReachedRing {
  /** Throws a XenscopeError `gone` when the domain has given the page up. */
  readonly memory: Pick<SharedMemory, 'load32' | 'store32' | 'copyIn' | 'copyOut'>;
  /** Rings at the other end of the channel. */
  notify(): void;
}

export interface HostProgram {
  readonly store: StoreClient;
  readonly grants: Grants;
  readonly events: EventChannels;
  /** Where the end of others is learned; absent where it cannot be. */
  readonly peers?: PeerEnds;
  /** Real hosts only: looking for a moment before sleeping, for one end of a ring each. */
  readonly spin?: () => Spin;
  /** Real hosts only: throws a XenscopeError `unsupported` where libxenvchan is missing. */
  readonly vchanLibrary?: () => VchanLibrary;
  /** Gives up what is left, and the connection to the store. Safe to call twice. */
  close(): Promise<void>;

  /** The rest is of simulated hosts only. Lets others come between the micro-steps at a page. */
  readonly steps?: (control: SharedMemory) => RingSteps;
  /** The same for the rings of a device of its own, by the frontend's folder. */
  readonly deviceSteps?: (frontendPath: string) => RingSteps;
  /** Aborted when its domain ends, or another kernel takes the place of the one that it ran on. */
  readonly ended?: AbortSignal;
  /** Writes down what a person has it do, which no seed tells. */
  readonly admit?: (text: string) => void;
  readonly end?: (how: ProgramEnd) => void;
  /** Writes in the name of its domain. Throws a XenscopeError `notOurs` where there is no such grant or channel. */
  readonly reach?: (gref: number, port: number) => ReachedRing;
}
