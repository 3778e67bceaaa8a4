/** Reads one row of the tree: its value, what it means, and whether it can be opened. */
import { XenscopeError, isStoreError } from '../host/errors';
import type { RequestOptions, StoreClient } from '../host/storeClient';
import { nodeName } from '../wire/xsPath';
import { meaningOf, type NameDomain } from './meaning';
import { previewValue } from './preview';
import type { NodeRow } from './treeTypes';

/** Undefined when the node does not exist. Both requests are under way at once. */
export async function readRow(
  store: StoreClient,
  path: string,
  nameDomain: NameDomain,
  options?: RequestOptions,
): Promise<NodeRow | undefined> {
  const [value, children] = await Promise.allSettled([
    store.read(path, options),
    store.hasChildren(path, options),
  ]);
  const hasChildren = children.status === 'fulfilled' && children.value;
  if (value.status === 'fulfilled') return rowOf(path, value.value, hasChildren, nameDomain);
  const failure: unknown = value.reason;
  if (isStoreError(failure, 'ENOENT')) return undefined;
  if (failure instanceof XenscopeError && failure.storeError)
    return unreadableRow(path, failure, hasChildren);
  throw failure;
}

export function rowOf(path: string, value: Buffer, hasChildren: boolean, nameDomain: NameDomain): NodeRow {
  const meaning = meaningOf(path, value, nameDomain);
  const row = {
    path,
    name: nodeName(path),
    preview: previewValue(value),
    valueBytes: value.length,
    hasChildren,
  };
  return meaning ? { ...row, meaning } : row;
}

/** A node that may not be read may have children that may be: its permissions are its own. */
function unreadableRow(path: string, failure: XenscopeError, hasChildren: boolean): NodeRow {
  const unreadable = failure.storeError === 'EACCES' ? 'permission denied' : failure.message;
  return { path, name: nodeName(path), preview: '', valueBytes: 0, hasChildren, unreadable };
}

/** Whether a person would see the same row. A value that differs beyond its preview differs in octets or not at all to the eye. */
export function sameRow(left: NodeRow, right: NodeRow): boolean {
  return (
    left.preview === right.preview &&
    left.valueBytes === right.valueBytes &&
    left.hasChildren === right.hasChildren &&
    left.unreadable === right.unreadable &&
    JSON.stringify(left.meaning) === JSON.stringify(right.meaning)
  );
}
