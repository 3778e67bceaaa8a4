/** Bytes that are kept until somebody takes them: so many at most, in few pieces however small those are that come. */

/** Smaller pieces are joined: a byte that is kept as a piece of its own costs a hundred. */
export const joinedBytes = 4096;

export class KeptBytes {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  /** The last of the pieces lies at its beginning, and there may be room for more. */
  #open: Buffer | undefined;

  get bytes(): number {
    return this.#bytes;
  }

  get pieces(): number {
    return this.#pieces.length;
  }

  /** Copies them behind the others. */
  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    const known = this.#open ? this.#pieces.at(-1)!.length : 0;
    if (this.#open && known + bytes.length <= joinedBytes) {
      this.#open.set(bytes, known);
      this.#pieces[this.#pieces.length - 1] = this.#open.subarray(0, known + bytes.length);
      return;
    }
    this.#open = bytes.length < joinedBytes ? Buffer.allocUnsafe(joinedBytes) : undefined;
    this.#open?.set(bytes);
    this.#pieces.push(this.#open?.subarray(0, bytes.length) ?? Buffer.from(bytes));
  }

  /** Drops the oldest pieces until there are no more than `maxBytes`, or one piece; answers how many bytes those were. */
  dropTo(maxBytes: number): number {
    let dropped = 0;
    while (this.#bytes - dropped > maxBytes && this.#pieces.length > 1)
      dropped += this.#pieces.shift()!.length;
    this.#bytes -= dropped;
    return dropped;
  }

  /** All, in the order in which they came; none are left. */
  take(): Buffer {
    const all = Buffer.concat(this.#pieces);
    this.#pieces.length = 0;
    this.#bytes = 0;
    this.#open = undefined;
    return all;
  }
}
