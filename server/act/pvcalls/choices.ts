/** Which domains may serve PV Calls, as far as the xenstore tells, and the machine that we run on. */
import { XenscopeError } from '../../host/errors';
import type { StoreClient } from '../../host/storeClient';
import { XenbusState } from '../../wire/xenbusState';
import { domainPath } from '../../wire/xsPath';
import { readState } from '../../xenbus/nodes';
import { type Claimants, readServingClaim } from '../../pvcalls/servingClaim';
import { readOwnDomid } from '../../vchan/ownDomid';
import type { ComposerBackend } from './plan';

/** More than that nobody picks from; the first are listed. */
export const maxBackends = 200;
/** Of each domain: a few devices that are served tell enough. */
const maxLookedAt = 64;

/** What is known of the host besides its xenstore. */
export interface BackendsAround {
  readonly isReal: boolean;
  /** Of the domain that we run in; absent where nobody could tell. */
  readonly ground?:
    { readonly kernelBackend: () => string | undefined; readonly claimants: Claimants } | undefined;
}

export async function findBackends(
  store: StoreClient,
  domids: readonly number[],
  options: BackendsAround,
): Promise<readonly ComposerBackend[]> {
  return Promise.all(domids.slice(0, maxBackends).map((domid) => backendOf(store, domid, options)));
}

export async function backendOf(
  store: StoreClient,
  domid: number,
  { isReal, ground }: BackendsAround,
): Promise<ComposerBackend> {
  const served = await countServed(store, domid);
  if (served > 0) {
    const devices = served === 1 ? 'a device' : `${served} devices`;
    return { domid, serves: 'yes', text: `A backend of PV Calls serves ${devices} there.` };
  }
  if (isReal) {
    const isOwn = domid === (await ownDomidOf(store));
    return {
      domid,
      ...(isOwn && ground ? await servesHere(store, ground) : await servesThere(store, domid)),
    };
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

/** Our domain, as the store tells; undefined where it does not. */
export async function ownDomidOf(store: StoreClient): Promise<number | undefined> {
  try {
    return await readOwnDomid(store);
  } catch (error) {
    if (error instanceof XenscopeError && ['store', 'protocol'].includes(error.code)) return undefined;
    throw error;
  }
}

type Serves = Omit<ComposerBackend, 'domid'>;

/** In our domain of a real host: Linux can be seen there, and who of ours has said that it serves. */
async function servesHere(
  store: StoreClient,
  { kernelBackend, claimants }: NonNullable<BackendsAround['ground']>,
): Promise<Serves> {
  if (kernelBackend() !== undefined) {
    return { serves: 'yes', text: 'Linux’s pvcalls-back serves PV Calls there.' };
  }
  const claim = await readServingClaim(store);
  if (claim !== undefined && claimants.isThere(claim)) {
    return { serves: 'yes', text: 'Xenscope’s own backend of PV Calls serves there.' };
  }
  return {
    serves: 'no',
    text: 'Nobody serves PV Calls there: the device would wait. “PV Calls: Intercept a Backend…” opens a backend of our own.',
  };
}

async function servesThere(store: StoreClient, domid: number): Promise<Serves> {
  if ((await readServingClaim(store, domid)) !== undefined) {
    const text =
      'Xenscope’s own backend has said there that it serves PV Calls; whether it still runs cannot be seen from here.';
    return { serves: 'unknown', text };
  }
  const text =
    'Nothing in the xenstore tells whether a backend of PV Calls runs there; without one the device waits.';
  return { serves: 'unknown', text };
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
