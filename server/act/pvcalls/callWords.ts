/** Commands and what is answered to them, in words. Pure. */
import { pvcallsCommandNames, pvcallsCommands } from '../../wire/pvcalls/commands';
import { pvcallsErrorName, pvcallsErrors } from '../../wire/pvcalls/errno';
import { idText, numberText } from '../../wire/pvcalls/numbersInWords';
import { requestText } from '../../wire/pvcalls/requestWords';
import type { PvCallsRequest, PvCallsResponse } from '../../wire/pvcalls/slots';
import { formOf } from './forms';
import type { ComposerDraft, ComposerEntry, ComposerResponse } from './plan';

/** Whatever can be sent is shorter, but for the spaces in it. */
const maxKeptText = 400;

/** `CONNECT`, `command 9`. */
export function titleOf(request: PvCallsRequest): string {
  return request.cmd === 'unknown' ? `command ${request.number}` : request.cmd.toUpperCase();
}

/** `Connect socket 3 to 127.0.0.1:80`, to begin a sentence with. */
export function askedText(request: PvCallsRequest): string {
  const text = requestText(request);
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

export function responseOf(
  response: PvCallsResponse,
  slot: Uint8Array,
  latencyMs: number | undefined,
): ComposerResponse {
  const { reqId, cmd, ret, id } = response;
  const errorName = pvcallsErrorName(ret);
  return {
    reqId,
    cmd,
    ret,
    id: String(id),
    meaning: meaningOf(ret),
    slot: Buffer.from(slot).toString('hex'),
    ...(errorName !== undefined && { errorName }),
    ...(latencyMs !== undefined && { latencyMs }),
  };
}

/** What `ret` means, in a clause. */
export function meaningOf(ret: number): string {
  if (ret === 0) return 'done';
  const name = pvcallsErrorName(ret);
  if (name !== undefined) return pvcallsErrors[name].text;
  return ret < 0 ? 'an error that has no name' : 'a number above zero, which means nothing here';
}

type Words = Pick<ComposerEntry, 'text' | 'severity'>;

/** The line of a request that is about to go out. */
export function waitingEntry(
  request: PvCallsRequest,
  draft: ComposerDraft,
  slot: Buffer,
  timeMs: number,
): Omit<ComposerEntry, 'number'> {
  return {
    timeMs,
    title: titleOf(request),
    phase: 'waiting',
    text: `${askedText(request)}: waits for a slot of the ring.`,
    severity: 'note',
    request: {
      draft: keptDraft(draft, slot),
      reqId: request.reqId,
      slot: slot.toString('hex'),
      ...(request.cmd !== 'unknown' && { id: String(request.id) }),
    },
  };
}

/** What a person wrote, as far as it says anything: a history is kept, and an editor may send any heap of words. */
function keptDraft(draft: ComposerDraft, slot: Buffer): ComposerDraft {
  if (draft.kind === 'raw')
    return draft.slot.length > maxKeptText ? { kind: 'raw', slot: slot.toString('hex') } : draft;
  const known = new Set(formOf(draft.command)?.fields.map(({ name }) => name));
  const fields = Object.entries(draft.fields)
    .filter(([name]) => known.has(name))
    .map(([name, text]) => [name, text.trim().replace(/\s+/g, ' ').slice(0, maxKeptText)]);
  return { ...draft, fields: Object.fromEntries(fields) as Record<string, string> };
}

/** How a request was answered, with what is odd about it. */
export function answeredWords(request: PvCallsRequest, response: PvCallsResponse): Words {
  const { ret } = response;
  const what = askedText(request);
  const name = pvcallsErrorName(ret);
  const number = name === undefined ? numberText(ret) : `${name}, ${numberText(ret)}`;
  const said =
    ret === 0 ? `${what}: done.` : `${what}: ${meaningOf(ret)} (${number}).${hintOf(request, name)}`;
  const odd = oddities(request, response);
  if (odd.length > 0) return { text: [said, ...odd].join(' '), severity: 'error' };
  return { text: said, severity: ret === 0 ? 'fine' : ret > 0 ? 'error' : 'warning' };
}

/** What an errno means of this call alone. */
function hintOf({ cmd }: PvCallsRequest, name: string | undefined): string {
  if (name !== 'EACCES' || (cmd !== 'connect' && cmd !== 'bind')) return '';
  return ' Xenscope’s own backend answers so where its allow-list does not name the address; what to do stands in its findings.';
}

function oddities(request: PvCallsRequest, { cmd, id, ret }: PvCallsResponse): string[] {
  const asked = request.cmd === 'unknown' ? request.number : pvcallsCommands[request.cmd];
  const odd = cmd === asked ? [] : [`The response says ${commandText(cmd)}, which was not asked.`];
  // Backends that refuse a call may leave the number as it was.
  if (request.cmd !== 'unknown' && ret === 0 && id !== request.id) {
    odd.push(`The response names socket ${idText(id)} instead of ${idText(request.id)}.`);
  }
  return odd;
}

export function unaskedWords({ reqId, cmd, id, ret }: PvCallsResponse): Words {
  return {
    text: `A response to request ${reqId}, which was not asked: ${commandText(cmd)} of socket ${idText(id)}, ret ${numberText(ret)}.`,
    severity: 'error',
  };
}

function commandText(number: number): string {
  return pvcallsCommandNames[number]?.toUpperCase() ?? `command ${number}`;
}
