/**
 * Where things lie on the picture of a ring: byte 0 is at the top, indices run clockwise, and an
 * index goes round as often as it likes. Angles are those of a canvas: 0 points right.
 */
import type { RingDirectionState } from '../../server/rpc/api';
import { isReadable } from './numbers';

export const fullTurn = 2 * Math.PI;
const top = -Math.PI / 2;

/** Where byte `offset` of a ring of `size` begins. */
export function angleOf(offset: number, size: number): number {
  return top + (fullTurn * (offset % size)) / size;
}

export interface Arc {
  readonly from: number;
  /** At least `from`; a full turn beyond it when the ring is full. */
  readonly to: number;
}

/** What is drawn of a ring of bytes, or of slots: `used` and `size` count either. */
export interface PictureState {
  readonly producer: string;
  readonly consumer: string;
  /** Free-running, modulo 2^32. */
  readonly prod: number;
  readonly cons: number;
  readonly used: number;
  readonly size: number;
  readonly insane: boolean;
  readonly unknown: boolean;
}

export function pictureOf(direction: RingDirectionState): PictureState {
  const { usedBytes, sizeBytes, producer, consumer, prod, cons, insane, unknown } = direction;
  return { producer, consumer, prod, cons, used: usedBytes, size: sizeBytes, insane, unknown };
}

/** What waits, from the consumer on to the producer. Undefined when nothing does, or nobody can tell. */
export function queuedArc(state: PictureState): Arc | undefined {
  const { cons, used, size } = state;
  if (!isReadable(state) || used === 0) return undefined;
  const from = angleOf(cons, size);
  return { from, to: from + (fullTurn * Math.min(used, size)) / size };
}

/** Whether the bytes that wait run over the end of the array and go on at its beginning. */
export function wraps(direction: RingDirectionState): boolean {
  const { cons, usedBytes, sizeBytes } = direction;
  return isReadable(direction) && (cons % sizeBytes) + usedBytes > sizeBytes;
}

/**
 * Moves an index towards where it is now, for the eye: a part of the way each time, the short way
 * over 2^32. Jumps that are longer than the ring are not shown as a race round it.
 */
export function glide(shown: number, now: number, size: number, part: number): number {
  const ahead = (now - shown) | 0;
  if (Math.abs(ahead) > size || Math.abs(ahead) <= 1) return now;
  return (shown + Math.trunc(ahead * part) + Math.sign(ahead)) >>> 0;
}

/** Two labels on one circle at least `apart` radians from each other; both give way. */
export function separated(one: number, other: number, apart: number): readonly [number, number] {
  let between = (((other - one) % fullTurn) + fullTurn) % fullTurn;
  if (between > Math.PI) between -= fullTurn;
  if (Math.abs(between) >= apart) return [one, other];
  const side = between >= 0 ? 1 : -1;
  const give = ((apart - Math.abs(between)) / 2) * side;
  return [one - give, other + give];
}
