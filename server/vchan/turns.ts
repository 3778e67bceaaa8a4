/**
 * Whoever reads a vchan whose writer is quick never has to wait: what it awaits is there already, and node's
 * loop would not get its turn. Signals, timers and everybody else would wait for as long as bytes come.
 */

/** A read may look for a moment before it finds something. */
export const readsPerTurn = 64;
export const bytesPerTurn = 512 * 1024;

export class LoopTurns {
  readonly #giveTurn: () => Promise<void>;
  #reads = 0;
  #bytes = 0;

  /** `giveTurn` resolves when the loop has had its turn; as soon as it has when absent. */
  constructor(giveTurn: () => Promise<void> = nextTurn) {
    this.#giveTurn = giveTurn;
  }

  /** After each read, to be awaited: undefined while the loop can wait. */
  passed(bytes: number): Promise<void> | undefined {
    this.#reads++;
    this.#bytes += bytes;
    if (this.#reads < readsPerTurn && this.#bytes < bytesPerTurn) return undefined;
    this.#reads = this.#bytes = 0;
    return this.#giveTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
