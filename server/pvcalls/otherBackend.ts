/** Whether somebody else serves the PV Calls devices of this domain: two at one device would break it. */
import { XenscopeError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import { XenbusState } from '../wire/xenbusState';
import { readNames, readState } from '../xenbus/nodes';

/** Below the own domain's folder. */
export const pvcallsBackends = 'backend/pvcalls';

/** A backend that waits for its frontend or has it; one that only the toolstack has written is nobody's yet. */
const servedStates: readonly XenbusState[] = [
  XenbusState.InitWait,
  XenbusState.Initialised,
  XenbusState.Connected,
];

/** Devices whose backend has got further than the toolstack brings it. */
export async function servedDevices(store: StoreClient): Promise<string[]> {
  const served: string[] = [];
  for (const domid of await readNames(store, pvcallsBackends)) {
    const folder = `${pvcallsBackends}/${domid}`;
    for (const devid of await readNames(store, folder)) {
      const path = `${folder}/${devid}`;
      if (servedStates.includes(await readState(store, path))) served.push(path);
    }
  }
  return served;
}

export interface OtherBackends {
  /** What says that this domain's kernel serves. */
  readonly kernel: string | undefined;
  /** Devices that a backend left behind which was killed are no hindrance. */
  readonly takesOver?: boolean;
}

/** Throws a XenscopeError `refused` where somebody serves. */
export async function mustBeNobodys(
  store: StoreClient,
  { kernel, takesOver = false }: OtherBackends,
): Promise<void> {
  if (kernel !== undefined) throw new XenscopeError('refused', kernel, { wayOut: unloadIt });
  if (takesOver) return;
  const [first, ...others] = await servedDevices(store);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and ${others.length} more,`;
  throw new XenscopeError('refused', `Somebody serves ${first}${more} already.`, {
    wayOut:
      'End that backend first; where it was killed and left its devices behind, take them over with --force.',
  });
}

const unloadIt = 'Remove it first: modprobe -r pvcalls-back.';
