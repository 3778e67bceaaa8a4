/** Those who sleep until the doorbell rings, or until this end of the vchan is over. */
import { XenscopeError } from '../host/errors';

interface Sleeper {
  wake(): void;
  fail(error: Error): void;
}

export class Sleepers {
  /** At most a reader, a writer, and those few who wait for the other side: one entry for each call that is under way. */
  readonly #all = new Set<Sleeper>();

  ring(): void {
    for (const sleeper of [...this.#all]) sleeper.wake();
  }

  /** Nobody sleeps any longer, nor waits for anything else. */
  fail(error: Error): void {
    for (const sleeper of [...this.#all]) sleeper.fail(error);
  }

  /**
   * Until it rings the next time; who sleeps has looked in the same turn, so that no ring is missed.
   * Rejects with `cancelled` when the signal is aborted first.
   */
  sleep(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled(signal));
      const onAbort = () => sleeper.fail(cancelled(signal!));
      const over = () => {
        this.#all.delete(sleeper);
        signal?.removeEventListener('abort', onAbort);
      };
      const sleeper: Sleeper = {
        wake: () => (over(), resolve()),
        fail: (error) => (over(), reject(error)),
      };
      this.#all.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The result of `promise`, unless `fail` comes first. Rings do not matter. */
  orFailed<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = { wake: () => undefined, fail: reject };
      this.#all.add(sleeper);
      promise.then(resolve, reject).finally(() => this.#all.delete(sleeper));
    });
  }
}

/** Throws a XenscopeError `cancelled` when the signal is aborted already. */
export function mustBeWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

function cancelled(signal: AbortSignal): XenscopeError {
  return new XenscopeError('cancelled', 'Nobody waits for the vchan any longer.', { cause: signal.reason });
}
