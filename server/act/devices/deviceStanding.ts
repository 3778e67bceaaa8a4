/** How a device stands in the store at this moment: both ends, as far as they agree that they belong together. */
import { isStoreError } from '../../host/errors';
import type { StoreOperations } from '../../host/storeClient';
import { devicePathOf, type SidePath } from '../../model/devices/devicePaths';
import type { XenbusSide } from '../../wire/xenbusDance';
import { XenbusState } from '../../wire/xenbusState';
import { domainPath, isNodePath } from '../../wire/xsPath';
import { readState, readText } from '../../xenbus/nodes';
import { unlessAbsent } from '../unlessAbsent';

export interface DeviceEndStanding {
  readonly side: XenbusSide;
  /** Its folder; empty where nobody names one. */
  readonly path: string;
  readonly domid: number;
  readonly exists: boolean;
  /** The text of its `state`; undefined where there is none. */
  readonly stateText?: string;
  readonly state: XenbusState;
}

export interface DeviceStanding {
  /** `vif 0`. */
  readonly label: string;
  readonly kind: string;
  readonly frontend: DeviceEndStanding;
  readonly backend: DeviceEndStanding;
  /** The text of the backend's `online`. */
  readonly onlineText?: string;
  /** The domain of the frontend is in the store. */
  readonly hasGuest: boolean;
  /** The ends that are there name each other. Otherwise one of them would let us write to what is not its own. */
  readonly agrees: boolean;
}

/** `path` is the folder of either end. Undefined when it is no device, or gone. */
export async function readStanding(
  store: StoreOperations,
  path: string,
): Promise<DeviceStanding | undefined> {
  const own = sideOf(path);
  // A folder that holds nothing is no device: device/suspend/event-channel is a node of another kind.
  if (!own || !(await unlessAbsent(store.hasChildren(path)))) return undefined;
  const otherSide: XenbusSide = own.side === 'frontend' ? 'backend' : 'frontend';
  const otherPath = (await readText(store, `${path}/${otherSide}`)) ?? '';
  const other = sideOf(otherPath);
  const isOther = other?.side === otherSide && isNodePath(otherPath);
  const otherExists = isOther && (await exists(store, otherPath));
  const namesUs = !otherExists || (await readText(store, `${otherPath}/${own.side}`)) === path;
  const isPair = !isOther || servedOf(own, other) === guestOf(own, other);
  const ends = {
    [own.side]: await readEnd(store, own, true),
    [otherSide]: isOther ? await readEnd(store, other, otherExists) : noEnd(otherSide, own.servesDomid ?? 0),
  } as Record<XenbusSide, DeviceEndStanding>;
  const onlineText = ends.backend.exists ? await readText(store, `${ends.backend.path}/online`) : undefined;
  const guest = own.servesDomid ?? ends.frontend.domid;
  return {
    label: `${own.kind} ${own.devid}`,
    kind: own.kind,
    frontend: ends.frontend,
    backend: ends.backend,
    ...(onlineText === undefined ? {} : { onlineText }),
    hasGuest: await exists(store, domainPath(guest)),
    // What is named and can be no end of a device, as the first console of a guest, is not ours to touch.
    agrees: (isOther || otherPath === '') && namesUs && isPair,
  };
}

/** Whether there is such a folder; one that we may not list is there. */
export async function exists(store: StoreOperations, path: string): Promise<boolean> {
  try {
    return (await unlessAbsent(store.getPerms(path))) !== undefined;
  } catch (error) {
    if (isStoreError(error, 'EACCES')) return true;
    throw error;
  }
}

export function isOnline({ onlineText }: Pick<DeviceStanding, 'onlineText'>): boolean {
  return Number(onlineText) === 1;
}

/** The frontend has, and its closed backend has only to follow: a reconnect has nothing left to write. */
export function hasBegunAnew({ frontend, backend }: DeviceStanding): boolean {
  return frontend.state === XenbusState.Initialising && backend.state === XenbusState.Closed;
}

export function sideOf(path: string): SidePath | undefined {
  const place = devicePathOf(path);
  return place?.at === 'side' && place.node === '' ? place.side : undefined;
}

/** The domain whose devices the backend's path says it serves. */
const servedOf = (one: SidePath, other: SidePath) => one.servesDomid ?? other.servesDomid;
const guestOf = (one: SidePath, other: SidePath) => (one.side === 'frontend' ? one : other).domid;

async function readEnd(
  store: StoreOperations,
  { side, folder, domid }: SidePath,
  isThere: boolean,
): Promise<DeviceEndStanding> {
  if (!isThere) return { side, path: folder, domid, exists: false, state: XenbusState.Unknown };
  const stateText = await readText(store, `${folder}/state`);
  const state = await readState(store, folder);
  return {
    side,
    path: folder,
    domid,
    exists: true,
    ...(stateText === undefined ? {} : { stateText }),
    state,
  };
}

function noEnd(side: XenbusSide, domid: number): DeviceEndStanding {
  return { side, path: '', domid, exists: false, state: XenbusState.Unknown };
}
