/** The last two minutes of a ring in columns, as the strip chart wants them. */

import type { RingStrip } from '../../server/rpc/api';

export const historyMs = 120_000;
/** At ten a second; the oldest are dropped. */
export const maxPoints = 1_200;

/** Known points further apart than this have something unknown between them. */
export const maxGapMs = 1_000;

/** Percent of each direction; null where the indices could not be, or nobody looked. */
export type Levels = readonly (number | null)[];

export class History {
  /** Seconds since the epoch. */
  readonly times: number[] = [];
  readonly levels: (number | null)[][];
  readonly #leastMs = historyMs / maxPoints;

  constructor(directions: number) {
    this.levels = Array.from({ length: directions }, () => []);
  }

  get isEmpty(): boolean {
    return this.times.length === 0;
  }

  /** Points that come faster than they can be seen are joined: the highest level counts. */
  add(timeMs: number, levels: Levels): void {
    const last = this.times.length - 1;
    if (last >= 0 && timeMs < this.times[last]! * 1000) this.clear();
    const before = this.times.length - 2;
    if (before >= 0 && timeMs - this.times[before]! * 1000 < this.#leastMs) this.#join(timeMs, levels);
    else this.#push(timeMs, levels);
    this.#dropBefore(timeMs - historyMs);
  }

  /**
   * Takes over what the server saw, which goes on while this page is hidden or paused: it stands for
   * all points of its time. `sizes`: bytes of each direction.
   */
  restore({ slotMs, startMs, directions }: RingStrip, sizes: readonly number[]): void {
    const slots = directions[0]?.usedBytes.length ?? 0;
    const endMs = startMs + slots * slotMs;
    const known = this.times.map((seconds, at) => ({
      timeMs: seconds * 1000,
      levels: this.levels.map((column) => column[at]!),
    }));
    this.clear();
    for (const { timeMs, levels } of known) if (timeMs < startMs) this.#push(timeMs, levels);
    for (let slot = 0; slot < slots; slot++) {
      const used = this.levels.map((_, index) => directions[index]?.usedBytes[slot] ?? null);
      // Slots without a sample lie between the others whenever nobody looks closely.
      if (used.every((bytes) => bytes === null)) continue;
      const levels = used.map((bytes, index) => (bytes === null ? null : (bytes * 100) / sizes[index]!));
      this.#push(startMs + slot * slotMs, levels);
    }
    for (const { timeMs, levels } of known) if (timeMs >= endMs) this.#push(timeMs, levels);
    this.#dropBefore(endMs - historyMs);
  }

  clear(): void {
    this.times.length = 0;
    for (const column of this.levels) column.length = 0;
  }

  /** The highest level that is in view. */
  highest(direction: number): number {
    return this.levels[direction]!.reduce<number>((most, level) => Math.max(most, level ?? 0), 0);
  }

  /** A line is not drawn across a time in which nobody looked. */
  #push(timeMs: number, levels: Levels): void {
    const lastMs = (this.times.at(-1) ?? Infinity) * 1000;
    const isBroken =
      levels.every((level) => level === null) || this.levels.every((column) => column.at(-1) === null);
    if (timeMs - lastMs > maxGapMs && !isBroken) this.#append((lastMs + timeMs) / 2, []);
    this.#append(timeMs, levels);
  }

  #append(timeMs: number, levels: Levels): void {
    this.times.push(timeMs / 1000);
    for (const [index, column] of this.levels.entries()) column.push(levels[index] ?? null);
  }

  #join(timeMs: number, levels: Levels): void {
    const last = this.times.length - 1;
    this.times[last] = timeMs / 1000;
    for (const [index, column] of this.levels.entries()) {
      const level = levels[index] ?? null;
      const known = column[last] ?? null;
      column[last] = level === null || known === null ? level : Math.max(level, known);
    }
  }

  #dropBefore(timeMs: number): void {
    let count = Math.max(0, this.times.length - maxPoints);
    while (count < this.times.length && this.times[count]! * 1000 < timeMs) count++;
    if (count === 0) return;
    this.times.splice(0, count);
    for (const column of this.levels) column.splice(0, count);
  }
}
