/**
 * A backend of PV Calls had filled `in`, the frontend has read all of it, and nothing more comes: Linux’s stands
 * still like that when its frontend only receives.
 */
import { drainedMs } from '../../model/rings/ringHistory';
import { directionRule, isEnded } from '../rule';
import { doorbellLine, howLong } from '../words';

export const standstill = directionRule('standstill', (direction, history, nowMs) => {
  const { layout, drainedSinceMs } = direction;
  if (!history.page.layout.isSocket || layout.name !== 'in' || drainedSinceMs === undefined) return undefined;
  const pastMs = nowMs - drainedSinceMs;
  if (pastMs < drainedMs || isEnded(direction, history.states)) return undefined;
  return {
    severity: 'warning',
    text: `the backend stands still: nothing came for ${howLong(pastMs)} since the full ring was read`,
    evidence: [
      `${layout.prodWord} has not moved since the ring was full, and ${layout.consWord} has come to it.`,
      doorbellLine(direction, history),
      'Linux’s backend does this when its frontend only receives: it misses that there is room again. The connection has to be made anew.',
      'A peer that has no more to send looks the same.',
    ],
  };
});
