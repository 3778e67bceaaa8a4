/** A listening socket of a frontend: hands out the sockets that its backend accepts, one after the other. */
import { XenscopeError } from '../../host/errors';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import type { CallOptions } from './commands';
import type { PvCallsSocket } from './socket';

/** Those who wait for a connection at the same time. */
const maxAcceptors = 1024;

export interface PvCallsServerParts {
  readonly id: bigint;
  readonly address: Ipv4Address;
  /** One ACCEPT: rejects with what the backend answered. */
  readonly accept: () => Promise<PvCallsSocket>;
  readonly poll: (options: CallOptions) => Promise<void>;
  readonly release: () => Promise<void>;
}

interface Acceptor {
  give(socket: PvCallsSocket): void;
  fail(error: unknown): void;
}

export class PvCallsServer {
  readonly id: bigint;
  readonly address: Ipv4Address;
  readonly #parts: PvCallsServerParts;
  readonly #acceptors = new Set<Acceptor>();
  /** Accepted for somebody who no longer waited. */
  #spare: PvCallsSocket | undefined;
  #isAsking = false;
  #closing: Promise<void> | undefined;

  constructor(parts: PvCallsServerParts) {
    this.id = parts.id;
    this.address = parts.address;
    this.#parts = parts;
  }

  /**
   * The next connection. Backends take one ACCEPT at a time, so several who ask are served in turn. Aborting
   * the signal takes nothing back: the connection that comes then is for whoever asks next.
   */
  accept({ signal }: CallOptions = {}): Promise<PvCallsSocket> {
    if (this.#closing) return Promise.reject(closed());
    if (signal?.aborted) return Promise.reject(cancelled(signal));
    const spare = this.#takeSpare();
    if (spare) return Promise.resolve(spare);
    if (this.#acceptors.size >= maxAcceptors) {
      return Promise.reject(new XenscopeError('limit', `${maxAcceptors} wait for a connection already.`));
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => acceptor.fail(cancelled(signal!));
      const over = () => {
        this.#acceptors.delete(acceptor);
        signal?.removeEventListener('abort', onAbort);
      };
      const acceptor: Acceptor = {
        give: (socket) => (over(), resolve(socket)),
        fail: (error) => (over(), reject(error as Error)),
      };
      this.#acceptors.add(acceptor);
      signal?.addEventListener('abort', onAbort, { once: true });
      void this.#ask();
    });
  }

  /** Resolves when a connection waits. While somebody accepts, backends answer EINTR. */
  poll(options: CallOptions = {}): Promise<void> {
    return this.#closing ? Promise.reject(closed()) : this.#parts.poll(options);
  }

  /** Connections as they come, until the server is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<PvCallsSocket> {
    for (;;) {
      let socket: PvCallsSocket;
      try {
        socket = await this.accept();
      } catch (error) {
        if (this.#closing) return;
        throw error;
      }
      yield socket;
    }
  }

  /** Releases the socket: nobody is accepted any more. Those that were stay. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#takeSpare()?.destroy();
    for (const { fail } of [...this.#acceptors]) fail(closed());
    await this.#parts.release();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      while (this.#acceptors.size > 0 && !this.#closing) this.#give(await this.#parts.accept());
    } catch (error) {
      const [first] = this.#acceptors;
      first?.fail(error);
    } finally {
      this.#isAsking = false;
    }
    if (this.#acceptors.size > 0) await this.#ask();
  }

  #give(socket: PvCallsSocket): void {
    const [first] = this.#acceptors;
    if (first) first.give(socket);
    else if (this.#closing) socket.destroy();
    else this.#spare = socket.on('error', nobody);
  }

  /** Undefined as well where it broke while nobody had it. */
  #takeSpare(): PvCallsSocket | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare?.destroyed ? undefined : spare?.off('error', nobody);
  }
}

/** Hears of the errors of a socket that nobody has yet. */
const nobody = () => undefined;

function closed(): XenscopeError {
  return new XenscopeError('gone', 'This server does not listen any longer.');
}

function cancelled(signal: AbortSignal): XenscopeError {
  return new XenscopeError('cancelled', 'Nobody waits for a connection any longer.', {
    cause: signal.reason,
  });
}
