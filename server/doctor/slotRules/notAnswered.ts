/** Requests are in flight, and no response comes. */
import { isReadable, ringRule } from '../rule';
import { backendDoorbellLine, backendLine, slotPairLine } from '../slotWords';
import { grouped, howLong } from '../words';

/** A backend that has not even looked is told of sooner than one that works on what it took. */
export const notTakenMs = 1_000;
export const notAnsweredMs = 5_000;

export const notAnswered = ringRule('not-answered', (history, nowMs) => {
  const { slots } = history;
  if (!slots || !isReadable(history) || slots.layout.ring.mayWait) return undefined;
  const { unansweredSinceMs, isBackendIdle, inFlight } = slots;
  if (unansweredSinceMs === undefined) return undefined;
  const waitedMs = nowMs - unansweredSinceMs;
  if (waitedMs < (isBackendIdle ? notAnsweredMs : notTakenMs)) return undefined;
  const requests = inFlight === 1 ? '1 request' : `${grouped(inFlight)} requests`;
  return {
    severity: 'warning',
    text: isBackendIdle
      ? `${requests} taken and not answered for ${howLong(waitedMs)}`
      : `${requests} waiting for ${howLong(waitedMs)}, the backend not looking`,
    evidence: [
      slotPairLine(slots),
      `rsp_prod has not moved for ${howLong(waitedMs)}.`,
      backendLine(slots),
      backendDoorbellLine(history),
    ],
  };
});
