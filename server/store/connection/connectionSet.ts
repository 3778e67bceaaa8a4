/** All open connections: who has something to say, and how much may pile up. */
import { limits } from '../quotas';
import type { Connection } from './connection';

export class ConnectionSet {
  readonly #open = new Set<Connection>();
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
