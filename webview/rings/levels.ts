/** How full a ring is, as its history draws it. */
import type { RingFrame } from '../../server/rpc/api';
import type { Levels } from './history';
import { isReadable } from './numbers';

/** Percent of each direction, or of the slots; null where the indices do not say it. */
export function levelsOf({ row }: RingFrame): Levels {
  if (row.slots) return [row.slots.insane ? null : (row.slots.inFlight * 100) / row.slots.slots];
  return row.directions.map((direction) =>
    isReadable(direction) ? (direction.usedBytes * 100) / direction.sizeBytes : null,
  );
}

/** Bytes of each direction, or how many slots there are. */
export function sizesOf({ row }: RingFrame): number[] {
  return row.slots ? [row.slots.slots] : row.directions.map(({ sizeBytes }) => sizeBytes);
}
