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
  | {
      readonly kind: 'insane';
      readonly distance: number;
      /** So many responses more than there were requests; absent where it is the requests that run ahead. */
      readonly responsesAhead?: number;
    };

/** What the four shared words say. The private consumer indices cannot be known from outside. */
export function genericRingOccupancy(words: GenericRingWords, slots: number): GenericRingOccupancy {
  const inFlight = indexDistance(words.reqProd, words.rspProd);
  if (inFlight > slots) {
    const ahead = indexDistance(words.rspProd, words.reqProd);
    return { kind: 'insane', distance: inFlight, ...(ahead < inFlight && { responsesAhead: ahead }) };
  }
  return {
    kind: 'sane',
    inFlight,
    backendIdle: words.reqEvent === (words.reqProd + 1) >>> 0,
    frontendIdle: words.rspEvent === (words.rspProd + 1) >>> 0,
  };
}

/**
 * Requests that a backend may take: what was published, but never more than the slots whose
 * responses the frontend has room for (RING_HAS_UNCONSUMED_REQUESTS). `reqCons` and `rspProd` are
 * the backend's own.
 */
export function unconsumedRequests(reqProd: number, reqCons: number, rspProd: number, slots: number): number {
  const published = indexDistance(reqProd, reqCons);
  const roomForResponses = Math.max(slots - indexDistance(reqCons, rspProd), 0);
  return Math.min(published, roomForResponses);
}

/** Whether a frontend claims more requests than there are slots; a backend then stops for good (RING_REQUEST_PROD_OVERFLOW). */
export function requestsOverflow(reqProd: number, rspProd: number, slots: number): boolean {
  return indexDistance(reqProd, rspProd) > slots;
}

/** Whether a backend claims more responses than were asked for (RING_RESPONSE_PROD_OVERFLOW). */
export function responsesOverflow(rspProd: number, rspCons: number, slots: number): boolean {
  return indexDistance(rspProd, rspCons) > slots;
}

/**
 * Before a consumer sleeps: it asks to be told of the very next entry, then looks once more, because
 * the entry may have come in between (RING_FINAL_CHECK_FOR_*). `setEvent` writes the event word with
 * a full barrier behind it; `readProd` reads the producer index anew. True: there is work after all.
 */
export function finalCheck(cons: number, readProd: () => number, setEvent: (event: number) => void): boolean {
  if (readProd() !== cons) return true;
  setEvent((cons + 1) >>> 0);
  return readProd() !== cons;
}
