/**
 * Arithmetic of shared rings. Producer and consumer indices run freely over all unsigned 32-bit
 * numbers; only their difference and their value modulo the ring size mean anything
 * (xen/include/public/io/xs_wire.h, ring.h, libxenvchan.h).
 */

/** `index` moved on by `count`, modulo 2^32. */
export function advanceIndex(index: number, count: number): number {
  return (index + count) >>> 0;
}

/** How far `prod` is ahead of `cons`, modulo 2^32. Larger than the ring when the pair is insane. */
export function indexDistance(prod: number, cons: number): number {
  return (prod - cons) >>> 0;
}

export type Occupancy =
  | { readonly kind: 'sane'; readonly used: number; readonly free: number }
  /** The indices cannot be: `distance` is more than the ring holds. Nothing may be copied by them. */
  | { readonly kind: 'insane'; readonly distance: number };

/** What a pair of indices says of a ring of `size` bytes or slots. All `size` of them are usable. */
export function occupancy(prod: number, cons: number, size: number): Occupancy {
  const distance = indexDistance(prod, cons);
  return distance > size
    ? { kind: 'insane', distance }
    : { kind: 'sane', used: distance, free: size - distance };
}

export interface RingSpan {
  /** Offset in the ring's array. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Where `length` bytes (or slots) from `index` on lie in a ring of `size`, a power of two: one span,
 * or two where they cross its end. `length` must be at most `size`.
 */
export function ringSpans(index: number, length: number, size: number): readonly RingSpan[] {
  if (length === 0) return [];
  const offset = index & (size - 1);
  const first = Math.min(length, size - offset);
  if (first === length) return [{ offset, length }];
  return [
    { offset, length: first },
    { offset: 0, length: length - first },
  ];
}

/**
 * Whether moving a producer index from `before` to `after` passes `event`, the index at which the
 * other side asked to be told (RING_PUSH_*_AND_CHECK_NOTIFY of ring.h).
 */
export function mustNotify(before: number, after: number, event: number): boolean {
  return indexDistance(after, event) < indexDistance(after, before);
}
