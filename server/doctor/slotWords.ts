/** How verdicts speak of rings of requests and responses. */
import type { RingHistory } from '../model/rings/ringHistory';
import type { SlotHistory } from '../model/rings/slotHistory';
import { grouped, hex } from './words';

/** The pair and what it means. */
export function slotPairLine({ reqProd, rspProd, inFlight, layout }: SlotHistory): string {
  return `req_prod is ${hex(reqProd)} and rsp_prod ${hex(rspProd)}: ${grouped(inFlight)} of ${grouped(layout.slots)} slots are in flight.`;
}

/** What the backend's request to be told says of it. */
export function backendLine({ isBackendIdle, reqEvent, reqProd }: SlotHistory): string {
  if (isBackendIdle) {
    return `req_event is ${hex(reqEvent)}: the backend has taken all requests and asks to be told of the next.`;
  }
  return hasPassed(reqEvent, reqProd)
    ? `req_event is ${hex(reqEvent)}, which req_prod has passed: the backend was to be told then, and has not asked anew.`
    : `req_event is ${hex(reqEvent)}: the backend asks to be told when req_prod comes there.`;
}

/** What the frontend's request to be told says of it. */
export function frontendLine({ isFrontendIdle, rspEvent, rspProd }: SlotHistory): string {
  if (isFrontendIdle) {
    return `rsp_event is ${hex(rspEvent)}: the frontend has taken all responses and asks to be told of the next.`;
  }
  return hasPassed(rspEvent, rspProd)
    ? `rsp_event is ${hex(rspEvent)}, which rsp_prod has passed: the frontend was to be told then, and has not asked anew.`
    : `rsp_event is ${hex(rspEvent)}: the frontend asks to be told when rsp_prod comes there.`;
}

/** What can be said of the doorbell of the backend. */
export function backendDoorbellLine({ inside }: RingHistory): string {
  if (!inside) return 'Whether it was notified cannot be seen from outside on this host.';
  if (inside.pendingToServer) return 'A notification is pending: the backend was rung at and has not looked.';
  if (inside.toldServer === undefined)
    return 'Nobody is bound to the event channel on the side of the backend.';
  return `No notification is pending; the backend has been told ${inside.toldServer} times so far.`;
}

/** Whether the other side has published up to the index at which a side wants to be told. */
function hasPassed(event: number, prod: number): boolean {
  return ((prod - event) | 0) >= 0;
}
