/**
 * The watches of one client: registered under tokens of ours, registered again on each new
 * connection, and read as async iterators over a bounded queue.
 */
import type { XenscopeError } from '../../host/errors';
import type { StoreWatch, WatchEvent } from '../../host/storeClient';
import { XsType } from '../../wire/xsMessage';
import type { StoreConnection } from './connection';
import { cancelled, orAborted } from './errors';
import { strings } from './payload';

export class WatchRegistry {
  readonly #watches = new Map<string, Watch>();
  readonly #maxQueuedEvents: number;
  readonly #current: () => StoreConnection | undefined;
  #lastToken = 0;

  /** `current` gives the connection that is there now. */
  constructor(maxQueuedEvents: number, current: () => StoreConnection | undefined) {
    this.#maxQueuedEvents = maxQueuedEvents;
    this.#current = current;
  }

  /** Resolves when the store has accepted the watch, which may be on a later connection. */
  async add(path: string, signal?: AbortSignal): Promise<StoreWatch> {
    const what = `watch ${path}`;
    // Refuses a path that cannot be sent before anything is kept.
    strings(what, path);
    if (signal?.aborted) throw cancelled(what, signal.reason);
    const token = `xenscope-${++this.#lastToken}`;
    const watch: Watch = new Watch(path, token, this.#maxQueuedEvents, () => this.#remove(watch));
    this.#watches.set(token, watch);
    const connection = this.#current();
    if (connection) this.#register(watch, connection);
    try {
      await orAborted(watch.registered, what, signal);
    } catch (error) {
      await watch.close();
      throw error;
    }
    return watch;
  }

  registerAll(connection: StoreConnection): void {
    for (const watch of this.#watches.values()) this.#register(watch, connection);
  }

  onEvent(path: string, token: string): void {
    // Events of a watch that was just closed may still be on their way: they are nobody's.
    this.#watches.get(token)?.onEvent(path);
  }

  /** Ends all watches: in peace, or with the error that their readers get. */
  endAll(error?: XenscopeError): void {
    for (const watch of this.#watches.values()) watch.end(error);
    this.#watches.clear();
  }

  #register(watch: Watch, connection: StoreConnection): void {
    watch.expectFirstEvent();
    const what = `watch ${watch.path}`;
    const payload = strings(what, watch.path, watch.token);
    connection.request({ type: XsType.WATCH, payload, txId: 0, what }).then(
      () => watch.onRegistered(),
      (error: XenscopeError) => {
        // Without a connection the watch stays and joins the next one; a refusal is final.
        if (error.code === 'interrupted' || error.code === 'away') return;
        this.#watches.delete(watch.token);
        watch.end(error);
      },
    );
  }

  async #remove(watch: Watch): Promise<void> {
    if (!this.#watches.delete(watch.token)) return;
    const connection = this.#current();
    if (!connection) return;
    const what = `end the watch of ${watch.path}`;
    const payload = strings(what, watch.path, watch.token);
    // Whatever the answer, the watch is gone: with its registration, or with the connection.
    await connection.request({ type: XsType.UNWATCH, payload, txId: 0, what }).catch(() => undefined);
  }
}

class Watch implements StoreWatch {
  /** Settled when the store has accepted or refused the watch for the first time. */
  readonly registered: Promise<void>;

  readonly #maxQueuedEvents: number;
  readonly #remove: () => Promise<void>;
  #settle!: { resolve(): void; reject(error: XenscopeError): void };
  #queue: WatchEvent[] = [];
  #readers: { resolve(result: IteratorResult<WatchEvent>): void; reject(error: XenscopeError): void }[] = [];
  #isFirstRegistration = true;
  #expectsFirstEvent = false;
  #end: { readonly error: XenscopeError | undefined } | undefined;

  constructor(
    readonly path: string,
    readonly token: string,
    maxQueuedEvents: number,
    remove: () => Promise<void>,
  ) {
    this.#maxQueuedEvents = maxQueuedEvents;
    this.#remove = remove;
    this.registered = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Readers hear of a refusal as well; nobody need await this promise.
    this.registered.catch(() => undefined);
  }

  /** A server gives each new watch one event at once, whatever the node is. */
  expectFirstEvent(): void {
    this.#expectsFirstEvent = true;
  }

  onRegistered(): void {
    this.#settle.resolve();
  }

  onEvent(path: string): void {
    let kind: WatchEvent['kind'] = 'change';
    if (this.#expectsFirstEvent) {
      this.#expectsFirstEvent = false;
      kind = this.#isFirstRegistration ? 'initial' : 'resync';
      this.#isFirstRegistration = false;
    }
    this.#push({ path, kind });
  }

  end(error?: XenscopeError): void {
    if (this.#end) return;
    this.#end = { error };
    if (error) this.#settle.reject(error);
    else this.#settle.reject(cancelled(`watch ${this.path}`));
    for (const { resolve, reject } of this.#readers) {
      if (error) reject(error);
      else resolve({ value: undefined, done: true });
    }
    this.#readers = [];
  }

  async close(): Promise<void> {
    this.#queue = [];
    this.end();
    await this.#remove();
  }

  /** All iterators share one queue. Leaving a loop does not close the watch: it may be read on. */
  [Symbol.asyncIterator](): AsyncIterator<WatchEvent> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<WatchEvent>> {
    const event = this.#queue.shift();
    if (event) return Promise.resolve({ value: event, done: false });
    if (this.#end?.error) return Promise.reject(this.#end.error);
    if (this.#end) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  #push(event: WatchEvent): void {
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ value: event, done: false });
    else if (this.#queue.length < this.#maxQueuedEvents) this.#queue.push(event);
    else this.#queue = [{ path: this.path, kind: 'resync' }];
  }
}
