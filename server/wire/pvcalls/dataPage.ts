/**
 * The page of indices of one socket, and what it says of the pages of its two data rings. There are two
 * editions: the one that every implementation has, and a draft (version 7, of 2016) that differs in where the
 * order and the grants stand. What lies before them is the same.
 */
import { FLEX_RING_INDEXES, FLEX_RING_ORDER_MAX, FLEX_RING_REFS_OFFSET, flexRingBytes } from '../flexRing';
import { layout } from '../layout';
import type { Layout } from '../layout';

const { in_cons, in_prod, in_error, out_cons, out_prod, out_error } = FLEX_RING_INDEXES.fields;

/** No header has this one any more: the document of the draft alone. */
const DRAFT_INDEXES = layout('pvcalls_ring_intf', 'PV Calls protocol, draft 7', 4096, {
  in_cons: [in_cons.offsetBytes, 4, in_cons.meaning],
  in_prod: [in_prod.offsetBytes, 4, in_prod.meaning],
  in_error: [in_error.offsetBytes, 4, in_error.meaning],
  out_cons: [out_cons.offsetBytes, 4, out_cons.meaning],
  out_prod: [out_prod.offsetBytes, 4, out_prod.meaning],
  out_error: [out_error.offsetBytes, 4, out_error.meaning],
  ring_order: [76, 4, FLEX_RING_INDEXES.fields.ring_order.meaning],
});

export interface PvCallsEdition {
  readonly name: 'final' | 'draft7';
  readonly indexes: Layout<keyof typeof FLEX_RING_INDEXES.fields>;
  /** Where the grants of the data pages begin. */
  readonly refsOffset: number;
  /** With order 0 both rings share one page. */
  readonly minOrder: number;
}

export const pvcallsEditions = {
  final: {
    name: 'final',
    indexes: FLEX_RING_INDEXES,
    refsOffset: FLEX_RING_REFS_OFFSET,
    minOrder: 1,
  },
  draft7: { name: 'draft7', indexes: DRAFT_INDEXES, refsOffset: 80, minOrder: 0 },
} as const satisfies Record<string, PvCallsEdition>;

/** The largest whose grants fit behind the indices, in either edition. */
export const PVCALLS_MAX_ORDER = FLEX_RING_ORDER_MAX;

/** Bytes of each of the two rings. */
export const pvcallsRingBytes = flexRingBytes;

/** The order of rings that are so long. */
export function pvcallsOrder(ringBytes: number): number {
  return Math.log2(ringBytes / flexRingBytes(0));
}

export type ReadDataPage =
  | { readonly kind: 'rings'; readonly order: number; readonly refs: readonly number[] }
  | { readonly kind: 'bad'; readonly why: string };

/**
 * Which pages a frontend has put on the page. `load32` reads a word of it; each word is read once, and no
 * grant before the order is known to be one of those that may be.
 */
export function readPvCallsDataPage(
  load32: (offset: number) => number,
  maxOrder: number,
  edition: PvCallsEdition = pvcallsEditions.final,
): ReadDataPage {
  const order = load32(edition.indexes.fields.ring_order.offsetBytes);
  const most = Math.min(maxOrder, PVCALLS_MAX_ORDER);
  if (order < edition.minOrder || order > most) {
    return { kind: 'bad', why: `ring_order is ${order}, and ${edition.minOrder} to ${most} are served` };
  }
  const refs = Array.from({ length: 2 ** order }, (_, page) => load32(edition.refsOffset + 4 * page));
  return { kind: 'rings', order, refs };
}

export interface FoundEdition {
  readonly edition: PvCallsEdition;
  readonly order: number;
  readonly refs: readonly number[];
}

/**
 * Which edition a page follows that somebody else made: the first one whose order may be, and whose grants are all
 * there and different. In a page of the draft a grant lies where the final one has its order, and nothing behind.
 */
export function findPvCallsEdition(load32: (offset: number) => number): FoundEdition | undefined {
  for (const edition of Object.values(pvcallsEditions)) {
    const page = readPvCallsDataPage(load32, PVCALLS_MAX_ORDER, edition);
    if (page.kind === 'bad' || page.refs.includes(0)) continue;
    if (new Set(page.refs).size === page.refs.length) return { edition, order: page.order, refs: page.refs };
  }
  return undefined;
}

/** The other way round, for the frontend. */
export function writePvCallsDataPage(
  store32: (offset: number, value: number) => void,
  order: number,
  refs: readonly number[],
  edition: PvCallsEdition = pvcallsEditions.final,
): void {
  store32(edition.indexes.fields.ring_order.offsetBytes, order);
  for (const [page, ref] of refs.entries()) store32(edition.refsOffset + 4 * page, ref);
}
