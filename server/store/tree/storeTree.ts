/**
 * The tree of a xenstore as a value: nodes never change, a change gives a new root that shares all
 * that stayed the same. Nothing here knows permissions, quotas or watches.
 */
import type { PermList } from '../permissions/permList';
import { noChildren, type Children } from './children';
import type { StorePath } from './storePath';
import type { Subtree } from './totals';
import { weightOfNode } from './weight';

export class StoreNode implements Subtree {
  constructor(
    /** The octets of the value, one per character (latin1). */
    readonly value: string,
    readonly perms: PermList,
    readonly children: Children<StoreNode>,
    /** Changes with the value, the permissions and the list of children, not with what lies in a child. */
    readonly generation: number,
  ) {}

  /** Of the node and all below it. */
  get nodeCount(): number {
    return 1 + this.children.totals.nodeCount;
  }

  get heldBytes(): number {
    const { value, perms, children } = this;
    return weightOfNode(value, perms, children.bytes) + children.totals.heldBytes;
  }

  get mentions(): number {
    return this.perms.mentions | this.children.totals.mentions;
  }

  get soleOwner(): number | null {
    const { ownerDomid } = this.perms;
    const { soleOwner } = this.children.totals;
    return soleOwner === undefined || soleOwner === ownerDomid ? ownerDomid : null;
  }
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

/** The nearest node above `path`, and how many components lead to it. The root is always there. */
export function findAbove(root: StoreNode, path: StorePath): { node: StoreNode; depth: number } {
  let node = root;
  for (let depth = 0; ; depth += 1) {
    const next = depth < path.depth - 1 ? node.children.get(path.names[depth]!) : undefined;
    if (!next) return { node, depth };
    node = next;
  }
}

/** Puts `node` in the place of the one at `path`, which must be there. */
export function replaceNode(root: StoreNode, path: StorePath, node: StoreNode): StoreNode {
  return replaceBelow(root, path.names, 0, path.depth, node);
}

function replaceBelow(
  at: StoreNode,
  names: readonly string[],
  level: number,
  depth: number,
  node: StoreNode,
): StoreNode {
  if (level === depth) return node;
  const name = names[level]!;
  const child = replaceBelow(at.children.get(name)!, names, level + 1, depth, node);
  return new StoreNode(at.value, at.perms, at.children.set(name, child), at.generation);
}

/**
 * Adds `node` at `path`, with nodes without value in between from the nearest one that is there.
 * All that are new get `node`'s permissions, and they and the nearest one `node`'s generation.
 */
export function addNode(root: StoreNode, path: StorePath, node: StoreNode): StoreNode {
  const { perms, generation } = node;
  const { node: above, depth } = findAbove(root, path);
  let branch = node;
  for (let level = path.depth - 1; level > depth; level -= 1) {
    const children = noChildren<StoreNode>().add(path.names[level]!, branch);
    branch = new StoreNode('', perms, children, generation);
  }
  const children = above.children.add(path.names[depth]!, branch);
  const grown = new StoreNode(above.value, above.perms, children, generation);
  return replaceBelow(root, path.names, 0, depth, grown);
}

/** Removes the node at `path`, which must be there and is not the root, with all below it. */
export function removeNode(root: StoreNode, path: StorePath, parentGeneration: number): StoreNode {
  const parent = findNode(root, path.parent)!;
  const children = parent.children.remove(path.name);
  const rest = new StoreNode(parent.value, parent.perms, children, parentGeneration);
  return replaceNode(root, path.parent, rest);
}

/** Visits a node and all below it, in no particular order. */
export function forEachNode(node: StoreNode, visit: (node: StoreNode) => void): void {
  visit(node);
  if (node.children.size > 0) node.children.forEachValue((child) => forEachNode(child, visit));
}
