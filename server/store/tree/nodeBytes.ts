/**
 * The size of nodes as C xenstored stores them, which is what its quotas of bytes mean: the size of
 * one node, and for the memory of a domain the node under its path.
 */
import type { PermList } from '../permissions/permList';
import type { StorePath } from './storePath';
import type { StoreNode } from './storeTree';

/** The header of a node in the database of C xenstored 4.17. */
const NODE_HEADER_BYTES = 24;
const PERM_ENTRY_BYTES = 8;

/** `childrenBytes`: the names of the children, each with its NUL. */
export function nodeBytes(value: string, perms: PermList, childrenBytes: number): number {
  return NODE_HEADER_BYTES + PERM_ENTRY_BYTES * perms.entries.length + value.length + childrenBytes;
}

export function bytesOfNode({ value, perms, children }: StoreNode): number {
  return nodeBytes(value, perms, children.bytes);
}

/** The node as an entry of the database, whose key is the path. */
export function bytesAt(path: StorePath, node: StoreNode): number {
  return path.text.length + bytesOfNode(node);
}

/** What `add` makes below the node `depth` components deep: one node below the other, the last with the value. */
export function bytesOfBranch(path: StorePath, depth: number, value: string, perms: PermList): number {
  let pathBytes = path.text.length;
  let bytes = pathBytes + nodeBytes(value, perms, 0);
  for (let level = path.depth - 1; level > depth; level -= 1) {
    const nameBytes = path.names[level]!.length + 1;
    pathBytes -= nameBytes;
    bytes += pathBytes + nodeBytes('', perms, nameBytes);
  }
  return bytes;
}

/** Visits a node and all below it with what each takes as an entry. `pathBytes`: of the node's path, 0 for the root. */
export function forEachEntry(
  node: StoreNode,
  pathBytes: number,
  visit: (node: StoreNode, bytes: number) => void,
): void {
  visit(node, Math.max(pathBytes, 1) + bytesOfNode(node));
  for (const name of node.children.names()) {
    forEachEntry(node.children.get(name)!, pathBytes + 1 + name.length, visit);
  }
}

/**
 * Says which domain owns how many nodes of a subtree and how many bytes they are, maybe in several
 * parts. What `uncounted` alone owns is not entered, however large it is, and its bytes are 0.
 */
export function forEachOwner(
  node: StoreNode,
  pathBytes: number,
  uncounted: number,
  visit: (ownerDomid: number, nodes: number, bytes: number) => void,
): void {
  if (node.soleOwner === uncounted) return visit(uncounted, node.nodeCount, 0);
  const { ownerDomid } = node.perms;
  visit(ownerDomid, 1, ownerDomid === uncounted ? 0 : Math.max(pathBytes, 1) + bytesOfNode(node));
  for (const name of node.children.names()) {
    forEachOwner(node.children.get(name)!, pathBytes + 1 + name.length, uncounted, visit);
  }
}
