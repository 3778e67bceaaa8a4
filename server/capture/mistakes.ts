/**
 * What goes wrong in one of those who look shall not end the looking of all. The same mistake, which
 * may come with every sample, is told once.
 */

/** After so many different ones nobody needs another. */
const maxTold = 32;

export class Mistakes {
  readonly #tellOne: (error: unknown) => void;
  readonly #told = new Set<string>();

  /** Without `onMistake` it becomes an unhandled rejection, so that it shows where the process shows its mistakes. */
  constructor(onMistake: ((error: unknown) => void) | undefined) {
    this.#tellOne = onMistake ?? ((error) => void Promise.reject(error as Error));
  }

  /** Undefined when it threw. */
  guard<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.tell(error);
      return undefined;
    }
  }

  tell(error: unknown): void {
    const words = String(error);
    if (this.#told.has(words) || this.#told.size >= maxTold) return;
    this.#told.add(words);
    this.#tellOne(error);
  }
}
