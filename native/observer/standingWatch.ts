/**
 * A watch that is set again whenever the store has refused or ended it: its quota may have room later,
 * and a store that comes back may refuse what it took before. Only the client's end is its end.
 */
import type { Clock, Timer } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient, StoreWatch, WatchEvent } from '../../server/host/storeClient';

/** Doubles with each refusal in a row: those of many domains may be refused for ever. */
export const firstRetryMs = 1_000;
export const maxRetryMs = 60_000;

export class StandingWatch {
  readonly #store: StoreClient;
  readonly #clock: Clock;
  readonly #path: string;
  readonly #onEvent: (event: WatchEvent) => void;
  #watch: StoreWatch | undefined;
  #retry: Timer | undefined;
  #refusals = 0;
  /** What happened while it was not set is unknown. */
  #mayHaveMissed = false;
  #isClosed = false;

  constructor(store: StoreClient, clock: Clock, path: string, onEvent: (event: WatchEvent) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#path = path;
    this.#onEvent = onEvent;
    void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    void this.#watch?.close();
  }

  async #run(): Promise<void> {
    try {
      const watch = await this.#store.watch(this.#path);
      if (this.#isClosed) return void watch.close();
      this.#watch = watch;
      for await (const event of watch) this.#hear(event);
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
    }
    this.#watch = undefined;
    if (this.#isClosed || this.#store.state.kind === 'closed') return;
    const waitMs = Math.min(firstRetryMs * 2 ** this.#refusals++, maxRetryMs);
    this.#mayHaveMissed = true;
    this.#retry = this.#clock.after(waitMs, () => void this.#run());
  }

  #hear({ path, kind }: WatchEvent): void {
    if (this.#isClosed) return;
    this.#refusals = 0;
    this.#onEvent({ path, kind: kind === 'initial' && this.#mayHaveMissed ? 'resync' : kind });
  }
}
