/** The place of a vchan in the xenstore as a server finds it: free, taken by others, or by a vchan of its own domain. */
import { XenscopeError, isStoreError } from '../host/errors';
import type { StoreOperations } from '../host/storeClient';
import { VCHAN_EVENT_CHANNEL, VCHAN_RING_REF } from '../wire/vchanPath';
import { domainPath } from '../wire/xsPath';

/** A vchan whose nodes stand at a place; whether anybody serves it no node tells. */
export interface OfferedVchan {
  /** What its nodes hold. */
  readonly ringRef: string;
  readonly eventChannel: string | undefined;
  /** To whom they belong; undefined where we may not know. */
  readonly owner: number | undefined;
}

export type Place =
  | { readonly kind: 'free' }
  | { readonly kind: 'vchan'; readonly vchan: OfferedVchan }
  | { readonly kind: 'others'; readonly names: readonly string[] };

/** `path` is absolute, or relative to the domain. */
export async function lookAtPlace(
  operations: StoreOperations,
  path: string,
  ownDomid: number,
): Promise<Place> {
  const base = absolute(path, ownDomid);
  const names = (await unlessMissing(operations.directory(base))) ?? [];
  if (names.length === 0) return { kind: 'free' };
  const ringRef = await readIfThere(operations, `${base}/${VCHAN_RING_REF}`);
  if (ringRef === undefined) return { kind: 'others', names };
  const eventChannel = await readIfThere(operations, `${base}/${VCHAN_EVENT_CHANNEL}`);
  const [owner] = (await unlessMissing(operations.getPerms(`${base}/${VCHAN_RING_REF}`))) ?? [];
  return { kind: 'vchan', vchan: { ringRef, eventChannel, owner: owner?.domid } };
}

/**
 * Why no server should take that place: a vchan is offered there, or its folder holds something else.
 * A vchan of the same domain whose ring-ref is `replaces` is no reason.
 */
export async function whyNotFree(
  operations: StoreOperations,
  path: string,
  ownDomid: number,
  replaces?: string,
): Promise<XenscopeError | undefined> {
  const place = await lookAtPlace(operations, path, ownDomid);
  if (place.kind === 'free') return undefined;
  const base = absolute(path, ownDomid);
  if (place.kind === 'others') {
    return new XenscopeError('refused', `${base} holds something else already: ${someOf(place.names)}.`, {
      wayOut:
        'Choose a path that is not there yet; two nodes of a vchan have no place among those of others.',
    });
  }
  const { ringRef, owner } = place.vchan;
  const isOwn = owner === ownDomid;
  if (isOwn && replaces === ringRef) return undefined;
  const gref = shorten(ringRef) || 'empty';
  return new XenscopeError('refused', `A vchan is offered at ${base} already: its ring-ref is ${gref}.`, {
    wayOut: isOwn
      ? 'Choose another path; or replace it, with --replace, if its server has ended without cleaning up.'
      : `Choose another path: this one belongs to ${owner === undefined ? 'another domain' : `domain ${owner}`}.`,
  });
}

function someOf(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return names.slice(0, 3).map(shorten).join(', ') + more;
}

/** What it is that is replaced, for whoever has to agree: `ring-ref 8 and event-channel 12`. */
export function namedOf({ ringRef, eventChannel = 'missing' }: OfferedVchan): string {
  const [gref, port] = [ringRef, eventChannel].map((value) => shorten(value) || 'empty');
  return `${VCHAN_RING_REF} ${gref} and ${VCHAN_EVENT_CHANNEL} ${port}`;
}

export function absolute(path: string, ownDomid: number): string {
  return path.startsWith('/') ? path : `${domainPath(ownDomid)}/${path}`;
}

export function shorten(value: string): string {
  return value.length > 40 ? `${value.slice(0, 39)}…` : value;
}

export async function readIfThere(operations: StoreOperations, path: string): Promise<string | undefined> {
  return (await unlessMissing(operations.read(path)))?.toString('latin1');
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isStoreError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
