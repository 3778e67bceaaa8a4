/** Searches paths and values of a subtree, in tree order by levels, pipelined, until the limit is met. */
import { XenscopeError } from '../host/errors';
import type { RequestOptions, StoreClient } from '../host/storeClient';
import { childPath } from '../wire/xsPath';
import { type Matcher, regexpMatcher, textMatcher } from './matcher';
import type { NameDomain } from './meaning';
import { readRow } from './nodeRow';
import { leaveRoom, maxInFlight, readMany, throwIfAborted } from './readMany';
import type { FindQuery, FindResult, NodeRow } from './treeTypes';

export const maxFindRows = 5_000;
export const maxSearchedNodes = 1_000_000;
/** Starting a regular expression under a time limit costs as much as hundreds of its matches. */
const nodesPerRegexpMatch = 4_096;

export interface FindOptions extends RequestOptions {
  /** Matches as they are found, in order and never beyond the limit; the result brings all of them again. */
  readonly onFound?: (rows: readonly NodeRow[], searchedNodes: number) => void;
}

export async function find(
  store: StoreClient,
  query: FindQuery,
  nameDomain: NameDomain,
  options?: FindOptions,
): Promise<FindResult> {
  if (query.text === '') throw new XenscopeError('input', 'There is nothing to search for.');
  const matches = query.regexp ? regexpMatcher(query.text) : textMatcher(query.text);
  const nodesPerMatch = query.regexp ? nodesPerRegexpMatch : 1;
  const limit = Math.min(query.limit, maxFindRows);
  const rows: NodeRow[] = [];
  let foundCount = 0;
  let unmatched: Looked[] = [];
  let searchedNodes = 0;
  // A stack, not a level: what is open stays small in a broad tree, and matches come in tree order.
  const open = [query.under];
  while (open.length > 0 && foundCount <= limit && searchedNodes < maxSearchedNodes) {
    await leaveRoom();
    throwIfAborted(options?.signal);
    const paths = open.splice(Math.max(0, open.length - maxInFlight)).reverse();
    const nodes = await Promise.all(paths.map((path) => look(store, path, query.inValues)));
    searchedNodes += nodes.length;
    unmatched.push(...nodes);
    for (const { path, names } of nodes.reverse()) {
      for (let at = names.length - 1; at >= 0; at--) open.push(childPath(path, names[at]!));
    }
    if (unmatched.length < nodesPerMatch && open.length > 0) continue;
    const found = matchesAmong(unmatched, query, matches);
    unmatched = [];
    const shown = found.slice(0, Math.max(0, limit - foundCount));
    foundCount += found.length;
    if (shown.length === 0) continue;
    const more = await readMany(shown, (path) => readRow(store, path, nameDomain), options?.signal);
    const fresh = more.filter((row) => row !== undefined);
    rows.push(...fresh);
    options?.onFound?.(fresh, searchedNodes);
  }
  return { rows, searchedNodes, more: foundCount > limit || open.length > 0 };
}

interface Looked {
  readonly path: string;
  readonly names: readonly string[];
  readonly value: string;
}

/** A node that is gone, or that we may not read, has no children and no value. */
async function look(store: StoreClient, path: string, withValue: boolean): Promise<Looked> {
  const [names, value] = await Promise.all([
    store.directory(path).catch(orNothing<string[]>([])),
    withValue ? store.read(path).catch(orNothing(undefined)) : undefined,
  ]);
  return { path, names, value: value?.toString('utf8') ?? '' };
}

function orNothing<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof XenscopeError && error.storeError) return nothing;
    throw error;
  };
}

function matchesAmong(
  nodes: readonly Looked[],
  { inPaths, inValues }: FindQuery,
  matches: Matcher,
): string[] {
  const hits = new Set<number>();
  if (inPaths) for (const index of matches(nodes.map(({ path }) => path))) hits.add(index);
  if (inValues) for (const index of matches(nodes.map(({ value }) => value))) hits.add(index);
  return [...hits].sort((left, right) => left - right).map((index) => nodes[index]!.path);
}
