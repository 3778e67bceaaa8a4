/**
 * The tree of a xenstore as a value: nodes never change, a change gives a new root that shares all
 * that stayed the same. Nothing here knows permissions, quotas or watches.
 */
import type { PermList } from '../permissions/permList';
import { noChildren, type Children } from './children';
import type { StorePath } from './storePath';

export class StoreNode {
  constructor(
    /** The octets of the value, one per character (latin1). */
    readonly value: string,
    readonly perms: PermList,
    readonly children: Children<StoreNode>,
    /** Changes with the value, the permissions and the list of children, not with what lies in a child. */
    readonly generation: number,
  ) {}
}

export function leaf(value: string, perms: PermList, generation: number): StoreNode {
  return new StoreNode(value, perms, noChildren(), generation);
}

export function findNode(root: StoreNode, path: StorePath): StoreNode | undefined {
  const { names, depth } = path;
  let node: StoreNode | undefined = root;
  for (let level = 0; level < depth && node; level += 1) node = node.children.get(names[level]!);
  return node;
}

/** Puts `node` in the place of the one at `path`, which must be there. */
export function replaceNode(root: StoreNode, path: StorePath, node: StoreNode): StoreNode {
  return replaceBelow(root, path, 0, node);
}

function replaceBelow(at: StoreNode, path: StorePath, level: number, node: StoreNode): StoreNode {
  if (level === path.depth) return node;
  const name = path.names[level]!;
  const child = replaceBelow(at.children.get(name)!, path, level + 1, node);
  return new StoreNode(at.value, at.perms, at.children.set(name, child), at.generation);
}

/** Adds `node` at `path`; its parent must be there, and gets `parentGeneration`. */
export function addNode(
  root: StoreNode,
  path: StorePath,
  node: StoreNode,
  parentGeneration: number,
): StoreNode {
  const parent = findNode(root, path.parent)!;
  const children = parent.children.add(path.name, node);
  return replaceNode(
    root,
    path.parent,
    new StoreNode(parent.value, parent.perms, children, parentGeneration),
  );
}

/** Removes the node at `path`, which must be there and is not the root, with all below it. */
export function removeNode(root: StoreNode, path: StorePath, parentGeneration: number): StoreNode {
  const parent = findNode(root, path.parent)!;
  const children = parent.children.remove(path.name);
  return replaceNode(
    root,
    path.parent,
    new StoreNode(parent.value, parent.perms, children, parentGeneration),
  );
}

/** Visits a node and all below it, in no particular order. */
export function forEachNode(node: StoreNode, visit: (node: StoreNode) => void): void {
  visit(node);
  if (node.children.size > 0) node.children.forEachValue((child) => forEachNode(child, visit));
}
