/** Nothing moves, and nothing has to. */
import { isReadable, ringRule } from '../rule';
import { backendLine, frontendLine, slotPairLine } from '../slotWords';

export const slotsIdle = ringRule('idle', (history) => {
  const { slots } = history;
  if (!slots || slots.insane || !isReadable(history)) return undefined;
  const { isPosted } = slots.layout.ring;
  return {
    severity: 'fine',
    text: isPosted ? 'idle, buffers posted' : slots.inFlight > 0 ? 'calls wait' : 'idle',
    evidence: [slotPairLine(slots), backendLine(slots), frontendLine(slots)],
  };
});
