/** Which xenstored answers: some acts mean different things to them. Found out by reading alone. */
import type { StoreOperations } from '../host/storeClient';
import { unlessAbsent } from './unlessAbsent';

/** `unknown`: neither of the two that the Xen project has. */
export type XenstoredKind = 'C xenstored' | 'oxenstored' | 'unknown';

export async function whichXenstored(store: StoreOperations): Promise<XenstoredKind> {
  // oxenstored keeps the special names as children of the root, and its own path in /tool/xenstored.
  const [names, itself] = await Promise.all([store.directory('/'), valueOf(store, '/tool/xenstored')]);
  if (names.some((name) => name.startsWith('@'))) return 'oxenstored';
  if (itself === undefined) return 'unknown';
  if (itself === '') return 'C xenstored';
  return itself.includes('oxenstored') ? 'oxenstored' : 'unknown';
}

async function valueOf(store: StoreOperations, path: string): Promise<string | undefined> {
  return (await unlessAbsent(store.read(path)))?.toString('latin1');
}
