/** The last two minutes of a ring in columns, as the strip chart wants them. */

import type { RingStrip } from '../../server/rpc/api';

export const historyMs = 120_000;
/** At ten a second; the oldest are dropped. */
export const maxPoints = 1_200;

/** Percent of each direction; null where the indices could not be. */
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

  /** Puts what the server saw before the first point in front of it. `sizes`: bytes of each direction. */
  prepend({ slotMs, startMs, directions }: RingStrip, sizes: readonly number[]): void {
    const firstSeconds = this.times[0] ?? Infinity;
    const slots = directions[0]?.usedBytes.length ?? 0;
    const times: number[] = [];
    const columns: (number | null)[][] = this.levels.map(() => []);
    for (let slot = 0; slot < slots; slot++) {
      const seconds = (startMs + slot * slotMs) / 1000;
      if (seconds >= firstSeconds) break;
      times.push(seconds);
      for (const [index, column] of columns.entries()) {
        const used = directions[index]?.usedBytes[slot] ?? null;
        column.push(used === null ? null : (used * 100) / sizes[index]!);
      }
    }
    this.times.unshift(...times);
    for (const [index, column] of this.levels.entries()) column.unshift(...columns[index]!);
  }

  clear(): void {
    this.times.length = 0;
    for (const column of this.levels) column.length = 0;
  }

  /** The highest level that is in view. */
  highest(direction: number): number {
    return this.levels[direction]!.reduce<number>((most, level) => Math.max(most, level ?? 0), 0);
  }

  #push(timeMs: number, levels: Levels): void {
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
