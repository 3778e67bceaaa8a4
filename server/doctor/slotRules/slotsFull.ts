/** Every slot is in flight and none is answered: the frontend can ask for nothing more. */
import { isReadable, ringRule } from '../rule';
import { backendDoorbellLine, backendLine, slotPairLine } from '../slotWords';
import { howLong } from '../words';

/** A busy disk may let a full ring wait for a while. */
export const slotsFullMs = 2_000;

export const slotsFull = ringRule('full', (history, nowMs) => {
  const { slots } = history;
  if (!slots || !isReadable(history) || slots.layout.ring.isPosted) return undefined;
  const { fullSinceMs } = slots;
  if (fullSinceMs === undefined || nowMs - fullSinceMs < slotsFullMs) return undefined;
  return {
    severity: 'error',
    text: 'full, the backend does not answer',
    evidence: [
      slotPairLine(slots),
      `rsp_prod has not moved for ${howLong(nowMs - fullSinceMs)}; the frontend can ask for nothing more.`,
      backendLine(slots),
      backendDoorbellLine(history),
    ],
  };
});
