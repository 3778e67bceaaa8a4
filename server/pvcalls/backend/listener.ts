/** A listening socket of a backend: connections that wait to be accepted, and the one call that waits for them. */
import type { NetBinding, NetConnection } from '../network';

/** However many a guest asks for. */
const maxBacklog = 128;

interface Waiting {
  readonly onReady: () => void;
  readonly onReleased: () => void;
}

export class Listener {
  readonly #binding: NetBinding;
  readonly #queue: NetConnection[] = [];
  #waiting: Waiting | undefined;

  /** `onDropped`: a connection came and the queue was full. */
  constructor(binding: NetBinding, backlog: number, onDropped: () => void) {
    this.#binding = binding;
    const most = Math.min(Math.max(backlog, 1), maxBacklog);
    binding.listen((connection) => {
      if (this.#queue.length >= most) {
        connection.stream.on('error', () => undefined);
        connection.reset();
        return onDropped();
      }
      this.#add(connection);
    });
  }

  /** Connections that nobody has accepted yet. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Whether an ACCEPT or a POLL waits: there is room for one of them. */
  get isWaitedFor(): boolean {
    return this.#waiting !== undefined;
  }

  /** Calls one of them, once: `onReady` at once or as soon as there is a connection to `take`. */
  wait(waiting: Waiting): void {
    if (this.#queue.length > 0) return waiting.onReady();
    this.#waiting = waiting;
  }

  take(): NetConnection {
    return this.#queue.shift()!;
  }

  /** Ends it, and resets who was not accepted; whoever waits is told first. */
  release(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.onReleased();
    this.close();
  }

  /** The same without a word. */
  close(): void {
    this.#waiting = undefined;
    this.#binding.close();
    for (const connection of this.#queue.splice(0)) connection.reset();
  }

  #add(connection: NetConnection): void {
    const { stream } = connection;
    this.#queue.push(connection);
    // Whoever accepts it listens for its errors; until then one that breaks is forgotten.
    stream.on('error', () => undefined);
    stream.once('close', () => {
      const place = this.#queue.indexOf(connection);
      if (place >= 0) this.#queue.splice(place, 1);
    });
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.onReady();
  }
}
