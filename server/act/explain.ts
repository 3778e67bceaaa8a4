/** What the store's refusals mean for the act at hand, in plain words. */
import { XenscopeError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import type { NameDomain } from '../model/meaning';
import { mayText } from '../model/permsText';
import { parentPath } from '../wire/xsPath';
import type { XsPerm } from '../wire/xsPerms';
import type { Edit } from './edit';
import { maxValueBytes } from './inputProblem';

/** Anything but a store's answer is passed through as it is. */
export async function explain(
  error: unknown,
  edit: Edit,
  store: StoreClient,
  nameDomain: NameDomain,
): Promise<unknown> {
  if (!(error instanceof XenscopeError) || !error.storeError) return error;
  const { storeError } = error;
  const { path } = edit;
  const say = (message: string, wayOut?: string) =>
    new XenscopeError('store', message, { storeError, wayOut, cause: error });
  switch (storeError) {
    case 'EACCES':
    case 'EPERM':
      return say(
        `The store does not let us ${verbs[edit.kind]} ${path}. ${await whoMay(path, store, nameDomain)}`,
      );
    case 'ENOENT':
      if (edit.kind === 'setPerms' && (await exists(path, store))) {
        return say(
          `The store refuses an owner that does not exist: ${nameDomain(edit.perms[0]!.domid)}.`,
          'Choose a domain that is there.',
        );
      }
      return say(`${path} does not exist, or no longer.`, 'Refresh the tree and look where it went.');
    case 'ENOSPC':
    case 'EQUOTA':
      return say(
        quotaText(edit),
        'Remove nodes that are no longer needed, or raise the quota of the xenstored.',
      );
    case 'E2BIG':
      if (edit.kind !== 'write') break;
      return say(
        `The value of ${edit.value.length} bytes is too long for this store.`,
        `A message has room for ${maxValueBytes(path)}; a quota may allow less.`,
      );
    case 'EAGAIN':
      return say(
        `${path} keeps changing while we try to ${verbs[edit.kind]} it.`,
        'Try again when it is quieter.',
      );
    case 'EROFS':
      return say('This connection to the store may only read.');
    default:
  }
  return error;
}

const verbs = {
  write: 'write',
  remove: 'remove',
  setPerms: 'change the permissions of',
  device: 'write at the device',
} as const;

function quotaText(edit: Edit): string {
  switch (edit.kind) {
    case 'setPerms':
      return `A quota of the owner is used up: ${edit.perms.length} permissions on one node are too many.`;
    case 'write':
      return edit.create
        ? 'A quota of the owner is used up: its number of nodes, or the size of one node (value, permissions and names of children together).'
        : `A quota of the owner is used up: the size of one node (value, permissions and names of children together). The value has ${edit.value.length} bytes.`;
    case 'remove':
    case 'device':
      return 'A quota is used up: the number of nodes that one transaction may touch.';
  }
}

/** The owner of the node, or of the nearest ancestor that can be asked, and who else may write. */
async function whoMay(path: string, store: StoreClient, nameDomain: NameDomain): Promise<string> {
  for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
    const perms = await store.getPerms(at).catch(() => undefined);
    if (perms?.[0])
      return `${at === path ? 'It' : at} belongs to ${nameDomain(perms[0].domid)}; ${othersText(perms, nameDomain)}`;
  }
  return 'Who owns it cannot be seen from here.';
}

function othersText(perms: readonly XsPerm[], nameDomain: NameDomain): string {
  const [owner, ...listed] = perms;
  const parts = listed.map((perm) => `${nameDomain(perm.domid)} ${mayText(perm)}`);
  parts.push(`everyone else ${mayText(owner!)}`);
  return `${parts.join(', ')}.`;
}

async function exists(path: string, store: StoreClient): Promise<boolean> {
  return store.read(path).then(
    () => true,
    () => false,
  );
}
