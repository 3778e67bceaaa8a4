/** What of a device, or of a domain's devices, nobody uses any more, and which nodes go with it. It only reads. */
import type { StoreOperations } from '../../host/storeClient';
import { errorPathOf } from '../../model/devices/devicePaths';
import { readMany } from '../../model/readMany';
import { XenbusState } from '../../wire/xenbusState';
import { childPath, domainPath, parentPath } from '../../wire/xsPath';
import { unlessAbsent } from '../unlessAbsent';
import type { NodeChange } from './deviceAct';
import type { DevicePlan } from './devicePlan';
import { type DeviceStanding, exists, isOnline, sideOf } from './deviceStanding';

/** Backends of one dead domain that are cleaned up at once. */
export const maxLeftovers = 256;

const { Unknown, Closed } = XenbusState;

/** The domain of a clean-up of all its devices; undefined for the path of a device. */
export function leftDomain(path: string): number | undefined {
  const found = /^\/local\/domain\/([0-9]{1,5})$/.exec(path);
  return found ? Number(found[1]) : undefined;
}

/** `mayRemove`: whether a path that goes with it may be removed as well. */
export async function planCleanUp(
  store: StoreOperations,
  device: DeviceStanding,
  mayRemove: (path: string) => boolean,
): Promise<DevicePlan> {
  const folders = leftFolders(device);
  if (typeof folders === 'string') {
    return {
      problem: folders,
      wayOut: 'Take it offline first; it can be removed when both ends have closed.',
    };
  }
  return { changes: await removals(store, folders, mayRemove) };
}

/** All backends that serve a domain which is gone. */
export async function planDomainCleanUp(
  store: StoreOperations,
  domid: number,
  mayRemove: (path: string) => boolean,
): Promise<DevicePlan> {
  if (await exists(store, domainPath(domid))) {
    return { problem: `Domain ${domid} is there: what its devices need is not left over.` };
  }
  const folders = await backendsOf(store, domid);
  if (folders.length === 0) return { problem: `No backend is left of domain ${domid}.` };
  if (folders.length > maxLeftovers) {
    return {
      problem: `There are ${folders.length} backends left of domain ${domid}; at most ${maxLeftovers} are removed at once.`,
    };
  }
  return { changes: await removals(store, folders, mayRemove) };
}

/** A sentence where all of it may still be used. */
function leftFolders({ label, frontend, backend, hasGuest, agrees, ...device }: DeviceStanding) {
  if (!hasGuest && backend.exists) return [backend.path];
  if (!agrees) return `The ends of ${label} do not name each other, so it cannot be told what belongs to it.`;
  if (!frontend.exists || !backend.exists)
    return [frontend, backend].filter((end) => end.exists).map(({ path }) => path);
  const stateless = [frontend, backend].filter(({ state }) => state === Unknown);
  if (stateless.length > 0) return stateless.map(({ path }) => path);
  const isDone = frontend.state === Closed && backend.state === Closed && !isOnline(device);
  return isDone
    ? [frontend.path, backend.path]
    : `${label} is in use, or may be: nothing of it is left over.`;
}

async function backendsOf(store: StoreOperations, domid: number): Promise<string[]> {
  const list = async (path: string) => (await unlessAbsent(store.directory(path))) ?? [];
  const below = async (folders: readonly string[]) => {
    const names = await readMany(folders, list);
    return folders.flatMap((folder, place) => names[place]!.map((name) => childPath(folder, name)));
  };
  const domains = (await below(['/local/domain'])).map((path) => `${path}/backend`);
  const kinds = (await below(domains)).map((path) => `${path}/${domid}`);
  return below(kinds);
}

/** The folders, why they failed, and what becomes empty by that. */
async function removals(
  store: StoreOperations,
  folders: readonly string[],
  mayRemove: (path: string) => boolean,
): Promise<NodeChange[]> {
  const reasons = folders.map((folder) => parentPath(errorPathOf(sideOf(folder)!))!).filter(mayRemove);
  const isThere = await readMany(reasons, (path) => exists(store, path));
  const going = await withEmptied(store, [...folders, ...reasons.filter((_, place) => isThere[place])]);
  return going.map((path) => ({ path }));
}

/** A folder above devices, which the toolstack makes with the first of them and removes with the last. */
const abovePattern = /^\/local\/domain\/[0-9]{1,5}\/(?:device|backend|error)\/./;

/** In place of folders that would leave theirs empty, that one. */
async function withEmptied(store: StoreOperations, folders: readonly string[]): Promise<string[]> {
  const going = new Set(folders);
  for (let grew = true; grew;) {
    grew = false;
    const above = new Set([...going].map((path) => parentPath(path)!));
    for (const parent of above) {
      if (!abovePattern.test(parent) || going.has(parent)) continue;
      const names = (await unlessAbsent(store.directory(parent))) ?? [];
      const isOnlyFolder = (await unlessAbsent(store.read(parent)))?.length === 0;
      if (!isOnlyFolder || !names.every((name) => going.has(childPath(parent, name)))) continue;
      for (const name of names) going.delete(childPath(parent, name));
      going.add(parent);
      grew = true;
    }
  }
  return [...going];
}
