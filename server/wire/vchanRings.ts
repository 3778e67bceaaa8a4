/**
 * How long the two rings of a vchan are and where they lie: an order of 10 or 11 is a ring of 1 or 2 KiB
 * within the control page, one from 12 to 20 a ring in pages of its own, whose grants stand in the control
 * page behind the words (xen/include/public/io/libxenvchan.h, and libxenvchan's init.c for the choice).
 */

/** Behind the words: a grant reference u32 for each page of the left ring, then of the right one. */
export const VCHAN_GRANTS_OFFSET = 24;
const pageBytes = 4096;

export const VCHAN_RING_BYTES_MAX = 2 ** 20;

/** Bits of `cli_notify` and `srv_notify`: what that side is asked to ring for. */
export const VchanNotify = { WRITE: 1, READ: 2 } as const;

/** Values of `cli_live`; of `srv_live` the first two. */
export const VchanLive = { GONE: 0, HERE: 1, NEVER: 2 } as const;

const smallOrder = 10;
const largeOrder = 11;
const pageOrder = 12;
const maxOrder = 20;

export interface VchanOrders {
  /** To the server. */
  readonly left: number;
  /** To the client. */
  readonly right: number;
}

/** The orders that libxenvchan's server takes for rings of at least so many bytes; undefined beyond 1 MiB. */
export function chooseVchanOrders(leftBytes: number, rightBytes: number): VchanOrders | undefined {
  const small = 2 ** smallOrder;
  const large = 2 ** largeOrder;
  if (leftBytes > VCHAN_RING_BYTES_MAX || rightBytes > VCHAN_RING_BYTES_MAX) return undefined;
  if (leftBytes <= small && rightBytes <= large) return { left: smallOrder, right: largeOrder };
  if (leftBytes <= large && rightBytes <= small) return { left: largeOrder, right: smallOrder };
  if (leftBytes <= large) return { left: largeOrder, right: orderOfPages(rightBytes) };
  if (rightBytes <= large) return { left: orderOfPages(leftBytes), right: largeOrder };
  return { left: orderOfPages(leftBytes), right: orderOfPages(rightBytes) };
}

function orderOfPages(bytes: number): number {
  let order = pageOrder;
  while (2 ** order < bytes) order++;
  return order;
}

/** Where a ring of this order begins in the control page; undefined where it has pages of its own. */
export function vchanRingOffset(order: number): number | undefined {
  if (order === smallOrder) return 1024;
  return order === largeOrder ? 2048 : undefined;
}

/** How many pages of its own a ring of this order has. */
export function vchanRingPages(order: number): number {
  return order < pageOrder ? 0 : 2 ** (order - pageOrder);
}

/** What is wrong with the orders of a control page, in one clause; undefined when both rings can be there. */
export function vchanOrdersProblem({ left, right }: VchanOrders): string | undefined {
  for (const [name, order] of [
    ['left', left],
    ['right', right],
  ] as const) {
    if (!Number.isInteger(order) || order < smallOrder || order > maxOrder) {
      return `${name}_order is ${order}, and rings have an order from ${smallOrder} to ${maxOrder}`;
    }
  }
  if (left === right && left < pageOrder) {
    return `both orders are ${left}, and the two rings would lie in the same place`;
  }
  const firstRing = Math.min(...[left, right].map((order) => vchanRingOffset(order) ?? pageBytes));
  const grants = vchanRingPages(left) + vchanRingPages(right);
  if (VCHAN_GRANTS_OFFSET + 4 * grants > firstRing) {
    return `the orders are ${left} and ${right}, and ${grants} grants would run into the ring at ${firstRing}`;
  }
  return undefined;
}
