/** Which bytes of a ring of slots are what, for a hexdump: its words, slots in flight, the others. */
import { GENERIC_RING, genericRingSlotOffset } from '../../wire/genericRing';
import type { RingSegment } from './ringTypes';
import type { SlotHistory } from './slotHistory';

/** Pieces that cover the first `bytes` of the ring. */
export function slotSegments(
  { layout, rspProd, inFlight, insane }: SlotHistory,
  bytes: number,
): RingSegment[] {
  const { ring, slots } = layout;
  const segments: RingSegment[] = Object.values(GENERIC_RING.fields).map(
    ({ name, offsetBytes, widthBytes }) => ({
      start: offsetBytes,
      end: offsetBytes + widthBytes,
      role: 'index',
      name,
    }),
  );
  let at = segments.at(-1)!.end;
  segments.push({ start: at, end: (at = GENERIC_RING.sizeBytes), role: 'unused' });
  for (let slot = 0; slot < slots && at < bytes; slot++) {
    const isInFlight = ((slot - rspProd) & (slots - 1)) < inFlight;
    const end = Math.min(genericRingSlotOffset(slot, ring.slotBytes, slots) + ring.slotBytes, bytes);
    const role = insane ? 'unused' : isInFlight ? 'queued' : 'consumed';
    const last = segments.at(-1)!;
    if (last.role === role && last.end === at && slot > 0) segments[segments.length - 1] = { ...last, end };
    else segments.push({ start: at, end, role });
    at = end;
  }
  if (at < bytes) segments.push({ start: at, end: bytes, role: 'unused' });
  return segments;
}
