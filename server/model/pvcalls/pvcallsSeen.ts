/** What the doctor judges a PV Calls device by. */
import type { HeldState } from '../../host/callInterceptor';
import type { CallSeen } from './callSeen';
import type { SocketSeen } from './socketSeen';

/** What one of our own ends found of one kind, while it is news. */
export interface EndFindingSeen {
  readonly side: 'frontend' | 'backend';
  readonly kind: string;
  readonly text: string;
  /** Since the end is there. */
  readonly count: number;
}

export interface PvCallsSeen {
  readonly sockets: ReadonlySet<SocketSeen>;
  /** Commands in flight, the oldest first. */
  readonly pending: readonly CallSeen[];
  /** Where an end is ours. */
  readonly ends: readonly EndFindingSeen[];
  /** Those in flight that somebody here keeps from the backend, by the frontend's numbers. */
  readonly held: ReadonlyMap<number, HeldState>;
}
