/** The sockets of one backend by the frontend's numbers for them, which may be any; never more than a limit. */
import type { EventPort } from '../../host/events';
import type { NetBinding } from '../network';
import { socketError } from '../socketError';
import type { ActiveSocket } from './activeSocket';
import type { Listener } from './listener';

/** Of one device. */
export const maxSockets = 4096;

export type BackSocket =
  | { readonly kind: 'fresh' }
  /** `giveUp`: whoever asked is answered, and nothing comes of it. */
  | { readonly kind: 'connecting'; readonly giveUp: () => void }
  | { readonly kind: 'binding'; readonly giveUp: () => void }
  /** The new socket of an ACCEPT that waits. */
  | { readonly kind: 'accepting' }
  | { readonly kind: 'bound'; readonly binding: NetBinding }
  | { readonly kind: 'listening'; readonly listener: Listener }
  | { readonly kind: 'connected'; readonly active: ActiveSocket };

export class SocketTable {
  readonly #sockets = new Map<bigint, BackSocket>();
  readonly #byPort = new Map<EventPort, ActiveSocket>();

  get size(): number {
    return this.#sockets.size;
  }

  get(id: bigint): BackSocket | undefined {
    return this.#sockets.get(id);
  }

  connected(): readonly ActiveSocket[] {
    return [...this.#byPort.values()];
  }

  /** The connected socket whose doorbell this is. */
  byPort(port: EventPort): ActiveSocket | undefined {
    return this.#byPort.get(port);
  }

  /** Throws a SocketError where there can be no new socket of this number. */
  mustBeNew(id: bigint): void {
    if (this.#sockets.has(id)) throw socketError('EEXIST', `A new socket ${id}`);
    if (this.#sockets.size < maxSockets) return;
    throw socketError('EMFILE', `A new socket beside ${maxSockets} others of the device`);
  }

  set(id: bigint, socket: BackSocket): void {
    this.delete(id);
    this.#sockets.set(id, socket);
    if (socket.kind === 'connected') this.#byPort.set(socket.active.rings.port, socket.active);
  }

  delete(id: bigint): void {
    const socket = this.#sockets.get(id);
    this.#sockets.delete(id);
    if (socket?.kind === 'connected') this.#byPort.delete(socket.active.rings.port);
  }

  /** All of them, which are forgotten. */
  clear(): BackSocket[] {
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    this.#byPort.clear();
    return sockets;
  }
}
