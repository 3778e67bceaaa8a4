/**
 * Chance of a world: sfc32 (Chris Doty-Humphrey's small fast chaotic generator), 128 bits of state,
 * seeded from one number. The same seed gives the same numbers on every machine.
 */
import type { Random } from '../host/clock';

/** Outputs thrown away after seeding, so that similar seeds do not begin alike. */
const WARM_UP_ROUNDS = 15;

export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed` is any number; two numbers that differ give unrelated sequences. */
  constructor(seed: number) {
    const whole = Math.trunc(seed);
    this.#a = whole | 0;
    this.#b = Math.floor(whole / 2 ** 32) | 0;
    // A fraction of a seed is odd, but it should not be lost.
    this.#c = Math.trunc((seed - whole) * 2 ** 32) | 0;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.#next32();
  }

  next(): number {
    return this.#next32() / 2 ** 32;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** `digits` hexadecimal digits. */
  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join('');
  }

  /** A random UUID (version 4), as a toolstack makes it for a domain. */
  uuid(): string {
    const variant = this.pick(['8', '9', 'a', 'b']);
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-${variant}${this.hex(3)}-${this.hex(12)}`;
  }

  /** A MAC address with Xen's own prefix. */
  mac(): string {
    return `00:16:3e:${this.hex(2)}:${this.hex(2)}:${this.hex(2)}`;
  }

  #next32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11) | 0;
    this.#c = (this.#c + result) | 0;
    return result >>> 0;
  }
}
