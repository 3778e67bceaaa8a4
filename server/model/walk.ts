/** Reads a subtree, level by level and pipelined; a node that goes meanwhile is left out. */
import { XenscopeError, isStoreError } from '../host/errors';
import type { RequestOptions, StoreOperations } from '../host/storeClient';
import { childPath } from '../wire/xsPath';
import type { XsPerm } from '../wire/xsPerms';
import { readMany } from './readMany';

export interface WalkedNode {
  readonly path: string;
  /** Undefined when it was not asked for, or may not be read. */
  readonly value?: Buffer;
  readonly perms?: readonly XsPerm[];
  /** In the store's order. */
  readonly children: readonly WalkedNode[];
}

export interface WalkOptions extends RequestOptions {
  readonly values: boolean;
  readonly perms: boolean;
  /** With more nodes than this the walk ends with a `limit` error. */
  readonly maxNodes: number;
}

/** Rejects with the store's ENOENT when `path` itself does not exist. */
export async function walk(store: StoreOperations, path: string, options: WalkOptions): Promise<WalkedNode> {
  const root = await readNode(store, path, options);
  let count = 1;
  for (let level = [root]; level.length > 0;) {
    const wanted = level.flatMap((node) =>
      node.names.map((name) => ({ node, path: childPath(node.path, name) })),
    );
    count += wanted.length;
    if (count > options.maxNodes) throw tooManyNodes(path, options.maxNodes);
    const found = await readMany(
      wanted,
      ({ path: child }) => readUnlessGone(store, child, options),
      options.signal,
    );
    level = [];
    for (const [index, child] of found.entries()) {
      if (!child) continue;
      wanted[index]!.node.children.push(child);
      level.push(child);
    }
  }
  return root;
}

/** The node and all below it, each before its children. */
export function* nodesOf(node: WalkedNode): Generator<WalkedNode> {
  const open = [node];
  for (let next = open.pop(); next; next = open.pop()) {
    yield next;
    for (let index = next.children.length - 1; index >= 0; index--) open.push(next.children[index]!);
  }
}

interface OpenNode extends WalkedNode {
  readonly names: readonly string[];
  readonly children: OpenNode[];
}

async function readNode(store: StoreOperations, path: string, options: WalkOptions): Promise<OpenNode> {
  const [names, value, perms] = await Promise.all([
    unlessDenied(store.directory(path)),
    options.values ? unlessDenied(store.read(path)) : undefined,
    options.perms ? unlessDenied(store.getPerms(path)) : undefined,
  ]);
  return { path, names: names ?? [], value, perms, children: [] };
}

async function readUnlessGone(
  store: StoreOperations,
  path: string,
  options: WalkOptions,
): Promise<OpenNode | undefined> {
  try {
    return await readNode(store, path, options);
  } catch (error) {
    if (isStoreError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function unlessDenied<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isStoreError(error, 'EACCES')) return undefined;
    throw error;
  }
}

function tooManyNodes(path: string, maxNodes: number): XenscopeError {
  return new XenscopeError('limit', `There are more than ${maxNodes} nodes below ${path}.`, {
    wayOut: 'Take a smaller part of the tree.',
  });
}
