/**
 * Whose end a program of a machine follows. On Xen it would ask for the status of its event channel, and in
 * domain 0 hear of each domain that ends; the machine tells it when it comes to that.
 */
import type { FollowedPeer, PeerEnd, PeerEnds } from '../../host/peerEnds';
import type { Schedule } from './delivery';
import type { Port } from './eventTable';

export interface FollowWorld {
  /** Of the program that follows. */
  readonly domid: number;
  readonly schedule: Schedule;
  port(port: number): Port | undefined;
  hasDomain(domid: number): boolean;
  /** Calls `tell` when that domain ends; returns how to stop. */
  whenEnded(domid: number, tell: () => void): () => void;
}

export class FollowedPeers implements PeerEnds {
  readonly #world: FollowWorld;
  /** One for each end that is open: how to stop. */
  readonly #follows = new Set<() => void>();

  constructor(world: FollowWorld) {
    this.#world = world;
  }

  follow({ domid, port: number }: FollowedPeer, onEnd: (end: PeerEnd) => void): () => void {
    const world = this.#world;
    const port = number === undefined ? undefined : world.port(number);
    const tell = () => {
      if (this.#follows.has(stop)) onEnd(world.hasDomain(domid) ? 'vanished' : 'domainEnded');
    };
    if (port) port.onLeft = tell;
    const forget = world.whenEnded(domid, () => {
      const delivery = { kind: 'end', fromDomid: domid, toDomid: world.domid, toPort: number ?? 0 } as const;
      world.schedule(tell, delivery);
    });
    const stop = () => {
      this.#follows.delete(stop);
      if (port?.onLeft === tell) port.onLeft = undefined;
      forget();
    };
    this.#follows.add(stop);
    return stop;
  }

  /** The program has ended. */
  close(): void {
    for (const stop of [...this.#follows]) stop();
  }
}
