/** All connections of a store, as its tap shows them. Each gets a number that is never used again. */
import type { ConnectionTap, StoreTap, TappedConnection } from '../host/tap';
import { DebugConnection } from './connection';
import type { Message } from './message';

/** Listings of connections that ended: the oldest is dropped first. */
const maxEndedConnections = 50;

export interface TrafficListener {
  /** The world's time, in milliseconds since the epoch. */
  nowMs(): number;
  opened(connection: DebugConnection): void;
  ended(connection: DebugConnection, reason: string | undefined): void;
  /** The store began this connection anew on a ring that had one before. */
  restarted(connection: DebugConnection): void;
  message(connection: DebugConnection, message: Message): void;
  /** The protocol was broken: a sentence. */
  broken(connection: DebugConnection, sentence: string): void;
}

export class Traffic implements StoreTap {
  /** The debugger's own connections are not shown: while it opens one, nobody else can. */
  isOpeningOwn = false;
  readonly #listener: TrafficListener;
  readonly #open = new Map<number, DebugConnection>();
  readonly #ended: DebugConnection[] = [];
  /** Domains whose ring had a connection; there are no more of them than numbers of domains. */
  readonly #ringDomids = new Set<number>();
  #lastId = 0;
  #lastNumber = 0;

  constructor(listener: TrafficListener) {
    this.#listener = listener;
  }

  /** How many messages were seen. */
  get messages(): number {
    return this.#lastNumber;
  }

  /** Those that are open now, by domain and then by age. */
  connections(): DebugConnection[] {
    return [...this.#open.values()].sort((one, other) => one.of.domid - other.of.domid || one.id - other.id);
  }

  /** An open one, or one of those that ended last. */
  connection(id: number): DebugConnection | undefined {
    return this.#open.get(id) ?? this.#ended.find((connection) => connection.id === id);
  }

  /** The connection over the ring of a domain, or the last one if that has ended. */
  ringOf(domid: number): DebugConnection | undefined {
    const isIt = ({ of }: DebugConnection) => of.domid === domid && of.transport === 'ring';
    return this.connections().find(isIt) ?? this.#ended.findLast(isIt);
  }

  opened(of: TappedConnection): ConnectionTap | undefined {
    if (this.isOpeningOwn) return undefined;
    const connection = new DebugConnection(++this.#lastId, of, {
      nowMs: () => this.#listener.nowMs(),
      nextNumber: () => ++this.#lastNumber,
      message: (message) => this.#listener.message(connection, message),
      broken: (_, sentence) => this.#listener.broken(connection, sentence),
    });
    this.#open.set(connection.id, connection);
    this.#listener.opened(connection);
    if (of.transport === 'ring') {
      if (this.#ringDomids.has(of.domid)) this.#listener.restarted(connection);
      this.#ringDomids.add(of.domid);
    }
    return {
      received: (bytes, start, end) => connection.received(bytes, start, end),
      sent: (bytes, start, end) => connection.sent(bytes, start, end),
      restarted: () => {
        connection.restarted();
        this.#listener.restarted(connection);
      },
      closed: (reason) => this.#end(connection, reason),
    };
  }

  #end(connection: DebugConnection, reason: string | undefined): void {
    if (!this.#open.delete(connection.id)) return;
    connection.isOpen = false;
    this.#ended.push(connection);
    if (this.#ended.length > maxEndedConnections) this.#ended.shift();
    this.#listener.ended(connection, reason);
  }
}
