/**
 * The pair of byte rings that PV Calls and 9pfs use for data (XEN_FLEX_RING of
 * xen/include/public/io/ring.h). An indexes page holds both pairs of indices and the grants of the
 * data pages; the first half of the data is `in` (to the frontend), the second `out`.
 */
import { layout } from './layout';

export const FLEX_RING_INDEXES = layout('xen_flex_data_intf', 'xen/include/public/io/ring.h', 4096, {
  in_cons: [0, 4, 'How far the frontend has read.'],
  in_prod: [4, 4, 'How far the backend has written.'],
  in_error: [8, 4, 'Why nothing more will come in: 0 or a negative errno.'],
  out_cons: [64, 4, 'How far the backend has read.'],
  out_prod: [68, 4, 'How far the frontend has written.'],
  out_error: [72, 4, 'Why nothing more can go out: 0 or a negative errno.'],
  ring_order: [128, 4, 'Log2 of the number of data pages.'],
});

/** The same page where nobody tells errors through it: 9pfs leaves those words unused. */
export const NINEPFS_INDEXES = layout('xen_9pfs_data_intf', 'xen/include/public/io/9pfs.h', 4096, {
  in_cons: [0, 4, 'How far the frontend has read.'],
  in_prod: [4, 4, 'How far the backend has written.'],
  out_cons: [64, 4, 'How far the backend has read.'],
  out_prod: [68, 4, 'How far the frontend has written.'],
  ring_order: [128, 4, 'Log2 of the number of data pages.'],
});

/** Where the grants of the data pages begin: 1 << ring_order numbers of 32 bits. */
export const FLEX_RING_REFS_OFFSET = 132;
export const FLEX_RING_ORDER_MAX = 9;

/** Bytes of each direction for a ring order: half of the data pages. */
export function flexRingBytes(order: number): number {
  return 2 ** (order + 11);
}

/**
 * The grants of the data pages, those of `in` first; undefined while the order is none that can be, or a page is
 * not named, or named twice. `load32` reads a word of the indexes page.
 */
export function flexRingRefs(load32: (offset: number) => number): readonly number[] | undefined {
  const order = load32(NINEPFS_INDEXES.fields.ring_order.offsetBytes);
  if (order > FLEX_RING_ORDER_MAX) return undefined;
  const refs = Array.from({ length: 2 ** order }, (_, page) => load32(FLEX_RING_REFS_OFFSET + 4 * page));
  return refs.includes(0) || new Set(refs).size < refs.length ? undefined : refs;
}
