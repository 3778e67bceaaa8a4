/**
 * Vchans that a domain offers, as their servers write them below its `data`: a folder with `ring-ref` and
 * `event-channel`. Guests write there what they like, so little of it is walked through.
 */
import { XenscopeError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import { Turnstile } from '../store/client/turnstile';

const maxDepth = 5;
/** Of one domain; what lies beyond is not found. */
const maxFolders = 256;

export interface VchanNode {
  readonly path: string;
  /** The grant of its control page. */
  readonly gref: number;
}

export function vchanRoot(domid: number): string {
  return `/local/domain/${domid}/data`;
}

/** Whether a change at `path` may have made or ended one of those that are `known`. */
export function concernsVchans(path: string, known: readonly VchanNode[]): boolean {
  return /\/(ring-ref|event-channel)$/.test(path) || known.some((one) => one.path.startsWith(path));
}

/** So many requests are under way at once, of all domains that are walked through together. */
const maxRequests = 16;

export function vchanSearch(): Turnstile {
  return new Turnstile(maxRequests);
}

/** In the order of the store, however the answers come. Those of several domains share a `search`. */
export async function findVchans(
  store: StoreClient,
  domid: number,
  search = vchanSearch(),
): Promise<VchanNode[]> {
  let folders = 0;
  const walk = async (path: string, depth: number): Promise<VchanNode[]> => {
    if (depth > maxDepth || ++folders > maxFolders) return [];
    const names = await search.run(() => store.directory(path).catch(gone([] as string[])));
    if (names.includes('ring-ref') && names.includes('event-channel')) {
      const text = await search.run(() => store.read(`${path}/ring-ref`).catch(gone(undefined)));
      const gref = grefOf(text);
      return gref === undefined ? [] : [{ path, gref }];
    }
    return (await Promise.all(names.map((name) => walk(`${path}/${name}`, depth + 1)))).flat();
  };
  return walk(vchanRoot(domid), 0);
}

function grefOf(text: Buffer | undefined): number | undefined {
  const number = text === undefined ? '' : text.toString('latin1');
  return /^\d{1,10}$/.test(number) && Number(number) < 2 ** 32 ? Number(number) : undefined;
}

/** A node that went away meanwhile, or is not for us, is no answer and no failure. */
function gone<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof XenscopeError && error.code === 'store') return value;
    throw error;
  };
}
