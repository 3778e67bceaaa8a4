/** A ring is full and stays so: its writer cannot go on until its reader reads. */
import { directionRule, isEnded, ofStall } from '../rule';
import { consumerOf, doorbellLine, howLong, pairLine, producerOf } from '../words';

/** A reader that is awake makes room long before this. */
export const fullMs = 500;

export const full = directionRule('full', (direction, history, nowMs) => {
  const { layout, fullSinceMs } = direction;
  if (fullSinceMs === undefined || nowMs - fullSinceMs < fullMs) return undefined;
  // Nobody will read it, and the error word says so.
  if (layout.consumer === 'server' && isEnded(direction, history.states)) return undefined;
  const reader = consumerOf(direction, history);
  const back = history.directions.find((other) => other !== direction);
  const areBothFull = history.page.layout.carries === 'messages' && back?.fullSinceMs !== undefined;
  // The server stopped to read because its answers have no room: the cause is told of the other ring.
  if (areBothFull && layout.consumer === 'server') return undefined;
  const evidence = [
    pairLine(direction),
    `${layout.consWord} has not moved for ${howLong(nowMs - fullSinceMs)}; ${producerOf(direction, history)} can write no more.`,
    doorbellLine(direction, history),
  ];
  if (areBothFull) {
    evidence.push(
      `${back.layout.name} is full as well: ${producerOf(direction, history)} waits for room for its answers.`,
    );
  }
  return {
    severity: history.page.layout.isSocket ? 'warning' : ofStall(history, 'error'),
    text: `full, ${layout.consumer === 'guest' ? history.page.layout.guestName : reader} not reading`,
    evidence,
  };
});
