/**
 * The generic request/response ring of xen/include/public/io/ring.h: a header of 64 bytes and slots
 * that hold a request, then its response. The consumer indices are private to each side and are not
 * in the page, so an observer knows what is in flight, and not always how much of it was looked at.
 */
import { indexDistance } from './ringIndex';
import { layout } from './layout';

export const GENERIC_RING = layout('sring', 'xen/include/public/io/ring.h', 64, {
  req_prod: [0, 4, 'How many requests the frontend has published.'],
  req_event: [4, 4, 'The backend asks to be told when req_prod reaches this.'],
  rsp_prod: [8, 4, 'How many responses the backend has published.'],
  rsp_event: [12, 4, 'The frontend asks to be told when rsp_prod reaches this.'],
});

/** The number of slots: the largest power of two that fits behind the header. */
export function genericRingSlots(ringBytes: number, slotBytes: number): number {
  const fitting = Math.floor((ringBytes - GENERIC_RING.sizeBytes) / slotBytes);
  return fitting < 1 ? 0 : 2 ** Math.floor(Math.log2(fitting));
}

/** Where slot `index` begins in the ring. */
export function genericRingSlotOffset(index: number, slotBytes: number, slots: number): number {
  return GENERIC_RING.sizeBytes + (index & (slots - 1)) * slotBytes;
}

export interface GenericRingWords {
  readonly reqProd: number;
  readonly reqEvent: number;
  readonly rspProd: number;
  readonly rspEvent: number;
}

export type GenericRingOccupancy =
  | {
      readonly kind: 'sane';
      /** Requests published and not yet answered. */
      readonly inFlight: number;
      /** The backend has seen all requests and asked to be told of the next. */
      readonly backendIdle: boolean;
      /** The frontend has seen all responses and asked to be told of the next. */
      readonly frontendIdle: boolean;
    }
  /** More requests without response than there are slots: a side has gone wrong. */
  | { readonly kind: 'insane'; readonly distance: number };

/** What the four shared words say. The private consumer indices cannot be known from outside. */
export function genericRingOccupancy(words: GenericRingWords, slots: number): GenericRingOccupancy {
  const inFlight = indexDistance(words.reqProd, words.rspProd);
  if (inFlight > slots) return { kind: 'insane', distance: inFlight };
  return {
    kind: 'sane',
    inFlight,
    backendIdle: words.reqEvent === (words.reqProd + 1) >>> 0,
    frontendIdle: words.rspEvent === (words.rspProd + 1) >>> 0,
  };
}
