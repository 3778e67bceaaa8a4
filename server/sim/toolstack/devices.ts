/**
 * How libxl lays out a device (libxl_device.c, libxl__device_generic_add): the frontend's folder,
 * the backend's folder and a copy of the latter under /libxl, with their permissions.
 */
import { isStoreError } from '../../host/errors';
import type { StoreClient, StoreOperations } from '../../host/storeClient';
import { domainPath, parentPath } from '../../wire/xsPath';
import { XenbusState } from '../../wire/xenbusState';
import type { Domain } from '../domain';
import { readState, readText, writeEntries } from '../../xenbus/nodes';
import type { Entries } from '../../xenbus/nodes';
import type { DiskConfig, NicConfig, ShareConfig } from './config';
import { noneBut, writeOwned } from './perms';

export interface Device {
  readonly kind: string;
  readonly backendKind: string;
  readonly devid: number;
  readonly domid: number;
  readonly backendDomid: number;
  /** Nodes of the frontend's folder that the guest owns. */
  readonly front: Entries;
  /** Nodes of the frontend's folder that only the backend's domain may change. */
  readonly frontReadOnly: Entries;
  readonly back: Entries;
}

/** Guests may not change what they find about their first console. */
const isFirstConsole = (device: Device) => device.kind === 'console' && device.devid === 0;

function frontendPath(device: Device): string {
  const domain = domainPath(device.domid);
  return isFirstConsole(device) ? `${domain}/console` : `${domain}/device/${device.kind}/${device.devid}`;
}

function backendPath({ backendDomid, backendKind, domid, devid }: Device): string {
  return `${domainPath(backendDomid)}/backend/${backendKind}/${domid}/${devid}`;
}

function libxlPath({ domid, kind, devid }: Device): string {
  return `/libxl/${domid}/device/${kind}/${devid}`;
}

export function addDevice(store: StoreClient, device: Device): Promise<void> {
  const front = frontendPath(device);
  const back = backendPath(device);
  const copy = libxlPath(device);
  const frontPerms = noneBut(device.domid, { read: device.backendDomid });
  const backPerms = noneBut(device.backendDomid, { read: device.domid });
  return store.transaction(async (transaction) => {
    await writeEntries(transaction, copy, [
      ['frontend', front],
      ['backend', back],
    ]);
    await transaction.mkdir(front);
    await transaction.setPerms(front, isFirstConsole(device) ? backPerms : frontPerms);
    await transaction.write(`${front}/backend`, back);
    await writeOwned(transaction, front, device.front, frontPerms);
    await writeOwned(transaction, front, device.frontReadOnly, backPerms);
    await transaction.mkdir(back);
    await transaction.setPerms(back, backPerms);
    await transaction.write(`${back}/frontend`, front);
    await writeEntries(transaction, back, device.back);
    await writeEntries(transaction, copy, device.back);
  });
}

/** How long the toolstack waits for a backend to close (LIBXL_DESTROY_TIMEOUT). */
const closeTimeoutMs = 10_000;

/**
 * Unplugs a device: tells the backend to close, waits for it, and removes what is left. With
 * `force` the frontend's folder goes first, because nobody there will answer any more.
 */
export async function removeDevice(
  dom0: Domain,
  store: StoreClient,
  device: Device,
  { force }: { force: boolean },
): Promise<void> {
  const back = backendPath(device);
  if (force) await cleanUp(store, frontendPath(device));
  if (!isFirstConsole(device) && (await askToClose(store, back))) {
    await waitUntilClosed(dom0, store, back);
  }
  for (const path of [frontendPath(device), back, libxlPath(device)]) await cleanUp(store, path);
}

/** Whether there is anything to wait for. */
function askToClose(store: StoreClient, back: string): Promise<boolean> {
  return store.transaction(async (transaction) => {
    const state = await readState(transaction, back);
    if (state === XenbusState.Unknown) return false;
    await writeEntries(transaction, back, [['online', 0]]);
    if (state === XenbusState.Closed) return false;
    await writeEntries(transaction, back, [['state', XenbusState.Closing]]);
    return true;
  });
}

async function waitUntilClosed(dom0: Domain, store: StoreClient, back: string): Promise<void> {
  const look = async () => {
    const state = await readState(store, back);
    return state === XenbusState.Closed || state === XenbusState.Unknown ? 'done' : undefined;
  };
  const closed = await dom0.follow(`${back}/state`, look, { store, timeoutMs: closeTimeoutMs });
  if (!closed && !dom0.signal.aborted) dom0.log(`${back} does not close and is removed as it is`);
}

/** Removes a folder, then the folders above it that have become empty (libxl__xs_path_cleanup). */
function cleanUp(store: StoreClient, path: string): Promise<void> {
  return store.transaction(async (transaction) => {
    await removeTree(transaction, path);
    for (let above = parentPath(path); above !== undefined && above !== '/'; above = parentPath(above)) {
      if (!(await isEmptyFolder(transaction, above))) return;
      await removeTree(transaction, above);
    }
  });
}

async function isEmptyFolder(store: StoreOperations, path: string): Promise<boolean> {
  if ((await readText(store, path)) !== '') return false;
  return (await store.directory(path)).length === 0;
}

/** Removes a node with everything below it; it may be gone already. */
export async function removeTree(store: StoreOperations, path: string): Promise<void> {
  try {
    await store.rm(path);
  } catch (error) {
    if (!isStoreError(error, 'ENOENT')) throw error;
  }
}

const newEnd: Entries = [['state', XenbusState.Initialising]];
const newBackend = (domid: number): Entries => [['frontend-id', domid], ['online', 1], ...newEnd];

export function consoleDevice(domid: number, port: number, ringRef: number): Device {
  return {
    kind: 'console',
    backendKind: 'console',
    devid: 0,
    domid,
    backendDomid: 0,
    front: [['backend-id', 0]],
    frontReadOnly: [
      ['limit', 1_048_576],
      ['type', 'xenconsoled'],
      ['output', 'pty'],
      ['tty', ''],
      ['port', port],
      ['ring-ref', ringRef],
    ],
    back: [...newBackend(domid), ['protocol', 'vt100']],
  };
}

export function nicDevice(
  domid: number,
  devid: number,
  backendDomid: number,
  nic: NicConfig & { readonly mac: string; readonly emulated: boolean },
): Device {
  return {
    kind: 'vif',
    backendKind: 'vif',
    devid,
    domid,
    backendDomid,
    front: [['backend-id', backendDomid], ...newEnd, ['handle', devid], ['mac', nic.mac]],
    frontReadOnly: [],
    back: [
      ...newBackend(domid),
      ['script', '/etc/xen/scripts/vif-bridge'],
      ['mac', nic.mac],
      ['bridge', nic.bridge],
      ['handle', devid],
      ['type', nic.emulated ? 'vif_ioemu' : 'vif'],
    ],
  };
}

export function diskDevice(domid: number, disk: DiskConfig): Device {
  const isBlockDevice = disk.target.startsWith('/dev/');
  return {
    kind: 'vbd',
    backendKind: isBlockDevice ? 'vbd' : 'qdisk',
    devid: diskDevid(disk.vdev),
    domid,
    backendDomid: 0,
    front: [['backend-id', 0], ...newEnd, ['virtual-device', diskDevid(disk.vdev)], ['device-type', 'disk']],
    frontReadOnly: [],
    back: [
      ['params', isBlockDevice ? disk.target : `aio:${disk.target}`],
      ...(isBlockDevice ? ([['script', '/etc/xen/scripts/block']] as const) : []),
      ['frontend-id', domid],
      ['online', 1],
      ['removable', 0],
      ['bootable', 1],
      ...newEnd,
      ['dev', disk.vdev],
      ['type', isBlockDevice ? 'phy' : 'qdisk'],
      ['mode', disk.readOnly ? 'r' : 'w'],
      ['device-type', 'disk'],
      ['discard-enable', disk.readOnly ? 0 : 1],
    ],
  };
}

export function keyboardDevice(domid: number): Device {
  return {
    kind: 'vkbd',
    backendKind: 'vkbd',
    devid: 0,
    domid,
    backendDomid: 0,
    front: [['backend-id', 0], ...newEnd],
    frontReadOnly: [],
    back: [...newBackend(domid), ['backend-type', 'qemu']],
  };
}

/** A folder that is shared: 9pfs, in the words of the store. */
export function shareDevice(domid: number, devid: number, { tag, path }: ShareConfig): Device {
  return {
    kind: '9pfs',
    backendKind: '9pfs',
    devid,
    domid,
    backendDomid: 0,
    front: [['backend-id', 0], ...newEnd, ['tag', tag]],
    frontReadOnly: [],
    back: [...newBackend(domid), ['path', path], ['security_model', 'none']],
  };
}

export function pvcallsDevice(domid: number): Device {
  return {
    kind: 'pvcalls',
    backendKind: 'pvcalls',
    devid: 0,
    domid,
    backendDomid: 0,
    front: [['backend-id', 0], ...newEnd],
    frontReadOnly: [],
    back: newBackend(domid),
  };
}

/** A further console: unlike the first it is a device like others, and its rings are made by the guest. */
export function channelDevice(domid: number, devid: number, name: string): Device {
  return {
    kind: 'console',
    backendKind: 'console',
    devid,
    domid,
    backendDomid: 0,
    front: [['backend-id', 0], ...newEnd],
    frontReadOnly: [
      ['limit', 1_048_576],
      ['type', 'ioemu'],
      ['output', 'pty'],
      ['tty', ''],
      ['name', name],
    ],
    back: [...newBackend(domid), ['protocol', 'vt100'], ['name', name], ['connection', 'pty']],
  };
}

/** The number that Xen gives a disk (docs/misc/vbd-interface.txt): xvda is 51712, hda is 768. */
function diskDevid(vdev: string): number {
  const letter = vdev.charCodeAt(vdev.length - 1) - 'a'.charCodeAt(0);
  return vdev.startsWith('hd') ? (3 << 8) + letter * 64 : (202 << 8) + letter * 16;
}
