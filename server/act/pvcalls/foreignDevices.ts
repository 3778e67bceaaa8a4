/** Frontends of PV Calls that are somebody else's, and where their command rings are. */
import type { StoreClient } from '../../host/storeClient';
import { XenbusState } from '../../wire/xenbusState';
import { domainPath } from '../../wire/xsPath';
import { readState, readText } from '../../xenbus/nodes';
import { namesIn } from './choices';
import { stateName } from './composerWords';
import type { ComposerForeign } from './plan';

/** More than that nobody picks from; those of the first domains are listed. */
export const maxForeign = 200;

const devicePattern = /^\/local\/domain\/([0-9]{1,5})\/device\/pvcalls\/[0-9]{1,5}$/;

/** With where its command ring is, once that is told. */
export interface ForeignDevice extends ComposerForeign {
  readonly place?: { readonly gref: number; readonly port: number };
}

/** Without those in `ours`, by their folders. */
export async function findForeign(
  store: StoreClient,
  domids: readonly number[],
  ours: ReadonlySet<string>,
): Promise<readonly ComposerForeign[]> {
  const devices = await Promise.all(
    domids.map(async (domid) => {
      const root = `${domainPath(domid)}/device/pvcalls`;
      return (await namesIn(store, root)).map((devid) => `${root}/${devid}`);
    }),
  );
  const others = devices
    .flat()
    .filter((device) => !ours.has(device))
    .slice(0, maxForeign);
  const found = await Promise.all(others.map((device) => foreignAt(store, device)));
  return found.flatMap((foreign) => {
    if (typeof foreign === 'string') return [];
    const { device, domid, backend, problem } = foreign;
    return [{ device, domid, backend, ...(problem !== undefined && { problem }) }];
  });
}

/** A sentence where there is no such device. */
export async function foreignAt(store: StoreClient, device: string): Promise<ForeignDevice | string> {
  const domid = devicePattern.exec(device)?.[1];
  if (domid === undefined) return `${device.slice(0, 100)} is no frontend of PV Calls.`;
  const [backend, gref, port, state] = await Promise.all([
    numberAt(store, `${device}/backend-id`),
    numberAt(store, `${device}/ring-ref`),
    numberAt(store, `${device}/port`),
    readState(store, device),
  ]);
  if (backend === undefined) return `There is no frontend of PV Calls at ${device}.`;
  const known = { device, domid: Number(domid), backend };
  if (state !== XenbusState.Connected) {
    const now = stateName(state) ?? 'in no state';
    return { ...known, problem: `The frontend is ${now}: its ring is in use while it is Connected only.` };
  }
  if (gref === undefined || port === undefined) {
    return { ...known, problem: 'The frontend does not say where its ring and its event channel are.' };
  }
  return { ...known, place: { gref, port } };
}

async function numberAt(store: StoreClient, path: string): Promise<number | undefined> {
  const text = await readText(store, path);
  return text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}
