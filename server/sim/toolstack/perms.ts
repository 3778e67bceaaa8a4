/** The permissions that libxl gives to the nodes of a domain. */
import type { StoreOperations } from '../../host/storeClient';
import type { XsPerm } from '../../wire/xsPerms';
import type { Entries } from '../../xenbus/nodes';

/** Owned by `owner`, nobody else may do anything, but one domain may read. */
export function noneBut(owner: number, { read }: { read: number }): XsPerm[] {
  return [...none(owner), { domid: read, read: true, write: false }];
}

/** Owned by `owner`; nobody else may do anything. */
export function none(owner: number): XsPerm[] {
  return [{ domid: owner, read: false, write: false }];
}

/** Writes nodes that do not take over the permissions of their folder. */
export async function writeOwned(
  store: StoreOperations,
  folder: string,
  entries: Entries,
  perms: readonly XsPerm[],
): Promise<void> {
  await Promise.all(
    entries.flatMap(([name, value]) => [
      store.write(`${folder}/${name}`, String(value)),
      store.setPerms(`${folder}/${name}`, perms),
    ]),
  );
}

export async function makeNode(
  store: StoreOperations,
  path: string,
  perms: readonly XsPerm[],
): Promise<void> {
  await Promise.all([store.mkdir(path), store.setPerms(path, perms)]);
}
