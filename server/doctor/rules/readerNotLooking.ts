/** Bytes wait for the guest, and it does not look. */
import { directionRule, isExplained, ofStall } from '../rule';
import { doorbellLine, howLong, pairLine } from '../words';

/** Guests may be descheduled for a while, so they are given longer than servers. */
export const readerNotLookingMs = 1_000;

export const readerNotLooking = directionRule('reader-not-looking', (direction, history, nowMs) => {
  const { layout, waitingSinceMs } = direction;
  if (layout.consumer !== 'guest' || waitingSinceMs === undefined) return undefined;
  if (isExplained(direction, history)) return undefined;
  const waitedMs = nowMs - waitingSinceMs;
  if (waitedMs < readerNotLookingMs) return undefined;
  return {
    severity: ofStall(history, 'warning'),
    text: `data waiting for ${howLong(waitedMs)}, ${history.page.layout.guestName} not looking`,
    evidence: [
      pairLine(direction),
      `${layout.consWord} has not moved for ${howLong(waitedMs)}.`,
      doorbellLine(direction, history),
    ],
  };
});
