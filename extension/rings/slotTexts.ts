/** What the views say of a ring of requests and responses. */
import type { RingSlotsState } from '../../server/rpc/api';
import { bar } from './bar';

/** `12 req/s`; empty when nothing moves. */
function requestRate(perSecond: number): string {
  if (perSecond < 0.5) return '';
  return perSecond < 10_000 ? `${Math.round(perSecond)} req/s` : `${(perSecond / 1_000).toFixed(0)}k req/s`;
}

export function slotsText({ inFlight, slots, insane, isPosted, requestsPerSecond }: RingSlotsState): string {
  if (insane) return 'indices insane';
  const what = isPosted ? 'posted' : 'in flight';
  const parts = [bar(inFlight, slots), `${inFlight} of ${slots} ${what}`, requestRate(requestsPerSecond)];
  return parts.filter((part) => part !== '').join(' ');
}

export function slotsSpoken({
  inFlight,
  slots,
  insane,
  isPosted,
  requestsPerSecond,
}: RingSlotsState): string {
  if (insane) return 'indices that cannot be';
  const moving = requestsPerSecond < 0.5 ? '' : ` at ${Math.round(requestsPerSecond)} requests per second`;
  return `${inFlight} of ${slots} ${isPosted ? 'buffers posted' : 'requests in flight'}${moving}`;
}

const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** What a hover says. */
export function slotsLines(state: RingSlotsState): string[] {
  const { inFlight, slots, insane, reqProd, rspProd } = state;
  const what = insane ? 'indices that cannot be' : `${inFlight} of ${slots} slots in flight`;
  return [`frontend → backend: ${what}, req_prod ${hex(reqProd)}, rsp_prod ${hex(rspProd)}`];
}
