/** Pages that are mapped when somebody looks, and let go. */
import type { Clock } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { MappedRing } from './ringPages';

/** What could not be mapped is not tried again before. */
export const retryMs = 1_000;

export class LazyMapping {
  readonly #clock: Clock;
  readonly #map: () => MappedRing;
  #mapped: MappedRing | undefined;
  #failure: { readonly error: XenscopeError; readonly atMs: number } | undefined;

  /** `map` may throw a XenscopeError. */
  constructor(clock: Clock, map: () => MappedRing) {
    this.#clock = clock;
    this.#map = map;
  }

  get isMapped(): boolean {
    return this.#mapped !== undefined;
  }

  get(): MappedRing {
    return (this.#mapped ??= this.#mapNow());
  }

  /** It is mapped again when somebody looks. */
  letGo(): void {
    this.#mapped?.unmap();
    this.#mapped = undefined;
    this.#failure = undefined;
  }

  #mapNow(): MappedRing {
    const nowMs = this.#clock.nowMs();
    if (this.#failure && nowMs < this.#failure.atMs + retryMs) throw this.#failure.error;
    try {
      const mapped = this.#map();
      this.#failure = undefined;
      return mapped;
    } catch (error) {
      if (error instanceof XenscopeError) this.#failure = { error, atMs: nowMs };
      throw error;
    }
  }
}
