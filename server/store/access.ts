/** Reading nodes and creating them with the rights of who asks: what most operations begin with. */
import { PERM_READ, PERM_WRITE } from '../wire/xsPerms';
import { fail, Failure } from './failure';
import type { PermList, Subject } from './permissions/permList';
import type { Quotas } from './quotas';
import { bytesOfBranch, nodeBytes } from './tree/nodeBytes';
import { StoreNode } from './tree/storeTree';
import type { StorePath } from './tree/storePath';
import type { StoreView } from './view/storeView';

export type Access = number;
export { PERM_READ, PERM_WRITE };

/** The node, if `who` has all of `access` there. */
export function nodeFor(view: StoreView, who: Subject, path: StorePath, access: Access): StoreNode | Failure {
  const node = view.read(path);
  if (node instanceof StoreNode) {
    return (node.perms.accessOf(who) & access) === access ? node : fail.EACCES;
  }
  return node === fail.ENOENT ? missing(view, who, path, access) : node;
}

/**
 * A domain learns that a node is missing only where it has the right it asked for at the nearest
 * node above, so that it cannot feel its way through directories that are closed to it.
 */
function missing(view: StoreView, who: Subject, path: StorePath, access: Access): Failure {
  const above = view.readAbove(path);
  if (above instanceof Failure) return above;
  return above.node.perms.accessOf(who) & access ? fail.ENOENT : fail.EACCES;
}

/**
 * Creates a node and those above it that are missing. `who` must have been found to have the right.
 * New nodes get the permissions of the nearest node above; what an unprivileged domain creates is its own.
 */
export function createNode(
  view: StoreView,
  who: Subject,
  path: StorePath,
  value: string,
  quotas: Quotas,
): Failure | undefined {
  const above = view.readAbove(path);
  if (above instanceof Failure) return above;
  const { node: ancestor, depth } = above;
  const perms = who.privileged ? ancestor.perms : ancestor.perms.ownedBy(who.domid);
  const newNames = path.names.slice(depth, path.depth);
  const refusal =
    view.roomToAdd(newNames, value, perms) ??
    (who.privileged ? undefined : quotaRefusal(view, who, newNames, value, perms, ancestor, quotas)) ??
    (who.privileged ? undefined : memoryRefusal(view, path, value, perms, above));
  if (!refusal) view.add(path, value, perms);
  return refusal;
}

function quotaRefusal(
  view: StoreView,
  who: Subject,
  newNames: readonly string[],
  value: string,
  perms: PermList,
  ancestor: StoreNode,
  quotas: Quotas,
): Failure | undefined {
  const { maxNodes } = quotas;
  if (maxNodes > 0 && view.ownedBy(who.domid) + newNames.length > maxNodes) return fail.ENOSPC;
  const childrenBytes = ancestor.children.bytes + newNames[0]!.length + 1;
  const sizes = [
    nodeBytes(ancestor.value, ancestor.perms, childrenBytes),
    ...newNames.slice(1).map((name) => nodeBytes('', perms, name.length + 1)),
    nodeBytes(value, perms, 0),
  ];
  return sizes.some((bytes) => isTooBig(bytes, quotas)) ? fail.ENOSPC : undefined;
}

/** Each account must have room for what is its own: the new nodes, and their name in the directory above. */
function memoryRefusal(
  view: StoreView,
  path: StorePath,
  value: string,
  perms: PermList,
  { node: ancestor, depth }: { readonly node: StoreNode; readonly depth: number },
): Failure | undefined {
  const nameBytes = path.names[depth]!.length + 1;
  const branchBytes = bytesOfBranch(path, depth, value, perms);
  return hasRoomFor(view, ancestor.perms, nameBytes) && hasRoomFor(view, perms, branchBytes)
    ? undefined
    : fail.ENOMEM;
}

/** Whether the owner of a node may make the server hold that much more. */
export function hasRoomFor(view: StoreView, { ownerDomid }: PermList, bytes: number): boolean {
  return view.accountFor(ownerDomid).hasRoomFor(bytes);
}

export function isTooBig(bytes: number, { nodeSizeLimitBytes }: Quotas): boolean {
  return nodeSizeLimitBytes > 0 && bytes >= nodeSizeLimitBytes;
}
