import { setImmediate } from 'node:timers/promises';
import { XenscopeError } from '../host/errors';

/** Requests in flight at once: enough to fill the pipe to any xenstored, small enough to stay fair. */
export const maxInFlight = 512;

/**
 * Runs `read` for each item with at most `maxInFlight` under way; the results keep the order. A
 * store in this process answers within one turn of the event loop, so we leave room between.
 * `signal` is looked at there as well, not handed to each of the requests: a thousand listeners on
 * one signal cost more than the few answers that nobody waits for.
 */
export async function readMany<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += maxInFlight) {
    if (start > 0) await leaveRoom();
    throwIfAborted(signal);
    results.push(...(await Promise.all(items.slice(start, start + maxInFlight).map(read))));
  }
  return results;
}

/** Lets sockets, timers and the editor have their turn. */
export function leaveRoom(): Promise<void> {
  return setImmediate();
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new XenscopeError('cancelled', 'Nobody waits for the answer any longer.');
}
