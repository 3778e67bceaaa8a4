/** Those who sleep until the doorbell rings. No ring is lost between a look and the sleep after it: who sleeps says which rings it knows of. */
import { XenscopeError } from '../host/errors';

interface Sleeper {
  wake(): void;
  fail(error: Error): void;
}

export class Sleepers {
  /** At most a reader, a writer, and those few who wait for the other side: one entry for each call that is under way. */
  readonly #all = new Set<Sleeper>();
  #rings = 0;

  /** How often it rang so far. */
  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings++;
    for (const sleeper of [...this.#all]) sleeper.wake();
  }

  /** Nobody sleeps any longer, nor waits for anything else. */
  fail(error: Error): void {
    for (const sleeper of [...this.#all]) sleeper.fail(error);
  }

  /** Until it rings again after the first `known` times. Rejects with `cancelled` when the signal is aborted first. */
  sleep(known: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled(signal));
      if (this.#rings !== known) return resolve();
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

function cancelled(signal: AbortSignal): XenscopeError {
  return new XenscopeError('cancelled', 'Nobody waits for the vchan any longer.', { cause: signal.reason });
}
