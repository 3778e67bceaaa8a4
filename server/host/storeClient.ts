/**
 * What everybody above `store` sees of a xenstore: typed operations, transactions and watches.
 * Paths are absolute, or relative to the caller's `/local/domain/<domid>`. Values are octets.
 * Every operation rejects with a XenscopeError, never with anything else.
 */
import type { XsPerm } from '../wire/xsPerms';

export interface RequestOptions {
  /** Stops waiting. A request that was already sent may still take effect. */
  readonly signal?: AbortSignal;
}

/** The operations that a transaction has as well. */
export interface StoreOperations {
  /** Names of the children in the store's order; the reply of any size is put together. */
  directory(path: string, options?: RequestOptions): Promise<string[]>;
  /** One DIRECTORY, never the whole list: an answer too big to send (E2BIG) means yes. */
  hasChildren(path: string, options?: RequestOptions): Promise<boolean>;
  read(path: string, options?: RequestOptions): Promise<Buffer>;
  write(path: string, value: Uint8Array | string, options?: RequestOptions): Promise<void>;
  /** Does nothing when the node exists. */
  mkdir(path: string, options?: RequestOptions): Promise<void>;
  /** Removes the node and everything below it. */
  rm(path: string, options?: RequestOptions): Promise<void>;
  getPerms(path: string, options?: RequestOptions): Promise<XsPerm[]>;
  setPerms(path: string, perms: readonly XsPerm[], options?: RequestOptions): Promise<void>;
}

export interface WatchEvent {
  /** The node that changed: the watched one, or one below it; relative if the watch was. */
  readonly path: string;
  /**
   * `resync` after a reconnect: anything may have changed meanwhile, `path` is the watched one.
   * `initial` is the event that every watch gives at once.
   */
  readonly kind: 'initial' | 'change' | 'resync';
}

/**
 * A watch as an async iterator. Events that wait unread are bounded (`maxQueuedEvents`); at the
 * bound they are replaced by one `resync`, so that a slow reader loses detail, never the news.
 * It stays registered over reconnects until it is closed.
 */
export interface StoreWatch extends AsyncIterable<WatchEvent> {
  readonly path: string;
  close(): Promise<void>;
}

export interface TransactionOptions extends RequestOptions {
  /** How often a transaction that lost to another change (EAGAIN) is tried at most; default 20. */
  readonly attempts?: number;
}

export type StoreState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** `retryAtMs` in the clock's time. */
  | { readonly kind: 'away'; readonly reason: string; readonly retryAtMs: number }
  | { readonly kind: 'closed' };

export interface StoreClient extends StoreOperations {
  readonly state: StoreState;
  /** Calls `listener` at each change of state; returns how to stop. */
  onStateChange(listener: (state: StoreState) => void): () => void;
  /** While away: tries again at once instead of at `retryAtMs`. Otherwise does nothing. */
  retryNow(): void;

  watch(path: string, options?: RequestOptions): Promise<StoreWatch>;

  /**
   * Runs `body` in a transaction and commits it; runs it again when the commit meets a conflict.
   * Whatever `body` throws aborts the transaction and is thrown on.
   */
  transaction<T>(
    body: (transaction: StoreOperations) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;

  getDomainPath(domid: number, options?: RequestOptions): Promise<string>;
  isDomainIntroduced(domid: number, options?: RequestOptions): Promise<boolean>;
  introduce(domid: number, gfn: number, port: number, options?: RequestOptions): Promise<void>;
  release(domid: number, options?: RequestOptions): Promise<void>;
  resume(domid: number, options?: RequestOptions): Promise<void>;
  setTarget(domid: number, targetDomid: number, options?: RequestOptions): Promise<void>;
  resetWatches(options?: RequestOptions): Promise<void>;
  /** The server's own commands, e.g. `['help']`; answers its text. */
  control(words: readonly string[], options?: RequestOptions): Promise<string>;

  /** Ends the connection; everything under way rejects with `cancelled`. */
  close(): Promise<void>;
}
