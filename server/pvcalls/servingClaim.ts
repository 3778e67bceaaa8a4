/**
 * One backend of ours at a time, also while there is no device by which it could be seen: who serves a domain's
 * PV Calls says so in a node of that domain, with a name by which others find out whether it still runs. What a
 * process leaves behind that was killed is nobody's.
 */
import type { Clock } from '../host/clock';
import { XenscopeError, isStoreError } from '../host/errors';
import type { StoreClient, StoreOperations } from '../host/storeClient';
import { domainPath } from '../wire/xsPath';
import { readText } from '../xenbus/nodes';
import { type OtherBackends, mustBeNobodys } from './otherBackend';

/** Below the own domain's folder; a driver domain may write there too. */
export const servingClaimPath = 'data/xenscope-pvcalls-serve';

/** After which a store that says nothing is not waited for. */
const releasePatienceMs = 1_000;

/** Those who may claim something, of all processes of this machine. */
export interface Claimants {
  /** A name of somebody new in this process. */
  join(): string;
  /** Whether that one runs still. `name` is anything that stands in a node. */
  isThere(name: string): boolean;
  leave(name: string): void;
}

export interface ServingClaim {
  /** Never rejects: one that cannot be taken back is nobody's from then on. */
  release(): Promise<void>;
}

export interface ClaimOptions extends OtherBackends {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly claimants: Claimants;
}

/** What a backend of ours has written in that domain, our own where none is named, running or not; undefined: none has. */
export function readServingClaim(store: StoreOperations, domid?: number): Promise<string | undefined> {
  const folder = domid === undefined ? '' : `${domainPath(domid)}/`;
  return readText(store, `${folder}${servingClaimPath}`);
}

/** Before a backend of ours begins; released when it has ended. Rejects with a XenscopeError `refused`. */
export async function claimServing(options: ClaimOptions): Promise<ServingClaim> {
  const { store, clock, claimants } = options;
  await mustBeNobodys(store, { ...options, takesOver: true });
  const own = claimants.join();
  const claim = { release: () => release(store, clock, own).finally(() => claimants.leave(own)) };
  try {
    await store.transaction(async (transaction) => {
      await mustNotBeClaimed(transaction, claimants);
      await transaction.write(servingClaimPath, own);
    });
  } catch (error) {
    // Where this domain may write no node of its own, its devices alone tell.
    if (!isStoreError(error, 'EACCES')) {
      claimants.leave(own);
      throw error;
    }
  }
  try {
    await mustBeNobodys(store, options);
  } catch (error) {
    await claim.release();
    throw error;
  }
  return claim;
}

/** Throws a XenscopeError `refused` where one serves that runs. */
export async function mustNotBeClaimed(store: StoreOperations, claimants: Claimants): Promise<void> {
  const other = await readServingClaim(store);
  if (other === undefined || !claimants.isThere(other)) return;
  const [pid] = other.split(' ');
  throw new XenscopeError('refused', `Process ${pid} serves the PV Calls of this domain already.`, {
    wayOut: 'End that backend first: it is a “xenscope pvcalls serve”, or open in an editor.',
  });
}

async function release(store: StoreClient, clock: Clock, own: string): Promise<void> {
  const enough = new AbortController();
  const patience = clock.after(releasePatienceMs, () => enough.abort());
  const { signal } = enough;
  try {
    await store.transaction(
      async (transaction) => {
        if ((await readServingClaim(transaction)) === own) await transaction.rm(servingClaimPath);
      },
      { signal },
    );
  } catch {
    // Whoever looks next finds that nobody of this name is there.
  } finally {
    patience.cancel();
  }
}
