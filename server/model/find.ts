/** Searches paths and values of a subtree, in tree order by levels, pipelined, until the limit is met. */
import { XenscopeError } from '../host/errors';
import type { RequestOptions, StoreClient } from '../host/storeClient';
import { childPath } from '../wire/xsPath';
import { type Matcher, regexpMatcher, textMatcher } from './matcher';
import type { NameDomain } from './meaning';
import { readRow } from './nodeRow';
import { maxInFlight } from './readMany';
import type { FindQuery, FindResult } from './treeTypes';

export const maxFindRows = 5_000;
export const maxSearchedNodes = 1_000_000;

export async function find(
  store: StoreClient,
  query: FindQuery,
  nameDomain: NameDomain,
  options?: RequestOptions,
): Promise<FindResult> {
  if (query.text === '') throw new XenscopeError('input', 'There is nothing to search for.');
  const matches = query.regexp ? regexpMatcher(query.text) : textMatcher(query.text);
  const limit = Math.min(query.limit, maxFindRows);
  const found: string[] = [];
  let searchedNodes = 0;
  // A stack, not a level: what is open stays small in a broad tree, and matches come in tree order.
  const open = [query.under];
  while (open.length > 0 && found.length <= limit && searchedNodes < maxSearchedNodes) {
    throwIfAborted(options?.signal);
    const paths = open.splice(Math.max(0, open.length - maxInFlight)).reverse();
    const nodes = await Promise.all(paths.map((path) => look(store, path, query.inValues, options)));
    searchedNodes += paths.length;
    found.push(...matchesAmong(paths, nodes, query, matches));
    for (let index = paths.length - 1; index >= 0; index--) {
      const { names } = nodes[index]!;
      for (let at = names.length - 1; at >= 0; at--) open.push(childPath(paths[index]!, names[at]!));
    }
  }
  const shown = found.slice(0, limit);
  const rows = await Promise.all(shown.map((path) => readRow(store, path, nameDomain, options)));
  return {
    rows: rows.filter((row) => row !== undefined),
    searchedNodes,
    more: found.length > limit || open.length > 0,
  };
}

interface Looked {
  readonly names: readonly string[];
  readonly value: string;
}

/** A node that is gone, or that we may not read, has no children and no value. */
async function look(
  store: StoreClient,
  path: string,
  withValue: boolean,
  options: RequestOptions | undefined,
): Promise<Looked> {
  const [names, value] = await Promise.all([
    store.directory(path, options).catch(orNothing<string[]>([])),
    withValue ? store.read(path, options).catch(orNothing(undefined)) : undefined,
  ]);
  return { names, value: value?.toString('utf8') ?? '' };
}

function orNothing<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof XenscopeError && error.storeError) return nothing;
    throw error;
  };
}

function matchesAmong(
  paths: readonly string[],
  nodes: readonly Looked[],
  { inPaths, inValues }: FindQuery,
  matches: Matcher,
): string[] {
  const hits = new Set<number>();
  if (inPaths) for (const index of matches(paths)) hits.add(index);
  if (inValues) for (const index of matches(nodes.map(({ value }) => value))) hits.add(index);
  return [...hits].sort((left, right) => left - right).map((index) => paths[index]!);
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new XenscopeError('cancelled', 'The search was cancelled.');
}
