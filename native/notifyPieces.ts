/**
 * Xen's libraries can ask for a notification at unmap for one page at a time. So pages of which one is
 * to notify are mapped in up to three pieces, and put together as one memory.
 */
import type { UnmapNotify } from '../server/host/grants';
import { PAGE_BYTES } from '../server/host/pages';

/** As the libraries take it: 2^32 - 1 means none. */
export interface PageNotify {
  /** A byte of the page. */
  readonly offset: number;
  readonly port: number;
}

/** Pages `first` to `first + count - 1`, which are mapped by one call. */
export interface Piece {
  readonly first: number;
  readonly count: number;
  readonly notify: PageNotify;
}

const none = 0xffffffff;
export const noNotify: PageNotify = { offset: none, port: none };

export function piecesOf(pages: number, notify: UnmapNotify | undefined): Piece[] {
  const { clearByteOffset: offset, signalPort: port } = notify ?? {};
  if (offset === undefined && port === undefined) return [{ first: 0, count: pages, notify: noNotify }];
  const page = Math.floor((offset ?? 0) / PAGE_BYTES);
  const notifying = { offset: offset === undefined ? none : offset % PAGE_BYTES, port: port ?? none };
  return [
    { first: 0, count: page, notify: noNotify },
    { first: page, count: 1, notify: notifying },
    { first: page + 1, count: pages - page - 1, notify: noNotify },
  ].filter(({ count }) => count > 0);
}
