/** The vchans that domains offer in the xenstore, for a person to choose from. */
import { isStoreError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import { findVchans } from '../vchan/findVchans';
import { VCHAN_RING_REF } from '../wire/vchanPath';
import type { VchanOffer } from './vchanPlan';

/** More than that nobody picks from; those of the first domains are listed. */
export const maxVchanOffers = 500;

export async function findOffers(store: StoreClient, domids: readonly number[]): Promise<VchanOffer[]> {
  const offers: VchanOffer[] = [];
  for (const server of domids) {
    for (const { path } of await findVchans(store, server)) {
      if (offers.length >= maxVchanOffers) return offers;
      const client = await readerOf(store, `${path}/${VCHAN_RING_REF}`);
      offers.push({ path, server, ...(client !== undefined && { client }) });
    }
  }
  return offers;
}

/** The one domain beside the owner that may read the node. */
async function readerOf(store: StoreClient, path: string): Promise<number | undefined> {
  try {
    const [, ...others] = await store.getPerms(path);
    const readers = others.filter(({ read }) => read);
    return readers.length === 1 ? readers[0]!.domid : undefined;
  } catch (error) {
    if (isStoreError(error, 'ENOENT') || isStoreError(error, 'EACCES')) return undefined;
    throw error;
  }
}
