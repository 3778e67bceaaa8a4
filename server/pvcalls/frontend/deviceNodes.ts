/** The nodes of a new PV Calls device, at both ends and in the toolstack's list, as libxl lays out a device; and their removal. */
import { XenscopeError, isStoreError } from '../../host/errors';
import type { StoreClient, StoreOperations } from '../../host/storeClient';
import { XenbusState } from '../../wire/xenbusState';
import type { XsPerm } from '../../wire/xsPerms';
import { domainPath, parentPath } from '../../wire/xsPath';
import { readNames, readState, readText } from '../../xenbus/nodes';

/** Drivers of guests take the first device, 0; those that are opened by hand come behind it. */
const firstDevid = 1;
const lastDevid = 999;

export interface DevicePlace {
  readonly domid: number;
  readonly backendDomid: number;
  readonly devid: number;
  /** Folders, absolute. */
  readonly frontend: string;
  readonly backend: string;
  /** The toolstack's own copy: who destroys the domain finds there what is to be removed with it. */
  readonly copy: string;
}

export interface PluggedDevice extends DevicePlace {
  /** Folders that came with it, the deepest first. */
  readonly newFolders: readonly string[];
}

function devicePlace(domid: number, backendDomid: number, devid: number): DevicePlace {
  return {
    domid,
    backendDomid,
    devid,
    frontend: `${domainPath(domid)}/device/pvcalls/${devid}`,
    backend: `${domainPath(backendDomid)}/backend/pvcalls/${domid}/${devid}`,
    copy: `/libxl/${domid}/device/pvcalls/${devid}`,
  };
}

interface NewNode {
  readonly path: string;
  readonly value: string;
}

interface NewFolder {
  readonly path: string;
  /** As its parent's when absent. */
  readonly perms?: readonly XsPerm[];
  readonly nodes: readonly NewNode[];
}

function foldersOf(place: DevicePlace): readonly NewFolder[] {
  const { domid, backendDomid, frontend, backend, copy } = place;
  const ownedBy = (owner: number, reader: number): readonly XsPerm[] => [
    { domid: owner, read: false, write: false },
    { domid: reader, read: true, write: false },
  ];
  const below = (folder: string, entries: readonly (readonly [string, string | number])[]) =>
    entries.map(([name, value]) => ({ path: `${folder}/${name}`, value: String(value) }));
  const { Initialising } = XenbusState;
  return [
    {
      path: copy,
      nodes: below(copy, [
        ['frontend', frontend],
        ['backend', backend],
      ]),
    },
    {
      path: frontend,
      perms: ownedBy(domid, backendDomid),
      nodes: below(frontend, [
        ['backend', backend],
        ['backend-id', backendDomid],
        ['state', Initialising],
      ]),
    },
    {
      path: backend,
      perms: ownedBy(backendDomid, domid),
      nodes: below(backend, [
        ['frontend', frontend],
        ['frontend-id', domid],
        ['online', 1],
        ['state', Initialising],
      ]),
    },
  ];
}

/** All nodes with a value, in the order in which they are written. */
export function newNodes(place: DevicePlace): readonly NewNode[] {
  return foldersOf(place).flatMap(({ nodes }) => nodes);
}

/** Where the next device between these two would be. Throws a XenscopeError `limit` where all numbers are taken. */
export async function freePlace(
  store: StoreOperations,
  domid: number,
  backendDomid: number,
): Promise<DevicePlace> {
  const any = devicePlace(domid, backendDomid, firstDevid);
  const folders = [any.frontend, any.backend, any.copy].map((path) => parentPath(path)!);
  const taken = new Set((await Promise.all(folders.map((folder) => readNames(store, folder)))).flat());
  for (let devid = firstDevid; devid <= lastDevid; devid++) {
    if (!taken.has(String(devid))) return devicePlace(domid, backendDomid, devid);
  }
  throw new XenscopeError('limit', `All numbers of PV Calls devices up to ${lastDevid} are taken there.`, {
    wayOut: 'Remove devices that nobody uses any more.',
  });
}

/** Writes a new device, all of it at once. Throws a XenscopeError `input` where one of the domains is not there. */
export function plugDevice(store: StoreClient, domid: number, backendDomid: number): Promise<PluggedDevice> {
  return store.transaction(async (transaction) => {
    for (const each of [domid, backendDomid]) await mustBeThere(transaction, each);
    const place = await freePlace(transaction, domid, backendDomid);
    const newFolders = await missingFolders(transaction, place);
    for (const { path, perms, nodes } of foldersOf(place)) {
      await transaction.mkdir(path);
      if (perms) await transaction.setPerms(path, perms);
      for (const node of nodes) await transaction.write(node.path, node.value);
    }
    return { ...place, newFolders };
  });
}

/** As a toolstack unplugs. Answers whether the backend is there to close it. */
export function askToClose(store: StoreClient, { backend }: DevicePlace): Promise<boolean> {
  return store.transaction(async (transaction) => {
    const state = await readState(transaction, backend);
    if (state === XenbusState.Unknown) return false;
    await transaction.write(`${backend}/online`, '0');
    if (state === XenbusState.Closed) return false;
    await transaction.write(`${backend}/state`, String(XenbusState.Closing));
    return true;
  });
}

/** Removes what is left of it. What somebody else has put in its place meanwhile stays. */
export function removeDevice(store: StoreClient, device: PluggedDevice): Promise<void> {
  return store.transaction(async (transaction) => {
    const { frontend, backend, copy } = device;
    await removeIf(transaction, frontend, (await readText(transaction, `${frontend}/backend`)) === backend);
    await removeIf(transaction, backend, (await readText(transaction, `${backend}/frontend`)) === frontend);
    await removeIf(transaction, copy, (await readText(transaction, `${copy}/backend`)) === backend);
    for (const path of errorFolders(device)) await removeIf(transaction, path, true);
    for (const path of new Set([...kindFolders(device), ...device.newFolders])) {
      const isEmpty =
        (await readText(transaction, path)) === '' && (await readNames(transaction, path)).length === 0;
      await removeIf(transaction, path, isEmpty);
    }
  });
}

/** Of all devices of the kind, whoever made them: a toolstack removes them with the last device, the deepest first. */
function kindFolders({ frontend, backend, copy }: DevicePlace): readonly string[] {
  const above = [frontend, backend, copy].map((path) => parentPath(path)!);
  return [...above, parentPath(above[1]!)!];
}

/** Where both drivers write why they failed. */
function errorFolders({ domid, backendDomid, devid }: DevicePlace): readonly string[] {
  return [
    `${domainPath(domid)}/error/device/pvcalls/${devid}`,
    `${domainPath(backendDomid)}/error/backend/pvcalls/${domid}/${devid}`,
  ];
}

/** Above the device's own folders, the deepest first. */
async function missingFolders(store: StoreOperations, place: DevicePlace): Promise<readonly string[]> {
  const above = new Set<string>();
  for (const path of [place.copy, place.frontend, place.backend, ...errorFolders(place)]) {
    for (let at = parentPath(path); at !== undefined && at !== '/'; at = parentPath(at)) above.add(at);
  }
  const missing = await Promise.all(
    [...above].map(async (path) => ((await readText(store, path)) === undefined ? [path] : [])),
  );
  return missing.flat().sort((a, b) => b.length - a.length);
}

async function mustBeThere(store: StoreOperations, domid: number): Promise<void> {
  if (domid === 0 || (await readText(store, `${domainPath(domid)}/domid`)) !== undefined) return;
  throw new XenscopeError('input', `There is no domain ${domid}.`, {
    wayOut: 'It may have ended meanwhile.',
  });
}

async function removeIf(store: StoreOperations, path: string, isOurs: boolean): Promise<void> {
  if (!isOurs) return;
  try {
    await store.rm(path);
  } catch (error) {
    if (!isStoreError(error, 'ENOENT')) throw error;
  }
}
