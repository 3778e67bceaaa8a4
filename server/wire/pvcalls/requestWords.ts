/** What a request of PV Calls asks for, in words that are the same wherever a call is told of. Pure. */
import { type Ipv4Address, addressText, parsePvCallsAddress } from './address';
import { idText } from './numbersInWords';
import type { PvCallsRequest } from './slots';

/** `connect socket 7 to 10.0.0.1:80`; `bound` is what its socket is bound to, where that is known. */
export function requestText(request: PvCallsRequest, bound?: Ipv4Address): string {
  if (request.cmd === 'unknown') return `command ${request.number}, which there is not`;
  const at = bound ? ` at ${addressText(bound)}` : '';
  const socket = `socket ${idText(request.id)}`;
  switch (request.cmd) {
    case 'socket':
      return `open ${socket}`;
    case 'connect':
      return `connect ${socket} to ${addressIn(request)}`;
    case 'release':
      return `release ${socket}${request.reuse ? ', and keep its pages' : ''}`;
    case 'bind':
      return `bind ${socket} to ${addressIn(request)}`;
    case 'listen':
      return `listen at ${socket}${at}, backlog ${request.backlog}`;
    case 'accept':
      return `accept at ${socket}${at} as socket ${idText(request.newId)}`;
    case 'poll':
      return `poll ${socket}${at}`;
  }
}

/** An address as it is sent; one that cannot be says what it is. */
export function addressIn({
  address,
  addressLengthBytes,
}: {
  readonly address: Uint8Array;
  readonly addressLengthBytes: number;
}): string {
  const parsed = parsePvCallsAddress(address, addressLengthBytes);
  return parsed.kind === 'ipv4' ? addressText(parsed.address) : parsed.why;
}
