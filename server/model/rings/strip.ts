/** The last minutes of a ring for a strip chart, and the rates of the last second: a few arrays that are used again. */
import type { DirectionName } from '../../capture/pageLayouts';
import type { RingStrip } from './ringTypes';

/** `slots`: one column that counts requests and responses instead of bytes. */
export type StripName = DirectionName | 'slots';

export const slotMs = 100;
/** Two minutes. */
export const stripSlots = 1_200;
/** Of a socket, of which there may be thousands: a quarter of a minute. */
export const socketStripSlots = 150;
const rateSlots = 10;
/** What passed while nobody looked for longer than this belongs to no slot. */
const maxGapMs = slotMs * rateSlots;

const markNames = ['torn', 'reset', 'insane', 'reconnecting'] as const;
export type StripMark = (typeof markNames)[number];

/** The numbers of a direction in a slot, in this order. */
const place = { used: 0, produced: 1, consumed: 2, messages: 3 } as const;
const numbersPerDirection = 4;
type NumberName = keyof typeof place;

export class Strip {
  readonly #names: readonly StripName[];
  /** Slot by slot, so that a look at a ring touches one line of the processor's cache, and the rates few. */
  readonly #numbers: Float64Array;
  readonly #length: number;
  readonly #seen: Uint8Array;
  readonly #marks: Uint8Array;
  /** Slots are numbered from the epoch on; this is the newest, -1 before the first sample. */
  #slot = -1;
  /** The newest in which something passed. */
  #movedSlot = -Infinity;
  #firstMs = 0;
  #lastMs = 0;

  constructor(names: readonly StripName[], slots = stripSlots) {
    this.#names = names;
    this.#length = slots;
    this.#seen = new Uint8Array(slots);
    this.#marks = new Uint8Array(slots);
    this.#numbers = new Float64Array(slots * names.length * numbersPerDirection);
  }

  /** A sample was taken; answers whether what moved since the last one belongs to this moment. */
  begin(nowMs: number): boolean {
    const slot = Math.floor(nowMs / slotMs);
    // Also where the clock was set back: nobody knows how much time passed.
    const isAnew = this.#slot < 0 || nowMs < this.#lastMs;
    if (isAnew) {
      this.#firstMs = nowMs;
      this.#movedSlot = -Infinity;
    }
    const isNear = !isAnew && nowMs - this.#lastMs <= maxGapMs;
    if (isAnew || slot !== this.#slot) this.#moveTo(slot, isAnew);
    this.#lastMs = nowMs;
    this.#seen[slot % this.#length] = 1;
    return isNear;
  }

  /** Instead of `begin` and `add`, of a ring in which nothing waits or moves since the last look: nor did it in between. */
  rest(nowMs: number): void {
    const before = this.#slot;
    if (!this.begin(nowMs)) return;
    for (let slot = before + 1; slot < this.#slot; slot++) this.#seen[slot % this.#length] = 1;
  }

  /** After `begin`. `usedBytes` is undefined while the indices say nothing: the slot then has no level. */
  add(
    which: number,
    usedBytes: number | undefined,
    producedBytes: number,
    consumedBytes: number,
    messages: number,
  ): void {
    const numbers = this.#numbers;
    const at = this.#at(this.#slot, which);
    numbers[at + place.used] = Math.max(numbers[at + place.used]!, usedBytes ?? NaN);
    numbers[at + place.produced]! += producedBytes;
    numbers[at + place.consumed]! += consumedBytes;
    numbers[at + place.messages]! += messages;
    if (producedBytes > 0 || consumedBytes > 0 || messages > 0) this.#movedSlot = this.#slot;
  }

  mark(what: StripMark): void {
    this.#marks[this.#slot % this.#length]! |= 1 << markNames.indexOf(what);
  }

  /**
   * Per second, over the last whole slots that make one: it changes from slot to slot and not with every
   * look, so that of a ring in which nothing more moves there is nothing new to tell.
   */
  rate(which: number, what: Exclude<NumberName, 'used'>, nowMs: number): number {
    const slot = Math.floor(nowMs / slotMs);
    const last = Math.min(this.#slot, slot - 1);
    let sum = 0;
    for (let past = Math.max(0, slot - rateSlots); past <= last; past++) {
      sum += this.#numbers[this.#at(past, which) + place[what]]!;
    }
    if (sum === 0) return 0;
    const windowMs = Math.min(rateSlots * slotMs, slot * slotMs - this.#firstMs);
    return Math.round((sum * 1_000) / Math.max(windowMs, slotMs));
  }

  /** Nothing passed for so long that all rates are 0, and stay so until something does. */
  isQuiet(nowMs: number): boolean {
    return Math.floor(nowMs / slotMs) - this.#movedSlot > rateSlots;
  }

  /** Slots from `sinceMs` on, the newest last. */
  read(sinceMs: number): RingStrip {
    const newest = Math.max(this.#slot, 0);
    const first = Math.max(
      newest - this.#length + 1,
      Math.floor(sinceMs / slotMs),
      Math.floor(this.#firstMs / slotMs),
    );
    const slots = Array.from(
      { length: Math.max(0, newest - first + 1) },
      (_, at) => (first + at) % this.#length,
    );
    const known = (which: number, what: NumberName) =>
      slots.map((slot) => {
        const value = this.#numbers[this.#at(slot, which) + place[what]]!;
        return this.#seen[slot] && !Number.isNaN(value) ? value : null;
      });
    return {
      slotMs,
      startMs: first * slotMs,
      directions: this.#names.map((name, which) => ({
        name,
        usedBytes: known(which, 'used'),
        producedBytes: known(which, 'produced'),
      })),
      marks: slots.flatMap((at, slot) => {
        const what = markNames.filter((_, bit) => (this.#marks[at]! & (1 << bit)) !== 0);
        return what.length > 0 ? [{ slot, what }] : [];
      }),
    };
  }

  /** Empties the slots that come into use: all where a strip begins anew. */
  #moveTo(slot: number, isAnew: boolean): void {
    const steps = isAnew ? this.#length : Math.min(this.#length, slot - this.#slot);
    for (let back = 0; back < steps; back++) {
      const at = (slot + this.#length - back) % this.#length;
      this.#seen[at] = 0;
      this.#marks[at] = 0;
      this.#numbers.fill(0, this.#at(at, 0), this.#at(at, this.#names.length));
    }
    this.#slot = slot;
  }

  /** Where the numbers of a direction in a slot begin. */
  #at(slot: number, which: number): number {
    return ((slot % this.#length) * this.#names.length + which) * numbersPerDirection;
  }
}
