/** The guest has written, and whoever serves it does not look. */
import { directionRule, isExplained, ofStall } from '../rule';
import { doorbellLine, howLong, pairLine } from '../words';

/** A server that is alive looks within a fraction of this, loaded or not. */
export const requestWaitingMs = 500;

export const requestWaiting = directionRule('request-waiting', (direction, history, nowMs) => {
  const { layout, waitingSinceMs } = direction;
  if (layout.consumer !== 'server' || waitingSinceMs === undefined) return undefined;
  if (isExplained(direction, history)) return undefined;
  const waitedMs = nowMs - waitingSinceMs;
  if (waitedMs < requestWaitingMs) return undefined;
  // Who cannot answer need not listen: then the full ring the other way is the trouble.
  const back = history.directions.find((other) => other !== direction);
  if (history.page.layout.carries === 'messages' && back?.fullSinceMs !== undefined) return undefined;
  const { serverName, carries } = history.page.layout;
  const what = { messages: 'request', text: 'output', unseen: 'data' }[carries];
  return {
    severity: ofStall(history, 'warning'),
    text: `${what} waiting for ${howLong(waitedMs)}, ${serverName} not looking`,
    evidence: [
      pairLine(direction),
      `${layout.consWord} has not moved for ${howLong(waitedMs)}.`,
      doorbellLine(direction, history),
    ],
  };
});
