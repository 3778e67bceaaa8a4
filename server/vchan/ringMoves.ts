/** What an end of a vchan does with its rings, whoever does it: we ourselves, or libxenvchan for us. */
import type { RingWork } from '../host/microSteps';

export type VchanRole = 'server' | 'client';

export interface RingMoves {
  readonly role: VchanRole;
  readonly other: VchanRole;
  readonly readRingBytes: number;
  readonly writeRingBytes: number;
  /** Bytes that can be read. Throws a XenscopeError `protocol` where the indices cannot be. */
  ready(): number;
  /** Bytes that can be written. Throws as `ready`. */
  space(): number;
  /** How many of so many bytes can be read; looks at the ring only where what is known of it is not enough. */
  readyOf(bytes: number): number;
  spaceFor(bytes: number): number;
  /** A value of VchanLive, as the byte of the other side says. */
  peerLive(): number;
  /** Says for the other side that it has gone, as its kernel would have done it. */
  endPeer(): void;
  /** Takes the first bytes out of the ring; no more than `ready` said. */
  take(into: Uint8Array): void;
  /** Puts bytes into the ring; no more than `space` said. */
  put(bytes: Uint8Array): void;
  /** Asks the other side to ring when it has done that; whoever asks has to look again before it sleeps. */
  ask(bit: number): void;
  /** Says that this end leaves, and rings; absent where giving it back does that. */
  leaveSteps?(): RingWork<void>;
}

/** The same in micro-steps, between which somebody may come. */
export interface SteppedMoves extends RingMoves {
  takeSteps(into: Uint8Array): RingWork<void>;
  putSteps(bytes: Uint8Array): RingWork<void>;
  askSteps(bit: number): RingWork<void>;
}
