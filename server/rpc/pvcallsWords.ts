/** How numbers of PV Calls are read, wherever an editor shows them. Pure. Joined to the rest in api.ts. */
import type { PvCallsErrno } from '../model/pvcalls/pvcallsTypes';
import { idText as idTextOf, numberText } from '../wire/pvcalls/numbersInWords';

export { numberText };

/** Of a socket. Kernels take addresses of their own for ids: those are read as hexadecimal. */
export function idText(id: string): string {
  return idTextOf(BigInt(id));
}

/** `ECONNREFUSED`, or the number where that has no name. */
export function errnoText({ name, ret }: PvCallsErrno): string {
  return name ?? `error ${numberText(ret)}`;
}

/** `ECONNREFUSED (−111): nobody listens there.` */
export function errnoSentence({ name, ret, meaning }: PvCallsErrno): string {
  const number = numberText(ret);
  const what = name === undefined ? `Error ${number}` : `${name} (${number})`;
  return meaning === undefined ? `${what}.` : `${what}: ${meaning}.`;
}

/** In `in`, ENOTCONN says that the other side is done and every byte of it was handed over. */
export function isOrderlyEnd(name: 'in' | 'out', error: PvCallsErrno): boolean {
  return name === 'in' && error.name === 'ENOTCONN';
}
