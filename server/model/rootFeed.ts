/**
 * The one root watch of a host: every part of the model lives on it, so that a real xenstored sees a
 * single watch of ours however much is looked at (docs/decisions/0005).
 */
import type { StoreClient, StoreWatch } from '../host/storeClient';

export interface RootFeedListener {
  /** Something at `path` changed: written, created, removed with all below it, or its permissions. */
  onPath(path: string): void;
  /** The store was away, or events were lost: anything may have changed. */
  onResync(): void;
}

export class RootFeed {
  readonly #store: StoreClient;
  readonly #listeners: RootFeedListener[] = [];
  #watch: StoreWatch | undefined;
  #closed = false;

  constructor(store: StoreClient) {
    this.#store = store;
  }

  add(listener: RootFeedListener): void {
    this.#listeners.push(listener);
  }

  /** Resolves when the watch is set. Rejects with what the store answers. */
  async start(): Promise<void> {
    const watch = await this.#store.watch('/');
    if (this.#closed) return watch.close();
    this.#watch = watch;
    void this.#pump(watch);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#watch?.close();
  }

  async #pump(watch: StoreWatch): Promise<void> {
    try {
      for await (const { path, kind } of watch) {
        if (this.#closed) return;
        if (kind === 'change') for (const listener of this.#listeners) listener.onPath(path);
        else if (kind === 'resync') for (const listener of this.#listeners) listener.onResync();
      }
    } catch {
      // The iterator ends with the client, and the client's state tells why.
    }
  }
}
