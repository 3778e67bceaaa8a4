/** Requests in flight at once: enough to fill the pipe to any xenstored, small enough to stay fair. */
export const maxInFlight = 512;

/** Runs `read` for each item with at most `maxInFlight` under way; the results keep the order. */
export async function readMany<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += maxInFlight) {
    results.push(...(await Promise.all(items.slice(start, start + maxInFlight).map(read))));
  }
  return results;
}
