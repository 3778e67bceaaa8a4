/** Chance for the tests that throw random input: one seed gives one run. */
import type { Random } from '../../server/host/clock';

/** XENSCOPE_SEED repeats a run; without it every run tries something new. */
export const seed = Number(process.env['XENSCOPE_SEED'] ?? Date.now() % 2 ** 31);

/** How many times longer than in `npm test` the fuzzers run; `npm run soak` sets it. */
export const effort = Number(process.env['XENSCOPE_EFFORT'] ?? 1);

/** mulberry32: 32 bits of state, good enough to choose bytes. */
export function seededRandom(from: number): Random {
  let state = from >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, below: (bound) => Math.floor(next() * bound) };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

export function randomBytes(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = random.below(256);
  return bytes;
}
