/**
 * Lets only so many pieces of work run at once, in the order in which they came. For calls that may
 * block a thread of the process's small pool for as long as somebody else likes.
 */
export class Turnstile {
  readonly #maxAtOnce: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #whenIdle: (() => void)[] = [];

  constructor(maxAtOnce: number) {
    this.#maxAtOnce = maxAtOnce;
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    // Who waited was let in by the one who left, and is counted already.
    if (this.#running < this.#maxAtOnce) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) return next();
    if (--this.#running > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

/**
 * Node's pool has four threads for files, names and native calls alike. A xenstored that hangs may
 * hold two of them, however many connections there are; everything else goes on with the rest.
 */
export const blockingCalls = new Turnstile(2);
