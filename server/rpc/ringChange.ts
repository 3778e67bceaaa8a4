/** What of a ring's row is new to an editor that knows an older one. */
import type { RingRow } from '../model/rings/ringTypes';
import type { RingChange } from './ringsApi';

/** Both rows are of the same ring. */
export function ringChange(before: RingRow, now: RingRow): RingChange {
  const directions = now.directions.map((direction, at) => whatChanged(before.directions[at]!, direction));
  const hasMoved = directions.some((direction) => !isEmpty(direction));
  const slots = now.slots && before.slots && whatChanged(before.slots, now.slots);
  return {
    id: now.id,
    ...(hasMoved && { directions }),
    ...(slots && !isEmpty(slots) && { slots }),
    ...(now.verdict !== before.verdict && { verdict: now.verdict }),
  };
}

function whatChanged<T extends object>(before: T, now: T): Partial<T> {
  const changed: Partial<T> = {};
  // A row keeps the objects in which nothing changed.
  if (now === before) return changed;
  for (const name of Object.keys(now) as (keyof T)[]) {
    if (now[name] !== before[name]) changed[name] = now[name];
  }
  return changed;
}

function isEmpty(changed: object): boolean {
  return Object.keys(changed).length === 0;
}
