/** Permissions of a node in words, for people whom the store refused. */
import { isStoreError, XenscopeError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import type { XsPerm } from '../wire/xsPerms';

/** `error` with the owner of `path` and the rights of the others, when it is an EACCES. */
export async function withRights(store: StoreClient, path: string, error: unknown): Promise<unknown> {
  if (!isStoreError(error, 'EACCES')) return error;
  const perms = await store.getPerms(path).catch(() => undefined);
  const rights =
    perms === undefined || perms.length === 0
      ? 'Its permissions may not be read either.'
      : whoMay(perms as [XsPerm, ...XsPerm[]]);
  return new XenscopeError('store', `${error.message} ${rights}`, {
    storeError: 'EACCES',
    wayOut: error.wayOut,
    cause: error,
  });
}

/** The first entry names the owner and what every domain not listed may do. */
export function whoMay([owner, ...listed]: readonly [XsPerm, ...XsPerm[]]): string {
  const clauses = listed.map((perm) => `domain ${perm.domid} may ${rightsOf(perm)}`);
  clauses.push(`${listed.length > 0 ? 'every other domain' : 'other domains'} may ${rightsOf(owner)}`);
  return `It belongs to domain ${owner.domid}; ${clauses.join(', ')}.`;
}

function rightsOf({ read, write }: XsPerm): string {
  if (read) return write ? 'read and write' : 'read only';
  return write ? 'write only' : 'do nothing';
}
