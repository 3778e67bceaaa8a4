/** Something is missing, and not yet for so long that anybody is to blame; or nothing was read yet. */
import { ringRule } from '../rule';
import { backendLine, slotPairLine } from '../slotWords';

export const slotsSettling = ringRule('settling', (history) => {
  const { slots, goneSinceMs, samples } = history;
  if (!slots || goneSinceMs !== undefined) return undefined;
  if (samples === 0) {
    return { severity: 'fine', text: 'not read yet', evidence: ['No sample has been taken yet.'] };
  }
  if (slots.insane) {
    const evidence = ['One sample shows indices that cannot be; the next one decides.'];
    return { severity: 'fine', text: 'requests on their way', evidence };
  }
  const { isPosted, mayWait } = slots.layout.ring;
  const isMissing = isPosted ? slots.inFlight === 0 : slots.inFlight > 0 && !mayWait;
  if (!isMissing) return undefined;
  const text = isPosted ? 'no buffer posted' : 'requests on their way';
  return { severity: 'fine', text, evidence: [slotPairLine(slots), backendLine(slots)] };
});
