/**
 * The names of a large directory in the order in which they came: a persistent B-tree over
 * ascending sequence numbers that knows how many bytes of listing lie below each branch, so that
 * DIRECTORY_PART finds a byte offset without walking the names before it.
 *
 * Names are only appended at the end and removed anywhere; a branch that becomes empty goes, one
 * that becomes thin stays. So the height is bounded by the largest size the list ever had.
 */

const MAX_ITEMS = 32;

export class NameList {
  private constructor(
    /** 0 for a leaf, whose items are names; above that items are lists. */
    private readonly height: number,
    /** Per item the sequence number of its first name when it was put in. */
    private readonly sequences: readonly number[],
    private readonly items: readonly (string | NameList)[],
    /** Bytes of listing: every name and its NUL. */
    readonly bytes: number,
  ) {}

  static readonly empty = new NameList(0, [], [], 0);

  /** A list of one name whose leaf lies `height` levels down. */
  static #spine(height: number, sequence: number, name: string): NameList {
    const item = height === 0 ? name : NameList.#spine(height - 1, sequence, name);
    return new NameList(height, [sequence], [item], name.length + 1);
  }

  /** `sequence` must be above every sequence number in the list. */
  append(sequence: number, name: string): NameList {
    const within = this.#appended(sequence, name);
    if (within) return within;
    const sequences = [this.sequences[0]!, sequence];
    const items = [this, NameList.#spine(this.height, sequence, name)];
    return new NameList(this.height + 1, sequences, items, this.bytes + name.length + 1);
  }

  /** Undefined when the right edge is full all the way down. */
  #appended(sequence: number, name: string): NameList | undefined {
    const { height, sequences, items } = this;
    const bytes = this.bytes + name.length + 1;
    if (height > 0) {
      const last = items.length - 1;
      const within = (items[last] as NameList).#appended(sequence, name);
      if (within) return new NameList(height, sequences, items.with(last, within), bytes);
    }
    if (items.length === MAX_ITEMS) return undefined;
    const item = height === 0 ? name : NameList.#spine(height - 1, sequence, name);
    return new NameList(height, [...sequences, sequence], [...items, item], bytes);
  }

  /** The name must be in the list under this sequence number. */
  remove(sequence: number, name: string): NameList {
    let list = this.#removed(sequence, name);
    while (list && list.height > 0 && list.items.length === 1) list = list.items[0] as NameList;
    return list ?? NameList.empty;
  }

  #removed(sequence: number, name: string): NameList | undefined {
    const { height, sequences, items } = this;
    const at = lastAtOrBelow(sequences, sequence);
    const bytes = this.bytes - name.length - 1;
    const item = height === 0 ? undefined : (items[at] as NameList).#removed(sequence, name);
    if (item) return new NameList(height, sequences, items.with(at, item), bytes);
    if (items.length === 1) return undefined;
    return new NameList(height, sequences.toSpliced(at, 1), items.toSpliced(at, 1), bytes);
  }

  /** All names, in order. */
  collect(into: string[]): void {
    for (const item of this.items) {
      if (typeof item === 'string') into.push(item);
      else item.collect(into);
    }
  }

  /**
   * Adds names to `into` from byte `offset` of the listing on, as long as whole names fit into
   * `roomBytes`; a first name that the offset cuts counts with its tail. Returns the room left, or
   * -1 when a name no longer fitted.
   */
  collectFrom(offset: number, roomBytes: number, into: string[]): number {
    let before = 0;
    let room = roomBytes;
    for (const item of this.items) {
      const bytes = typeof item === 'string' ? item.length + 1 : item.bytes;
      const skip = Math.max(0, offset - before);
      before += bytes;
      if (skip >= bytes) continue;
      if (typeof item !== 'string') {
        room = item.collectFrom(skip, room, into);
        if (room < 0) return -1;
        continue;
      }
      room -= bytes - skip;
      if (room < 0) return -1;
      into.push(skip === 0 ? item : item.slice(skip));
    }
    return room;
  }
}

function lastAtOrBelow(sequences: readonly number[], sequence: number): number {
  let low = 0;
  let high = sequences.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sequences[middle]! <= sequence) low = middle;
    else high = middle - 1;
  }
  return low;
}
