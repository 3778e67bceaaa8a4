/** Finds the devices of a domain as they come and go, and hands each to the driver of its kind. */
import { isStoreError } from '../../host/errors';
import type { StoreClient } from '../../host/storeClient';
import { XenbusState } from '../../wire/xenbusState';
import type { Domain } from '../domain';
import { DeviceEnd, readState } from './xenbus';
import type { Driver } from './xenbus';

export type Drivers = Readonly<Record<string, Driver>>;

/**
 * `root` is `device` for frontends (`device/<kind>/<devid>`) and `backend` for backends
 * (`backend/<kind>/<domid>/<devid>`). Kinds without a driver are left alone.
 */
export async function runBus(domain: Domain, root: 'device' | 'backend', drivers: Drivers): Promise<void> {
  const depth = root === 'device' ? 2 : 3;
  const held = new Map<string, AbortController>();
  await domain.follow(root, async (event) => {
    const below = event.path.split('/').length - 1;
    // Below a device's own folder nothing appears or goes that the bus must know.
    if (below > depth) return;
    const isOneDevice = below === depth;
    const candidates = isOneDevice ? [event.path] : await foldersBelow(domain.store, root, depth);
    const present = await devicesAmong(domain.store, candidates, drivers);
    for (const [path, gone] of held) {
      if (present.includes(path) || (isOneDevice && path !== event.path)) continue;
      held.delete(path);
      gone.abort(new Error(`${path} is gone`));
    }
    for (const path of present) {
      if (held.has(path)) continue;
      const gone = new AbortController();
      held.set(path, gone);
      hold(domain, path, drivers[kindOf(path)]!, gone.signal);
    }
  });
}

/** Runs the driver until the device or the domain is gone. */
function hold(domain: Domain, path: string, driver: Driver, gone: AbortSignal): void {
  const signal = AbortSignal.any([gone, domain.signal]);
  domain.start(`driver of ${path}`, async () => {
    try {
      await driver(new DeviceEnd(domain, path, signal));
    } catch (error) {
      // A device that goes away under its driver is an everyday thing.
      if (!signal.aborted) throw error;
    }
  });
}

const kindOf = (path: string) => path.split('/')[1]!;

/** A folder is a device when it has a state. */
async function devicesAmong(
  store: StoreClient,
  paths: readonly string[],
  drivers: Drivers,
): Promise<string[]> {
  const known = paths.filter((path) => Object.hasOwn(drivers, kindOf(path)));
  const states = await Promise.all(known.map((path) => readState(store, path)));
  return known.filter((_, place) => states[place] !== XenbusState.Unknown);
}

async function foldersBelow(store: StoreClient, root: string, depth: number): Promise<string[]> {
  let level = [root];
  for (let step = 0; step < depth; step++) {
    const below = await Promise.all(level.map((folder) => list(store, folder)));
    level = level.flatMap((folder, place) => below[place]!.map((name) => `${folder}/${name}`));
  }
  return level;
}

async function list(store: StoreClient, path: string): Promise<string[]> {
  try {
    return await store.directory(path);
  } catch (error) {
    if (isStoreError(error, 'ENOENT') || isStoreError(error, 'EACCES')) return [];
    throw error;
  }
}
