/**
 * Roughly what nodes cost, in bytes of memory. Measured, and on the safe side: what is shared
 * between nodes counts for each of them.
 */
import type { PermList } from '../permissions/permList';

/** The node itself, its place in the directory above, and its share of the way there. */
const NODE_BYTES = 250;
const PERM_ENTRY_BYTES = 100;
/** A name is kept in the directory, and again in the listing that is put together from it. */
const NAME_COPIES = 2;

/** `childrenBytes`: the names of the children, each with its NUL. */
export function weightOfNode(value: string, perms: PermList, childrenBytes: number): number {
  return NODE_BYTES + weightOfContent(value, perms) + NAME_COPIES * childrenBytes;
}

/** What a write changes. The first entry, which every list has, is in the node's own weight. */
export function weightOfContent(value: string, perms: PermList): number {
  return value.length + PERM_ENTRY_BYTES * (perms.entries.length - 1);
}

/** Of a branch: one node below the other, only the last with a value. */
export function weightOfBranch(names: readonly string[], value: string, perms: PermList): number {
  let bytes = value.length;
  for (const name of names) bytes += weightOfNode('', perms, name.length + 1);
  return bytes;
}
