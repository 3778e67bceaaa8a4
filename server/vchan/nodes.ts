/** The two nodes of a vchan in the xenstore: how a server writes and removes them, and how a client reads them. */
import { XenscopeError, isStoreError } from '../host/errors';
import type { RequestOptions, StoreClient, StoreOperations } from '../host/storeClient';
import { VCHAN_EVENT_CHANNEL, VCHAN_RING_REF, parseVchanNumber } from '../wire/vchanPath';
import { domainPath, isAtOrBelow, parentPath } from '../wire/xsPath';

export interface VchanNodes {
  readonly gref: number;
  readonly port: number;
}

/** How the transaction of a server is tried again: others set up theirs at the same time. */
const attempts = 100;

/**
 * Folders above vchans that came to be with them, by the connection that made them: they go with the last
 * vchan below them. One entry for each folder that still stands; those that others use stay.
 */
const foldersMade = new WeakMap<StoreClient, Set<string>>();

/** Writes both nodes at once, for the client alone to read. `path` is absolute, or relative to the domain. */
export async function writeNodes(
  store: StoreClient,
  path: string,
  { gref, port }: VchanNodes,
  domids: { readonly own: number; readonly client: number },
  options: RequestOptions,
): Promise<void> {
  const perms = [
    { domid: domids.own, read: false, write: false },
    { domid: domids.client, read: true, write: false },
  ];
  const base = absolute(path, domids.own);
  let made: readonly string[] = [];
  try {
    await store.transaction(
      async (transaction) => {
        made = await missingAbove(transaction, base);
        for (const [name, value] of [
          [VCHAN_RING_REF, gref],
          [VCHAN_EVENT_CHANNEL, port],
        ] as const) {
          await transaction.write(`${base}/${name}`, String(value));
          await transaction.setPerms(`${base}/${name}`, perms);
        }
      },
      { ...options, attempts },
    );
  } finally {
    // Also when it failed: one that nobody waits for any longer may take effect behind us.
    remember(store, made);
  }
}

/** Runs `serve`, which writes both nodes by itself, and remembers the folders above that came with them. */
export async function withFoldersMade<T>(
  store: StoreClient,
  path: string,
  ownDomid: number,
  serve: () => Promise<T>,
): Promise<T> {
  const missing = await missingAbove(store, absolute(path, ownDomid));
  const served = await serve();
  remember(store, missing);
  return served;
}

function remember(store: StoreClient, made: Iterable<string>): void {
  const folders = foldersMade.get(store) ?? new Set();
  foldersMade.set(store, folders);
  for (const folder of made) folders.add(folder);
}

/** Removes the nodes with their folder, and those folders above that came to be with vchans and hold nothing now. */
export async function removeNodes(store: StoreClient, path: string, ownDomid: number): Promise<void> {
  const base = absolute(path, ownDomid);
  const folders = foldersMade.get(store) ?? new Set();
  const removed = await store.transaction(
    async (transaction) => {
      await rmIfThere(transaction, base);
      const emptied: string[] = [];
      const above = [...folders].filter((folder) => isAtOrBelow(base, folder));
      for (const folder of above.sort((one, other) => other.length - one.length)) {
        if (await isInUse(transaction, folder)) break;
        await rmIfThere(transaction, folder);
        emptied.push(folder);
      }
      return emptied;
    },
    { attempts },
  );
  for (const folder of removed) folders.delete(folder);
}

/** Both numbers, as the server wrote them. Throws a XenscopeError that says which step failed. */
export async function readNodes(
  store: StoreClient,
  path: string,
  options: RequestOptions,
): Promise<VchanNodes> {
  const number = async (name: string): Promise<number> => {
    const value = (await store.read(`${path}/${name}`, options)).toString('latin1').replace(/\0$/, '');
    const parsed = parseVchanNumber(value);
    if (parsed !== undefined) return parsed;
    throw new XenscopeError('protocol', `The node ${path}/${name} holds no number but "${shorten(value)}".`, {
      wayOut: 'Look who wrote it: a server writes a grant reference and an event channel there.',
    });
  };
  return { gref: await number(VCHAN_RING_REF), port: await number(VCHAN_EVENT_CHANNEL) };
}

/** Whether there may be no server yet: where a folder cannot be read, a store does not say that a node is missing. */
export function isNotThereYet(error: unknown): boolean {
  return isStoreError(error, 'ENOENT') || isStoreError(error, 'EACCES');
}

function absolute(path: string, ownDomid: number): string {
  return path.startsWith('/') ? path : `${domainPath(ownDomid)}/${path}`;
}

/** The folders above `base` that are not there, the highest first. */
async function missingAbove(transaction: StoreOperations, base: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = parentPath(base); folder !== undefined && folder !== '/'; folder = parentPath(folder)) {
    if (await isThere(transaction, folder)) break;
    missing.unshift(folder);
  }
  return missing;
}

async function isThere(operations: StoreOperations, path: string): Promise<boolean> {
  try {
    await operations.read(path);
    return true;
  } catch (error) {
    // Above what this domain may read there is nothing that it could have made.
    if (isStoreError(error, 'ENOENT')) return false;
    if (isStoreError(error, 'EACCES')) return true;
    throw error;
  }
}

async function isInUse(operations: StoreOperations, folder: string): Promise<boolean> {
  try {
    return await operations.hasChildren(folder);
  } catch (error) {
    if (isStoreError(error, 'ENOENT')) return false;
    throw error;
  }
}

async function rmIfThere(operations: StoreOperations, path: string): Promise<void> {
  try {
    await operations.rm(path);
  } catch (error) {
    if (!isStoreError(error, 'ENOENT')) throw error;
  }
}

function shorten(value: string): string {
  return value.length > 40 ? `${value.slice(0, 39)}…` : value;
}
