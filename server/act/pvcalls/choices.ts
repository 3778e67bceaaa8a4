/** Which domains may serve PV Calls, as far as the xenstore tells. */
import { XenscopeError } from '../../host/errors';
import type { StoreClient } from '../../host/storeClient';
import { XenbusState } from '../../wire/xenbusState';
import { domainPath } from '../../wire/xsPath';
import { readState } from '../../xenbus/nodes';
import type { ComposerBackend } from './plan';

/** More than that nobody picks from; the first are listed. */
export const maxBackends = 200;
/** Of each domain: a few devices that are served tell enough. */
const maxLookedAt = 64;

export async function findBackends(
  store: StoreClient,
  domids: readonly number[],
  options: { readonly isReal: boolean },
): Promise<readonly ComposerBackend[]> {
  return Promise.all(domids.slice(0, maxBackends).map((domid) => backendOf(store, domid, options)));
}

export async function backendOf(
  store: StoreClient,
  domid: number,
  { isReal }: { readonly isReal: boolean },
): Promise<ComposerBackend> {
  const served = await countServed(store, domid);
  if (served > 0) {
    const devices = served === 1 ? 'a device' : `${served} devices`;
    return { domid, serves: 'yes', text: `A backend of PV Calls serves ${devices} there.` };
  }
  if (isReal) {
    const text =
      'Nothing in the xenstore tells whether a backend of PV Calls runs there; without one the device waits.';
    return { domid, serves: 'unknown', text };
  }
  if (domid === 0) {
    return { domid, serves: 'yes', text: 'Domain 0 of a simulated world serves PV Calls.' };
  }
  return {
    domid,
    serves: 'no',
    text: 'Nobody serves PV Calls there now: the device would wait until xenscope pvcalls serve does.',
  };
}

/** Devices whose backend has come as far as to wait for its frontend. */
async function countServed(store: StoreClient, domid: number): Promise<number> {
  const root = `${domainPath(domid)}/backend/pvcalls`;
  const folders = (await namesIn(store, root)).map((served) => `${root}/${served}`);
  const devices = await Promise.all(
    folders
      .slice(0, maxLookedAt)
      .map(async (folder) => (await namesIn(store, folder)).map((devid) => `${folder}/${devid}`)),
  );
  const states = await Promise.all(
    devices
      .flat()
      .slice(0, maxLookedAt)
      .map((device) => readState(store, device)),
  );
  const { InitWait, Connected } = XenbusState;
  return states.filter((state) => state >= InitWait && state <= Connected).length;
}

export async function namesIn(store: StoreClient, path: string): Promise<readonly string[]> {
  try {
    return await store.directory(path);
  } catch (error) {
    if (error instanceof XenscopeError && error.code === 'store') return [];
    throw error;
  }
}
