/**
 * The store of the journal: the last entries, in memory that is allocated once. The oldest entries
 * go first, when either their number or their bytes reach the limit.
 *
 * Messages are by far the most, and are kept as columns of numbers and one ring of bytes, so that to
 * record one costs a copy of its bytes and no object.
 */

export interface RecorderLimits {
  /** Of all messages that are kept. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export interface RecordStamp {
  readonly timeMs: number;
  readonly domid: number;
  /** A number that the recorder keeps and does not understand. */
  readonly source: number;
}

/** Up to here copying byte by byte is quicker than the call that does it at once. */
const maxShortBytes = 96;

export class FlightRecorder<Body> {
  readonly #limits: RecorderLimits;
  readonly #bytes: Uint8Array;
  readonly #timesMs: Float64Array;
  readonly #domids: Uint16Array;
  readonly #sources: Float64Array;
  readonly #marks: Uint8Array;
  /** Where the bytes of an entry begin, counted on without end; modulo the ring it is the place. */
  readonly #starts: Float64Array;
  readonly #lengths: Uint32Array;
  /** Entries that are no messages. */
  readonly #bodies: (Body | undefined)[];
  #firstN = 1;
  #nextN = 1;
  /** Where entry #1 would be is slot 1: these keep step with the numbers, without a division. */
  #firstSlot: number;
  #nextSlot: number;
  /** Bytes that were ever written, skipped ones included; modulo the ring it is the place. */
  #head = 0;
  #place = 0;
  #droppedBytes = 0;

  constructor(limits: RecorderLimits) {
    const { maxBytes, maxEntries } = limits;
    this.#limits = limits;
    this.#firstSlot = 1 % maxEntries;
    this.#nextSlot = this.#firstSlot;
    this.#bytes = new Uint8Array(maxBytes);
    this.#timesMs = new Float64Array(maxEntries);
    this.#domids = new Uint16Array(maxEntries);
    this.#sources = new Float64Array(maxEntries);
    this.#marks = new Uint8Array(maxEntries);
    this.#starts = new Float64Array(maxEntries);
    this.#lengths = new Uint32Array(maxEntries);
    this.#bodies = new Array<Body | undefined>(maxEntries).fill(undefined);
  }

  /** The oldest entry that is kept. */
  get firstN(): number {
    return this.#firstN;
  }

  /** The number of the entry that comes next. */
  get nextN(): number {
    return this.#nextN;
  }

  /** Bytes of messages that were dropped. */
  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** `mark` is any small number. Bytes that are more than all room are cut. Answers the number. */
  addBytes(
    timeMs: number,
    domid: number,
    source: number,
    mark: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const length = Math.min(end - start, this.#limits.maxBytes);
    const slot = this.#slot(timeMs, domid, source);
    this.#marks[slot] = mark;
    this.#lengths[slot] = length;
    const at = this.#makeRoom(slot, length);
    if (length <= maxShortBytes) {
      for (let index = 0; index < length; index++) this.#bytes[at + index] = bytes[start + index]!;
    } else {
      this.#bytes.set(bytes.subarray(start, start + length), at);
    }
    return this.#nextN++;
  }

  addBody(timeMs: number, domid: number, source: number, body: Body): number {
    const slot = this.#slot(timeMs, domid, source);
    this.#bodies[slot] = body;
    this.#lengths[slot] = 0;
    this.#starts[slot] = this.#head;
    return this.#nextN++;
  }

  has(n: number): boolean {
    return Number.isInteger(n) && n >= this.#firstN && n < this.#nextN;
  }

  stamp(n: number): RecordStamp {
    const slot = n % this.#limits.maxEntries;
    return { timeMs: this.#timesMs[slot]!, domid: this.#domids[slot]!, source: this.#sources[slot]! };
  }

  /** Undefined for an entry that is a message. */
  body(n: number): Body | undefined {
    return this.#bodies[n % this.#limits.maxEntries];
  }

  mark(n: number): number {
    return this.#marks[n % this.#limits.maxEntries]!;
  }

  /** A copy. */
  bytes(n: number): Uint8Array {
    const slot = n % this.#limits.maxEntries;
    const at = this.#starts[slot]! % this.#limits.maxBytes;
    return this.#bytes.slice(at, at + this.#lengths[slot]!);
  }

  #slot(timeMs: number, domid: number, source: number): number {
    const { maxEntries } = this.#limits;
    if (this.#nextN - this.#firstN === maxEntries) this.#dropFirst();
    const slot = this.#nextSlot;
    this.#nextSlot = slot + 1 === maxEntries ? 0 : slot + 1;
    this.#timesMs[slot] = timeMs;
    this.#domids[slot] = domid;
    this.#sources[slot] = source;
    return slot;
  }

  /** Where `length` bytes in one piece may be written; whoever lay there is dropped. */
  #makeRoom(slot: number, length: number): number {
    const { maxBytes } = this.#limits;
    let place = this.#place;
    if (place + length > maxBytes) {
      this.#head += maxBytes - place;
      place = 0;
    }
    this.#starts[slot] = this.#head;
    this.#head += length;
    this.#place = place + length;
    const oldestStart = this.#head - maxBytes;
    while (this.#firstN < this.#nextN && this.#starts[this.#firstSlot]! < oldestStart) this.#dropFirst();
    return place;
  }

  #dropFirst(): void {
    const slot = this.#firstSlot;
    this.#firstSlot = slot + 1 === this.#limits.maxEntries ? 0 : slot + 1;
    this.#droppedBytes += this.#lengths[slot]!;
    this.#bodies[slot] = undefined;
    this.#firstN++;
  }
}
