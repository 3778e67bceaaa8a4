/** All there is to know of one node. */
import type { RequestOptions, StoreClient } from '../host/storeClient';
import type { XsPerm } from '../wire/xsPerms';
import { type NameDomain, meaningOf } from './meaning';
import { permsText } from './permsText';
import type { Meaning } from './treeTypes';

export interface Detail {
  readonly path: string;
  readonly value: Buffer;
  readonly children: number;
  readonly perms: readonly XsPerm[];
  readonly permsText: readonly string[];
  readonly meaning?: Meaning;
}

export async function readDetail(
  store: StoreClient,
  path: string,
  nameDomain: NameDomain,
  options?: RequestOptions,
): Promise<Detail> {
  const [value, names, perms] = await Promise.all([
    store.read(path, options),
    store.directory(path, options),
    store.getPerms(path, options),
  ]);
  const detail = { path, value, children: names.length, perms, permsText: permsText(perms, nameDomain) };
  const meaning = meaningOf(path, value, nameDomain);
  return meaning ? { ...detail, meaning } : detail;
}
