/** What may be sent, and what a backend should refuse: said beside the field, and never in the way. Pure. */
import { parsePvCallsAddress } from '../../wire/pvcalls/address';
import type { PvCallsRequest } from '../../wire/pvcalls/slots';
import type { Prepared } from './draft';
import type { ComposerCheck, ComposerDraft } from './plan';
import { type SocketTable, mayFollow } from './socketTable';

/** What a request may do to a backend that is not careful, in a sentence; undefined where it is none of those. */
export function dangerOf({ request, rings }: Pick<Prepared, 'request' | 'rings'>): string | undefined {
  if (request.cmd !== 'connect' && request.cmd !== 'accept') return undefined;
  const isTrue =
    rings !== undefined &&
    rings.ref === undefined &&
    rings.evtchn === undefined &&
    rings.ringOrder === undefined;
  return isTrue
    ? undefined
    : 'Data rings that cannot be mapped are a fault in the kernel of a backend that is Linux’s pvcalls-back, and may bring its whole domain down.';
}

export function warningsOf(
  request: PvCallsRequest,
  draft: ComposerDraft,
  sockets: SocketTable | undefined,
): ComposerCheck['warnings'] {
  const field = (name: string) => (draft.kind === 'raw' ? 'slot' : name);
  if (request.cmd === 'unknown') {
    const text = `No command has the number ${request.number}: a backend answers ENOTSUP.`;
    return [{ field: 'slot', text }];
  }
  const warnings: { field: string; text: string }[] = [];
  const socket = sockets?.get(request.id);
  if (request.cmd === 'socket') {
    if (socket) warnings.push({ field: field('id'), text: `Socket ${request.id} is in use already.` });
  } else if (!socket && request.cmd !== 'connect') {
    warnings.push({ field: field('id'), text: `No socket ${request.id} is known here.` });
  } else if (socket && !mayFollow[socket.phase].includes(request.cmd)) {
    warnings.push({ field: field('id'), text: `Socket ${request.id} is ${socket.text}.` });
  }
  if (request.cmd === 'accept' && sockets?.get(request.newId)) {
    warnings.push({ field: field('newId'), text: `Socket ${request.newId} is in use already.` });
  }
  if (request.cmd === 'connect' || request.cmd === 'bind') {
    const parsed = parsePvCallsAddress(request.address, request.addressLengthBytes);
    if (parsed.kind === 'bad') warnings.push({ field: field('address'), text: `It has ${parsed.why}.` });
  }
  return warnings;
}
