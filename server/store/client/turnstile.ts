/**
 * Lets only so many pieces of work run at once, in the order in which they came. For calls that may
 * block a thread of the process's small pool for as long as somebody else likes.
 */
export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(maxAtOnce: number) {
    this.#free = maxAtOnce;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

/**
 * Node's pool has four threads for files, names and native calls alike. A xenstored that hangs may
 * hold two of them, however many connections there are; everything else goes on with the rest.
 */
export const blockingCalls = new Turnstile(2);
