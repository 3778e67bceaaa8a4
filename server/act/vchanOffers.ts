/** The vchans that domains offer in the xenstore, for a person to choose from. */
import { isStoreError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import { findVchans, vchanSearch } from '../vchan/findVchans';
import { VCHAN_RING_REF } from '../wire/vchanPath';
import type { VchanOffer } from './vchanPlan';

/** More than that nobody picks from; those of the first domains are listed. */
export const maxVchanOffers = 500;

export async function findOffers(store: StoreClient, domids: readonly number[]): Promise<VchanOffer[]> {
  const search = vchanSearch();
  const found = await Promise.all(
    domids.map(async (server) =>
      (await findVchans(store, server, search)).map(({ path }) => ({ path, server })),
    ),
  );
  return Promise.all(
    found
      .flat()
      .slice(0, maxVchanOffers)
      .map(async ({ path, server }) => {
        const client = await search.run(() => readerOf(store, `${path}/${VCHAN_RING_REF}`));
        return { path, server, ...(client !== undefined && { client }) };
      }),
  );
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
