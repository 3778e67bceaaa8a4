/**
 * The end of somebody at the other end of a doorbell. Who leaves in order, or is killed, is heard of through
 * the pages that both share; a domain that is destroyed, or that another kernel takes over, says nothing.
 */

/**
 * `vanished`: nobody is at the other end of the doorbell. `domainEnded`: nor ever will be, because the
 * domain has ended for which it was opened.
 */
export type PeerEnd = 'vanished' | 'domainEnded';

export interface FollowedPeer {
  readonly domid: number;
  /** The number of our end of the doorbell; without one only the end of the domain is told. */
  readonly port?: number | undefined;
}

export interface PeerEnds {
  /**
   * Calls `onEnd` when the other end of the doorbell is closed, also in order, and when its domain ends; again
   * while it stays so, and never before this returns. Returns how to stop; safe to call twice.
   */
  follow(peer: FollowedPeer, onEnd: (end: PeerEnd) => void): () => void;
}
