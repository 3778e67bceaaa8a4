/** Calls, rules and decisions in words. */
import type { CallAsked, CallDecision, CallField, PretendedPeer } from '../../host/callInterceptor';
import { idText } from '../../wire/pvcalls/numbersInWords';
import type { PvCallsRequest } from '../../wire/pvcalls/slots';
import { decodeSlot } from '../../wire/slotRings/decodeSlot';
import { PVCALLS_RING } from '../../wire/slotRings/pvcallsCommands';
import { retText } from './rules';
import type { CallRule } from './rules';

/** A whole sentence about a rule. */
export function ruleText({ match, decision, delayMs, times }: CallRule): string {
  const { commands, ports, network, id, domid } = match;
  const what = commands ? listed(commands.map((command) => command.toUpperCase())) : 'Any call';
  const where = [
    id === undefined ? '' : ` at socket ${idText(id)}`,
    network ? ` to ${networkText(network)}` : '',
    ports ? ` port ${ports.first === ports.last ? ports.first : `${ports.first} to ${ports.last}`}` : '',
    domid === undefined ? '' : ` of domain ${domid}`,
  ].join('');
  const often = times === undefined ? '' : times === 1 ? ', the first time' : `, the first ${times} times`;
  const outcome = decision.kind === 'hold' ? 'is held for you' : decisionText(decision);
  return `${what}${where} ${outcome}${delayText(delayMs)}${often}.`;
}

/** A clause: `passes`, `is answered −111 ECONNREFUSED (nobody listens there)`. */
export function decisionText(decision: CallDecision): string {
  switch (decision.kind) {
    case 'pass':
      return 'passes';
    case 'refuse':
      return `is answered ${retText(decision.ret)}`;
    case 'pretend':
      return `is answered 0 and not done; ${peerText(decision.peer)}`;
    case 'never':
      return 'is never answered';
  }
}

function peerText(peer: PretendedPeer): string {
  return peer === 'echo'
    ? 'a socket that it connects gets back what is written'
    : 'a socket that it connects takes what is written and gives nothing';
}

export function delayText(delayMs: number): string {
  if (delayMs === 0) return '';
  return delayMs % 1000 === 0 ? ` after ${delayMs / 1000} s` : ` after ${delayMs} ms`;
}

export function commandOf(request: PvCallsRequest): string {
  return request.cmd === 'unknown' ? `command ${request.number}` : request.cmd;
}

/** Every field of the slot, by the names of the header. */
export function fieldsOf(slot: Uint8Array): CallField[] {
  const { layout, values } = decodeSlot(PVCALLS_RING.requests, slot);
  return values.map(({ name, value, says }) => ({
    name,
    text: says === undefined ? value : `${value} (${says})`,
    meaning: layout.fields.find((field) => field.name === name)?.meaning ?? '',
  }));
}

/** For a record of what somebody did: `connect socket 7 to 10.0.0.1:80 of domain 3`. */
export function callText({ text, domid }: CallAsked): string {
  return `${text}, of domain ${domid}`;
}

function networkText({ bits, length }: { readonly bits: number; readonly length: number }): string {
  const host = [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
  return length === 32 ? host : `${host}/${length}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
