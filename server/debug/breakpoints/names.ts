/** The names that a breakpoint may have, and the nearest one to a name that does not exist. */
import { XsType } from '../../wire/xsMessage';
import { operationName } from '../message';

/** The store begins a new connection on a ring, because the guest or the toolstack asked for it. */
export const RING_RECONNECT = 'RING_RECONNECT';

export const operationNames: readonly string[] = Object.values(XsType).map(operationName);
export const breakpointNames: readonly string[] = [...operationNames, RING_RECONNECT];

/** The name that takes the fewest changes of single characters. */
export function nearestName(name: string, names: readonly string[] = breakpointNames): string {
  const wanted = name.toUpperCase();
  let best = names[0]!;
  let fewest = Infinity;
  for (const candidate of names) {
    const changes = editDistance(wanted, candidate);
    if (changes >= fewest) continue;
    best = candidate;
    fewest = changes;
  }
  return best;
}

/** Longer names are no typing mistakes; the work grows with the product of both lengths. */
const maxComparedCharacters = 64;

function editDistance(one: string, other: string): number {
  const [a, b] = [one.slice(0, maxComparedCharacters), other.slice(0, maxComparedCharacters)];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
