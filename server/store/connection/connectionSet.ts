/** All open connections: who has something to say, and how much may pile up. */
import { limits } from '../quotas';
import type { Connection } from './connection';

/** Calls `run` soon, never within the call. `domid`: to whom it happens. */
export type Soon = (domid: number, run: () => void) => void;

export class ConnectionSet {
  readonly #open = new Set<Connection>();
  readonly #mayGoOn = new Set<Connection>();
  #withOutput: Connection[] = [];
  /** What waits behind streams that take no more, of all connections together. */
  piledBytes = 0;
  readonly #soon: Soon;

  constructor(soon: Soon = (_domid, run) => queueMicrotask(run)) {
    this.#soon = soon;
  }

  get size(): number {
    return this.#open.size;
  }

  add(connection: Connection): void {
    this.#open.add(connection);
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
  }

  /** The connection got an event while another one's request was dispatched. */
  hasOutput(connection: Connection): void {
    this.#withOutput.push(connection);
  }

  /**
   * What kept the connection's next request from being admitted is over. It goes on soon, but not
   * within the call, which may come in the midst of somebody else's request.
   */
  mayGoOn(connection: Connection): void {
    if (this.#mayGoOn.has(connection)) return;
    this.#mayGoOn.add(connection);
    this.#soon(connection.session.domid, () => {
      this.#mayGoOn.delete(connection);
      connection.goOn();
    });
  }

  /** At the end of a batch: everybody who got events gets them with one write. */
  flushOthers(): void {
    if (this.#withOutput.length === 0) return;
    const connections = this.#withOutput;
    this.#withOutput = [];
    for (const connection of connections) connection.flush();
  }

  /** How much one connection may have unsent before it is cut off. */
  get maxUnsentBytes(): number {
    const isCrowded = this.piledBytes > limits.maxUnsentBytesTogether;
    return isCrowded ? limits.outputHighWaterBytes : limits.maxUnsentBytes;
  }

  closeAll(): void {
    for (const connection of [...this.#open]) connection.close();
  }
}
