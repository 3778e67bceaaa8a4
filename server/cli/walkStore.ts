/**
 * Walks the nodes below a path in the store's order, parents first. Siblings are read ahead in one
 * go, so that the time is not a round trip per node; what vanishes meanwhile is left out.
 */
import { isStoreError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import { childPath } from '../wire/xsPath';
import type { XsPerm } from '../wire/xsPerms';

const SIBLINGS_READ_AHEAD = 256;

export interface StoreNode {
  readonly path: string;
  readonly name: string;
  /** 0 for the children of the path that the walk began at. */
  readonly depth: number;
  /** Undefined when it may not be read. */
  readonly value: Buffer | undefined;
  /** Undefined when it was not asked for, or may not be read. */
  readonly perms: readonly XsPerm[] | undefined;
}

export async function* walkStore(
  store: StoreClient,
  path: string,
  { perms: withPerms = false } = {},
): AsyncGenerator<StoreNode> {
  yield* walkChildren(store, path, await store.directory(path), 0, withPerms);
}

async function* walkChildren(
  store: StoreClient,
  parent: string,
  names: readonly string[],
  depth: number,
  withPerms: boolean,
): AsyncGenerator<StoreNode> {
  for (let start = 0; start < names.length; start += SIBLINGS_READ_AHEAD) {
    const batch = names.slice(start, start + SIBLINGS_READ_AHEAD);
    const loaded = await Promise.all(
      batch.map((name) => loadNode(store, childPath(parent, name), name, depth, withPerms)),
    );
    for (const found of loaded) {
      if (!found) continue;
      yield found.node;
      yield* walkChildren(store, found.node.path, found.children, depth + 1, withPerms);
    }
  }
}

async function loadNode(store: StoreClient, path: string, name: string, depth: number, withPerms: boolean) {
  try {
    const [value, children, perms] = await Promise.all([
      unlessDenied(store.read(path)),
      unlessDenied(store.directory(path)),
      withPerms ? unlessDenied(store.getPerms(path)) : undefined,
    ]);
    return { node: { path, name, depth, value, perms }, children: children ?? [] };
  } catch (error) {
    if (isStoreError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function unlessDenied<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (isStoreError(error, 'EACCES')) return undefined;
    throw error;
  }
}
