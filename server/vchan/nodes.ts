/** The two nodes of a vchan in the xenstore: how a server writes and removes them, and how a client reads them. */
import { XenscopeError, isStoreError } from '../host/errors';
import type { RequestOptions, StoreClient, StoreOperations } from '../host/storeClient';
import { VCHAN_EVENT_CHANNEL, VCHAN_RING_REF, parseVchanNumber } from '../wire/vchanPath';
import { isAtOrBelow, parentPath } from '../wire/xsPath';
import { absolute, readIfThere, shorten, whyNotFree } from './place';

export interface VchanNodes {
  readonly gref: number;
  readonly port: number;
}

/** What a server holds; both nodes came at once, so that the port alone tells whose they are. */
export interface HeldNumbers {
  readonly gref?: number;
  readonly port: number;
}

/** How the transaction of a server is tried again: others set up theirs at the same time. */
const attempts = 100;

/**
 * Folders of vchans, and above them, that came to be with them, by the connection that made them: they go
 * with the last vchan below them. One entry for each folder that still stands; those that others use stay.
 */
const foldersMade = new WeakMap<StoreClient, Set<string>>();

export interface WriteNodesOptions extends RequestOptions {
  /** Rejects with `refused`, and writes nothing, where its folder holds anything already. */
  readonly mustBeFree?: boolean | undefined;
  /** But for a vchan of this domain that has this ring-ref. */
  readonly replaces?: string | undefined;
}

/** Writes both nodes at once, for the client alone to read. `path` is absolute, or relative to the domain. */
export async function writeNodes(
  store: StoreClient,
  path: string,
  { gref, port }: VchanNodes,
  domids: { readonly own: number; readonly client: number },
  { mustBeFree, replaces, ...options }: WriteNodesOptions,
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
        made = [];
        const refusal = mustBeFree && (await whyNotFree(transaction, base, domids.own, replaces));
        if (refusal) throw refusal;
        made = await foldersOf(transaction, base, replaces !== undefined);
        const [ringRef, eventChannel] = nodesBelow(base);
        for (const [node, value] of [
          [ringRef, gref],
          [eventChannel, port],
        ] as const) {
          await transaction.write(node, String(value));
          await transaction.setPerms(node, perms);
        }
      },
      { ...options, attempts },
    );
  } finally {
    // Also when it failed: one that nobody waits for any longer may take effect behind us.
    remember(store, made);
  }
}

/** Runs `serve`, which writes both nodes by itself, and remembers the folders that came with them. */
export async function withFoldersMade<T>(
  store: StoreClient,
  path: string,
  { ownDomid, replaces }: { readonly ownDomid: number; readonly replaces: boolean },
  serve: () => Promise<T>,
): Promise<T> {
  const made = await foldersOf(store, absolute(path, ownDomid), replaces);
  const served = await serve();
  remember(store, made);
  return served;
}

/** Those that come with a vchan; the folder of one that is replaced came with a vchan as well. */
async function foldersOf(operations: StoreOperations, base: string, replaces: boolean): Promise<string[]> {
  const missing = await missingFolders(operations, base);
  return replaces ? [...missing, base] : missing;
}

function remember(store: StoreClient, made: Iterable<string>): void {
  const folders = foldersMade.get(store) ?? new Set();
  foldersMade.set(store, folders);
  for (const folder of made) folders.add(folder);
}

/**
 * Removes the nodes that still hold these numbers, and those folders that came to be with vchans and hold
 * nothing now. What belongs to others stays: other numbers, other nodes beside them, folders that were there
 * before. To be called while grant and port are still held: after that a successor may have the same ones.
 */
export async function removeNodes(
  store: StoreClient,
  path: string,
  { gref, port }: HeldNumbers,
  ownDomid: number,
): Promise<void> {
  const base = absolute(path, ownDomid);
  const folders = foldersMade.get(store) ?? new Set();
  const removed = await store.transaction(
    async (transaction) => {
      const [ringRef, eventChannel] = nodesBelow(base);
      const isPortOurs = await isOurs(transaction, eventChannel, port, ownDomid);
      const isGrefOurs = gref === undefined ? isPortOurs : await isOurs(transaction, ringRef, gref, ownDomid);
      if (isGrefOurs) await rmIfThere(transaction, ringRef);
      if (isPortOurs) await rmIfThere(transaction, eventChannel);
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

function nodesBelow(base: string): readonly [ringRef: string, eventChannel: string] {
  return [`${base}/${VCHAN_RING_REF}`, `${base}/${VCHAN_EVENT_CHANNEL}`];
}

/** Numbers are small, and another domain may have the same: the node must belong to this one as well. */
async function isOurs(
  operations: StoreOperations,
  node: string,
  number: number,
  ownDomid: number,
): Promise<boolean> {
  try {
    const value = await readIfThere(operations, node);
    if (value?.replace(/\0$/, '') !== String(number)) return false;
    const [owner] = await operations.getPerms(node);
    return owner?.domid === ownDomid && !(await operations.hasChildren(node));
  } catch (error) {
    if (isStoreError(error, 'EACCES')) return false;
    throw error;
  }
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

/** `base` and the folders above it that are not there, the highest first. */
async function missingFolders(operations: StoreOperations, base: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder: string | undefined = base; folder !== undefined && folder !== '/';) {
    if (await isThere(operations, folder)) break;
    missing.unshift(folder);
    folder = parentPath(folder);
  }
  return missing;
}

async function isThere(operations: StoreOperations, path: string): Promise<boolean> {
  try {
    return (await readIfThere(operations, path)) !== undefined;
  } catch (error) {
    // Above what this domain may read there is nothing that it could have made.
    if (isStoreError(error, 'EACCES')) return true;
    throw error;
  }
}

/** Whether it holds anything: a node below it, or a value, which no folder of ours has. */
async function isInUse(operations: StoreOperations, folder: string): Promise<boolean> {
  try {
    const value = await readIfThere(operations, folder);
    if (value === undefined) return false;
    return value !== '' || (await operations.hasChildren(folder));
  } catch (error) {
    if (isStoreError(error, 'EACCES')) return true;
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
