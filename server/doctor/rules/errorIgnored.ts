/** The backend has ended a direction of a socket, and somebody goes on as if it had not. */
import { pvcallsErrorName } from '../../wire/pvcalls/errno';
import { endedMs, type DirectionHistory, type RingHistory } from '../../model/rings/ringHistory';
import { directionRule, isEnded } from '../rule';
import { pairLine, producerOf } from '../words';

export const errorIgnored = directionRule('error-ignored', (direction, history, nowMs) => {
  if (!history.page.layout.isSocket || !isEnded(direction, history.states)) return undefined;
  return writtenAfter(direction, history) ?? notReleased(direction, history, nowMs);
});

function writtenAfter(direction: DirectionHistory, history: RingHistory) {
  const { layout, producedMs } = direction;
  const sinceMs = history.stateSinceMs[`${layout.name}_error`]!;
  if (producedMs === undefined || producedMs <= sinceMs) return undefined;
  const who = producerOf(direction, history);
  return {
    severity: 'warning' as const,
    text: `error ignored: ${who} writes after ${errorText(direction, history)}`,
    evidence: [
      pairLine(direction),
      `${layout.prodWord} has moved since ${layout.name}_error was set: what is written there reaches nobody.`,
    ],
  };
}

/** The orderly end of one direction is no reason to release a socket. */
function notReleased(direction: DirectionHistory, history: RingHistory, nowMs: number) {
  const { states, stateSinceMs, directions } = history;
  const name = `${direction.layout.name}_error`;
  const isOver = directions.every((each) => isEnded(each, states));
  const isOrderly = pvcallsErrorName((states[name] ?? 0) | 0) === 'ENOTCONN';
  // Of two that have ended one is told.
  if (isOver ? direction !== directions[0] : isOrderly) return undefined;
  const sinceMs = Math.max(...directions.map((each) => endedSince(each, history)));
  if (nowMs - sinceMs < endedMs || stateSinceMs[name] === undefined) return undefined;
  return {
    severity: isOver ? ('note' as const) : ('warning' as const),
    text: `error ignored: ended with ${errorText(direction, history)}, and not released`,
    evidence: [
      ...directions
        .filter((each) => isEnded(each, states))
        .map((each) => `${each.layout.name}_error is ${errorText(each, history)}.`),
      'The frontend has been told, and keeps the socket and its pages.',
    ],
  };
}

function endedSince({ layout }: DirectionHistory, { states, stateSinceMs }: RingHistory): number {
  const name = `${layout.name}_error`;
  return (states[name] ?? 0) === 0 ? -Infinity : stateSinceMs[name]!;
}

/** `−111, ECONNREFUSED`. */
function errorText({ layout }: DirectionHistory, { states }: RingHistory): string {
  const ret = (states[`${layout.name}_error`] ?? 0) | 0;
  return `${ret}${pvcallsErrorName(ret) === undefined ? '' : `, ${pvcallsErrorName(ret)}`}`;
}
