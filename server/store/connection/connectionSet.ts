/** All open connections: who has something to say, and how much may pile up. */
import { limits } from '../quotas';
import type { Connection } from './connection';

export class ConnectionSet {
  readonly #open = new Set<Connection>();
  readonly #mayGoOn = new Set<Connection>();
  #withOutput: Connection[] = [];
  /** What waits behind streams that take no more, of all connections together. */
  piledBytes = 0;

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
   * What kept the connection's next request from being admitted is over. It goes on soon, in the
   * order of asking, but not within the call, which may come in the midst of somebody else's request.
   */
  mayGoOn(connection: Connection): void {
    this.#mayGoOn.add(connection);
    if (this.#mayGoOn.size > 1) return;
    queueMicrotask(() => {
      const connections = [...this.#mayGoOn];
      this.#mayGoOn.clear();
      for (const each of connections) each.goOn();
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
