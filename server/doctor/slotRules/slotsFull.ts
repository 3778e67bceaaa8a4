/** Every slot is in flight and none is answered: the frontend can ask for nothing more. */
import { isReadable, ringRule } from '../rule';
import { backendDoorbellLine, backendLine, slotPairLine } from '../slotWords';
import { howLong } from '../words';

const waitingLine =
  'Each waits for what may never happen, as an ACCEPT or a POLL of PV Calls for somebody who connects: ' +
  'the backend may do nothing wrong, and what would end one of them has no slot.';

/** A busy disk may let a full ring wait for a while. */
export const slotsFullMs = 2_000;

export const slotsFull = ringRule('full', (history, nowMs) => {
  const { slots } = history;
  if (!slots || !isReadable(history) || slots.layout.ring.isPosted) return undefined;
  const { fullSinceMs } = slots;
  if (fullSinceMs === undefined || nowMs - fullSinceMs < slotsFullMs) return undefined;
  // It has looked at all of them, and they wait for something that happens elsewhere.
  const waits = slots.layout.ring.mayWait && slots.isBackendIdle;
  return {
    severity: 'error',
    text: waits ? 'full, every request waits at the backend' : 'full, the backend does not answer',
    evidence: [
      ...(waits ? [waitingLine] : []),
      slotPairLine(slots),
      `rsp_prod has not moved for ${howLong(nowMs - fullSinceMs)}; the frontend can ask for nothing more.`,
      backendLine(slots),
      backendDoorbellLine(history),
    ],
  };
});
