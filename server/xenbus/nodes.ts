/** The nodes of a device as drivers read and write them (drivers/xen/xenbus/xenbus_client.c of Linux). */
import { XenscopeError, isStoreError } from '../host/errors';
import type { StoreClient, StoreOperations } from '../host/storeClient';
import { xsErrors } from '../wire/errno';
import { XenbusState } from '../wire/xenbusState';

/** Names and values in the order in which they are written; a name may go down a level: `queue-0/tx-ring-ref`. */
export type Entries = readonly (readonly [name: string, value: string | number])[];

/** Undefined when the node is missing or may not be read. */
export async function readText(store: StoreOperations, path: string): Promise<string | undefined> {
  try {
    return (await store.read(path)).toString('latin1');
  } catch (error) {
    if (isStoreError(error, 'ENOENT') || isStoreError(error, 'EACCES')) return undefined;
    throw error;
  }
}

/** Of the children; none when the node is missing or may not be read. */
export async function readNames(store: StoreOperations, path: string): Promise<readonly string[]> {
  try {
    return await store.directory(path);
  } catch (error) {
    if (isStoreError(error, 'ENOENT') || isStoreError(error, 'EACCES')) return [];
    throw error;
  }
}

/** A state that cannot be read, or is none, counts as Unknown. */
export async function readState(store: StoreOperations, devicePath: string): Promise<XenbusState> {
  return stateOf((await readText(store, `${devicePath}/state`)) ?? '');
}

function stateOf(text: string): XenbusState {
  return /^[0-8]$/.test(text) ? (Number(text) as XenbusState) : XenbusState.Unknown;
}

/** Asked all at once; the store takes them in this order. */
export async function writeEntries(store: StoreOperations, folder: string, entries: Entries): Promise<void> {
  await Promise.all(entries.map(([name, value]) => store.write(`${folder}/${name}`, String(value))));
}

/** Writes several nodes at once, unless the device has gone: a folder that somebody removed never comes back. */
export function publish(store: StoreClient, devicePath: string, entries: Entries): Promise<boolean> {
  return store.transaction(async (transaction) => {
    if ((await readText(transaction, `${devicePath}/state`)) === undefined) return false;
    await writeEntries(transaction, devicePath, entries);
    return true;
  });
}

/**
 * Moves a device to another state and answers the state that it is in then. Never brings back a
 * `state` node that somebody removed, writes nothing when nothing changes, and nothing when the state
 * is not `from`, where that is given: then somebody else has moved it.
 */
export function switchState(
  store: StoreClient,
  devicePath: string,
  to: XenbusState,
  from?: XenbusState,
): Promise<XenbusState> {
  return store.transaction(async (transaction) => {
    const text = await readText(transaction, `${devicePath}/state`);
    if (text === undefined) return XenbusState.Unknown;
    const present = stateOf(text);
    if (present === to || (from !== undefined && present !== from)) return present;
    await transaction.write(`${devicePath}/state`, String(to));
    return to;
  });
}

/** Errors without a number on the wire are reported as EINVAL. */
const otherErrno = 22;

/** Where a domain says why a device of its failed: `error/<device>/error`, below its own folder. */
export function errorPath(devicePath: string): string {
  return `error/${devicePath.replace(/^\/local\/domain\/[0-9]+\//, '')}/error`;
}

/** Writes `-<errno> <sentence>`; a store that refuses that as well is left alone. */
export async function reportError(
  store: StoreClient,
  devicePath: string,
  error: XenscopeError,
): Promise<void> {
  const errno = error.storeError ? xsErrors[error.storeError].errno : otherErrno;
  try {
    await store.write(errorPath(devicePath), `-${errno} ${error.message}`);
  } catch (refused) {
    if (!(refused instanceof XenscopeError)) throw refused;
  }
}
