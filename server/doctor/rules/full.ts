/** A ring is full and stays so: its writer cannot go on until its reader reads. */
import { directionRule } from '../rule';
import { consumerOf, doorbellLine, howLong, pairLine, producerOf } from '../words';

/** A reader that is awake makes room long before this. */
export const fullMs = 500;

export const full = directionRule('full', (direction, history, nowMs) => {
  const { layout, fullSinceMs } = direction;
  if (fullSinceMs === undefined || nowMs - fullSinceMs < fullMs) return undefined;
  const reader = consumerOf(direction, history);
  const back = history.directions.find((other) => other !== direction);
  // The server stopped to read because its answers have no room: the cause is told of the other ring.
  const isConsequence =
    layout.consumer === 'server' &&
    history.page.layout.carries === 'messages' &&
    back?.fullSinceMs !== undefined;
  return {
    severity: isConsequence ? 'warning' : 'error',
    text: isConsequence
      ? `full, ${reader} waits for room for its answers`
      : `full, ${layout.consumer === 'guest' ? 'guest' : reader} not reading`,
    evidence: [
      pairLine(direction),
      `${layout.consWord} has not moved for ${howLong(nowMs - fullSinceMs)}; ${producerOf(direction, history)} can write no more.`,
      doorbellLine(direction, history),
    ],
  };
});
