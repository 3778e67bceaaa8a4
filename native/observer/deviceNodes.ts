/**
 * What the store says of the devices whose backend is in this domain, and the rings of each. Backend
 * folders are written by the toolstack, those of frontends by guests.
 */
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import { discoverDeviceRings } from '../../server/wire/deviceRings/discover';
import { isRingFolder, isRingNode, maxRingNodeDepth } from '../../server/wire/deviceRings/ringNodes';
import { sharesRings } from '../../server/wire/deviceRings/ringStates';
import { XenbusState } from '../../server/wire/xenbusState';

/** Where the backends of the domain that asks are: its paths begin at its own folder. */
export const backendRoot = 'backend';
/** Of one device; a guest may write more, and they are not read. */
const maxNodes = 2_048;

const closing: readonly string[] = [XenbusState.Closing, XenbusState.Closed].map(String);

export interface BackendDevice {
  /** `backend/vbd/3/51712`. */
  readonly backend: string;
  /** The frontend's folder: `/local/domain/3/device/vbd/51712`. */
  readonly frontend: string;
  readonly domid: number;
  readonly deviceClass: string;
  readonly devid: string;
}

/** All devices, at most `most` of them; the first ones that the store lists. */
export async function listBackends(store: StoreClient, most: number): Promise<BackendDevice[]> {
  const devices: BackendDevice[] = [];
  for (const type of await names(store, backendRoot)) {
    for (const domid of await names(store, `${backendRoot}/${type}`)) {
      for (const devid of await names(store, `${backendRoot}/${type}/${domid}`)) {
        if (devices.length >= most) return devices;
        const device = await backendDevice(store, `${backendRoot}/${type}/${domid}/${devid}`);
        if (device) devices.push(device);
      }
    }
  }
  return devices;
}

async function backendDevice(store: StoreClient, backend: string): Promise<BackendDevice | undefined> {
  const frontend = await text(store, `${backend}/frontend`);
  const [, domid, deviceClass, devid] =
    /^\/local\/domain\/([0-9]{1,5})\/device\/([A-Za-z0-9_-]+)\/([A-Za-z0-9_-]+)$/.exec(frontend ?? '') ?? [];
  if (domid === undefined) return undefined;
  return { backend, frontend: frontend!, domid: Number(domid), deviceClass: deviceClass!, devid: devid! };
}

/** Those that it shares now: none while one of its ends closes. */
export async function readDeviceRings(store: StoreClient, device: BackendDevice): Promise<DeviceRing[]> {
  const { backend, frontend, domid, deviceClass, devid } = device;
  const theirs = await text(store, `${frontend}/state`);
  const ours = await text(store, `${backend}/state`);
  if (!sharesRings(theirs) || ours === undefined || closing.includes(ours)) return [];
  const nodes = await readNodes(store, frontend);
  return discoverDeviceRings({ domid, deviceClass, devid, nodes });
}

async function readNodes(store: StoreClient, folder: string): Promise<ReadonlyMap<string, string>> {
  const nodes = new Map<string, string>();
  const walk = async (below: string, depth: number): Promise<void> => {
    const all = await names(store, below === '' ? folder : `${folder}/${below}`);
    const paths = (which: (name: string) => boolean) =>
      all.filter(which).map((name) => (below === '' ? name : `${below}/${name}`));
    const wanted = paths(isRingNode).slice(0, maxNodes - nodes.size);
    const values = await Promise.all(wanted.map((path) => text(store, `${folder}/${path}`)));
    wanted.forEach((path, at) => values[at] !== undefined && nodes.set(path, values[at]));
    if (depth === maxRingNodeDepth) return;
    for (const path of paths(isRingFolder)) if (nodes.size < maxNodes) await walk(path, depth + 1);
  };
  await walk('', 1);
  return nodes;
}

async function names(store: StoreClient, path: string): Promise<string[]> {
  return store.directory(path).catch(gone([] as string[]));
}

async function text(store: StoreClient, path: string): Promise<string | undefined> {
  return (await store.read(path).catch(gone(undefined)))?.toString('latin1');
}

/** A node that went away meanwhile, or is not for us, is no answer and no failure. */
function gone<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof XenscopeError && error.code === 'store') return value;
    throw error;
  };
}
