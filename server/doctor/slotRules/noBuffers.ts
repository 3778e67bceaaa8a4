/** No buffer is posted: what comes from outside has nowhere to go. */
import { isReadable, ringRule } from '../rule';
import { frontendLine, slotPairLine } from '../slotWords';
import { howLong } from '../words';

/** A guest under load posts new ones within this. */
export const noBuffersMs = 2_000;

export const noBuffers = ringRule('no-buffers', (history, nowMs) => {
  const { slots } = history;
  if (!slots?.layout.ring.isPosted || !isReadable(history)) return undefined;
  const { emptySinceMs, reqProd } = slots;
  // One that never posted any has not begun.
  if (reqProd === 0) return undefined;
  if (emptySinceMs === undefined || nowMs - emptySinceMs < noBuffersMs) return undefined;
  return {
    severity: 'warning',
    text: `no buffer posted for ${howLong(nowMs - emptySinceMs)}, nothing can come in`,
    evidence: [slotPairLine(slots), 'The frontend has posted no empty buffer.', frontendLine(slots)],
  };
});
