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
  return eventLine({ who: 'backend', takes: 'requests', word: 'req' }, isBackendIdle, reqEvent, reqProd);
}

/** What the frontend's request to be told says of it. */
export function frontendLine({ isFrontendIdle, rspEvent, rspProd }: SlotHistory): string {
  return eventLine({ who: 'frontend', takes: 'responses', word: 'rsp' }, isFrontendIdle, rspEvent, rspProd);
}

interface Taker {
  readonly who: 'backend' | 'frontend';
  readonly takes: 'requests' | 'responses';
  readonly word: 'req' | 'rsp';
}

function eventLine({ who, takes, word }: Taker, isIdle: boolean, event: number, prod: number): string {
  const asked = `${word}_event is ${hex(event)}`;
  if (isIdle) return `${asked}: the ${who} has taken all ${takes} and asks to be told of the next.`;
  return hasPassed(event, prod)
    ? `${asked}, which ${word}_prod has passed: the ${who} was to be told then, and has not asked anew.`
    : `${asked}: the ${who} asks to be told when ${word}_prod comes there.`;
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
