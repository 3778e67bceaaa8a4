/** Puts a removed subtree back, with values and permissions. */
import { isStoreError } from '../host/errors';
import type { StoreOperations } from '../host/storeClient';
import { readMany } from '../model/readMany';
import { type WalkedNode, nodesOf } from '../model/walk';
import { parentPath } from '../wire/xsPath';
import { unlessAbsent } from './unlessAbsent';
import { changedSince } from './words';

/** Restores a subtree where it was, unless something else is there now, or its place is gone; answers as below. */
export async function putBack(tx: StoreOperations, root: WalkedNode): Promise<number> {
  const { path } = root;
  if (await unlessAbsent(tx.read(path))) throw changedSince(`${path} was created again`);
  const parent = parentPath(path)!;
  if (!(await unlessAbsent(tx.read(parent)))) throw changedSince(`${parent}, where it was, is gone`);
  return restoreSubtree(tx, root);
}

/**
 * Writes all nodes, parents first, in the order they had. Answers how many could not get their old
 * permissions, because the store refuses an owner that no longer exists.
 */
async function restoreSubtree(tx: StoreOperations, root: WalkedNode): Promise<number> {
  const nodes = [...nodesOf(root)];
  // Requests of one connection are served in order, so pipelining keeps parents before children.
  await readMany(nodes, (node) => tx.write(node.path, node.value ?? ''));
  const restored = await readMany(nodes, (node) => restorePerms(tx, node));
  return restored.filter((isRestored) => !isRestored).length;
}

async function restorePerms(tx: StoreOperations, { path, perms }: WalkedNode): Promise<boolean> {
  if (!perms) return true;
  try {
    await tx.setPerms(path, perms);
    return true;
  } catch (error) {
    if (isStoreError(error, 'ENOENT')) return false;
    throw error;
  }
}
