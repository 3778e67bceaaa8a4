/** Responses lie in the ring, and the frontend does not take them. */
import { isReadable, ringRule } from '../rule';
import { frontendLine, slotPairLine } from '../slotWords';
import { grouped, howLong } from '../words';

/** A frontend that is alive takes them within a fraction of this. */
export const notTakenByFrontendMs = 2_000;

export const responsesNotTaken = ringRule('responses-not-taken', (history, nowMs) => {
  const { slots } = history;
  if (!slots?.layout.ring.takesAtOnce || !isReadable(history)) return undefined;
  const { untakenSinceMs, rspProd, rspEvent } = slots;
  if (untakenSinceMs === undefined || nowMs - untakenSinceMs < notTakenByFrontendMs) return undefined;
  const count = ((rspProd - rspEvent) >>> 0) + 1;
  return {
    severity: 'warning',
    text: `${grouped(count)} ${count === 1 ? 'response' : 'responses'} not taken for ${howLong(nowMs - untakenSinceMs)}, the frontend not looking`,
    evidence: [
      slotPairLine(slots),
      frontendLine(slots),
      'The calls are answered, and whoever made them still waits.',
    ],
  };
});
