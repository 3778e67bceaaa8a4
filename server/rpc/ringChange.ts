/** What of a ring's row is new to an editor that knows an older one. */
import type { RingDirectionState, RingRow } from '../model/rings/ringTypes';
import type { RingChange } from './ringsApi';

/** Both rows are of the same ring. */
export function ringChange(before: RingRow, now: RingRow): RingChange {
  const hasMoved = now.directions.some((direction, at) => direction !== before.directions[at]);
  return {
    id: now.id,
    ...(hasMoved && {
      directions: now.directions.map((direction, at) => whatChanged(before.directions[at]!, direction)),
    }),
    ...(now.verdict !== before.verdict && { verdict: now.verdict }),
  };
}

function whatChanged(before: RingDirectionState, now: RingDirectionState): Partial<RingDirectionState> {
  const changed: Record<string, unknown> = {};
  // Rows keep the directions that nothing changed in.
  if (now === before) return changed;
  for (const name of Object.keys(now) as (keyof RingDirectionState)[]) {
    if (now[name] !== before[name]) changed[name] = now[name];
  }
  return changed;
}
