/**
 * What an operation works on: the store itself, or a transaction. Permissions are checked above
 * (access.ts), quotas of the acting domain as well; a view fails only by limits of its own.
 */
import type { Account } from '../accounts';
import type { Failure } from '../failure';
import type { PermList } from '../permissions/permList';
import type { StoreNode } from '../tree/storeTree';
import type { StorePath } from '../tree/storePath';

export interface StoreView {
  /** ENOENT when there is none. In a transaction this is a touch. */
  read(path: StorePath): StoreNode | Failure;

  /**
   * The nearest node above, and how many components of the path lead to it. In a transaction this
   * touches it and all that is missing on the way.
   */
  readAbove(path: StorePath): { readonly node: StoreNode; readonly depth: number } | Failure;

  /** Replaces value and permissions of a node that was read, and keeps its children. */
  replace(path: StorePath, value: string, perms: PermList): void;

  /**
   * Adds a node, and nodes without value for what is missing above it, all with the same
   * permissions. `read` and `readAbove` found it missing.
   */
  add(path: StorePath, value: string, perms: PermList): void;

  /** Removes a node that was read, and all below it; watches see that. */
  removeTree(path: StorePath): Failure | undefined;

  /** Watches see that the node was written; `oldPerms` when its permissions changed. */
  changed(path: StorePath, oldPerms?: PermList): void;

  /** How many nodes the domain owns, as this view sees it. */
  ownedBy(domid: number): number;

  /** Who has to have room for the bytes of a node that the domain owns: the domain, or whose transaction it is. */
  accountFor(ownerDomid: number): Account;

  /** Failure when it is too much for the server that a node, which was read, becomes so. */
  roomToReplace(path: StorePath, value: string, perms: PermList): Failure | undefined;

  /** Failure when a branch of these names, of which the last has the value, is too much for the server. */
  roomToAdd(names: readonly string[], value: string, perms: PermList): Failure | undefined;
}
