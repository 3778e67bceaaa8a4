/**
 * Whoever reads or writes a vchan whose other side is quick never has to wait: what it awaits is there already, and
 * node's loop would not get its turn. Signals, timers and everybody else would wait for as long as bytes pass.
 */

/** Each may look for a moment before it finds something. */
export const movesPerTurn = 64;
/** Of reads: what is done with the bytes takes time as well. */
export const bytesPerTurn = 512 * 1024;

export class LoopTurns {
  readonly #giveTurn: () => Promise<void>;
  #moves = 0;
  #bytes = 0;

  /** `giveTurn` resolves when the loop has had its turn; as soon as it has when absent. */
  constructor(giveTurn: () => Promise<void> = nextTurn) {
    this.#giveTurn = giveTurn;
  }

  /** After each read of so many bytes, or each write, to be awaited: undefined while the loop can wait. */
  passed(bytes = 0): Promise<void> | undefined {
    this.#moves++;
    this.#bytes += bytes;
    if (this.#moves < movesPerTurn && this.#bytes < bytesPerTurn) return undefined;
    this.#moves = this.#bytes = 0;
    return this.#giveTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
