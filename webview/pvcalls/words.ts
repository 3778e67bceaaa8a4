/** PV Calls in words, for the panel of a device and for a screen reader. Times are of the host. */
import type {
  PvCallsCallRow,
  PvCallsDeviceState,
  PvCallsDirection,
  PvCallsErrno,
  PvCallsKnowledge,
  PvCallsSocketRow,
} from '../../server/rpc/api';
import {
  errnoSentence,
  errnoText,
  idText as knownIdText,
  isOrderlyEnd,
  numberText,
} from '../../server/rpc/api';
import { ageText } from '../devices/words';
import { grouped, percent, rateText } from '../rings/numbers';

/** Further ones are counted. */
const maxKeptNames = 8;

export type FlowName = 'in' | 'out';

const ways: Readonly<Record<FlowName, string>> = {
  in: 'from the network to the guest',
  out: 'from the guest to the network',
};

/** A dash where nobody said it. */
export function idText(id: string | undefined): string {
  return id === undefined ? '–' : knownIdText(id);
}

export function idHover(
  { id, known }: PvCallsSocketRow,
  how: Readonly<Record<PvCallsKnowledge, string>>,
): string {
  const number =
    id === undefined
      ? 'Only its data rings were found: nobody said its id.'
      : `The frontend’s number for this socket: ${id}, 0x${BigInt(id).toString(16)}.`;
  return `${number} ${how[known]}`;
}

/** Of a direction: how full, as a person reads it. */
export function fillText({ usedBytes, sizeBytes, insane }: PvCallsDirection): string {
  return insane ? 'insane' : `${percent(usedBytes, sizeBytes)} %`;
}

export function waitsSentence(name: FlowName, { usedBytes, sizeBytes, insane }: PvCallsDirection): string {
  const waits = insane
    ? 'its indices are further apart than the ring is long'
    : `${grouped(usedBytes)} of ${grouped(sizeBytes)} bytes wait`;
  return `${name}, ${ways[name]}: ${waits}.`;
}

/** The same, with how the direction ended. */
export function fillHover(name: FlowName, direction: PvCallsDirection): string {
  const { error } = direction;
  const waits = waitsSentence(name, direction);
  return error ? `${waits} ${endSentence(name, error)}` : waits;
}

/** How a direction ended. */
export function endSentence(name: FlowName, error: PvCallsErrno): string {
  return isOrderlyEnd(name, error)
    ? `${name} has ended in order (${errnoText(error)}, ${numberText(error.ret)}): the other side is done, and all that it said was handed over.`
    : `${name} has ended: ${errnoSentence(error)}`;
}

/** `1.2 kB/s · 34 kB`; nothing where nothing ever passed. */
export function passedText({ perSecond, bytes }: PvCallsDirection): string {
  const rate = perSecond >= 0.5 ? rateText(perSecond) : '';
  return [rate, bytes > 0 ? bytesText(bytes) : ''].filter(Boolean).join(' · ');
}

export function passedHover(name: FlowName, { perSecond, bytes }: PvCallsDirection): string {
  const passed = bytes > 0 ? `at least ${grouped(bytes)} bytes` : 'nothing seen to pass';
  return `${name}, ${ways[name]}: ${rateText(perSecond)} now; ${passed} since Xenscope began to look.`;
}

/** `812 B`, `1.2 kB`, `34 MB`. */
export function bytesText(bytes: number): string {
  return rateText(bytes).replace(/\/s$/, '');
}

/** What waits for its response, and for how long; the oldest first. */
export function outstandingText({ outstanding }: PvCallsSocketRow, nowMs: number): string {
  return outstanding.map(({ cmd, sinceMs }) => `${cmd} ${ageText(nowMs - sinceMs)}`).join(', ');
}

/**
 * The short form of what is wrong with a socket: errors of its directions, of the last call that failed, and what the
 * doctor says. A note of the doctor hides no error.
 */
export function troubleText(row: PvCallsSocketRow): string {
  const { failure, diagnosis } = row;
  const isNote = diagnosis?.severity === 'note';
  if (diagnosis && diagnosis.severity !== 'fine' && !isNote) return diagnosis.text;
  const ends = (['in', 'out'] as const).flatMap((name) => {
    const error = row[name]?.error;
    if (!error) return [];
    return [isOrderlyEnd(name, error) ? `${name} ended` : `${name} ${errnoText(error)}`];
  });
  const failed = failure ? [`${errnoText(failure.error)} at ${failure.cmd}`] : [];
  return [...failed, ...ends, ...(isNote ? [diagnosis.text] : [])].join(', ');
}

/** The same in full sentences. */
export function troubleSentences(row: PvCallsSocketRow): readonly string[] {
  const { failure, diagnosis } = row;
  const said =
    diagnosis && diagnosis.severity !== 'fine'
      ? [`${sentence(diagnosis.text)}`, ...diagnosis.evidence.map(sentence)]
      : [];
  const failed = failure ? [`${failure.cmd} was answered ${errnoSentence(failure.error)}`] : [];
  const ends = (['in', 'out'] as const).flatMap((name) => {
    const error = row[name]?.error;
    return error ? [endSentence(name, error)] : [];
  });
  return [...said, ...failed, ...ends];
}

/** A name of the C header at its beginning stays as it is. */
function sentence(text: string): string {
  const begun = /^\w*_/.test(text) ? text : `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** `6 sockets: 4 connected, 1 listening. 2 commands in flight, 3.4 calls/s. in 1.2 kB/s, out 300 B/s.` */
export function countsText({ row, socketsLeftOut }: PvCallsDeviceState): string {
  const { all, connected, listening, failed } = row.sockets;
  const kinds = [
    [connected, 'connected'],
    [listening, 'listening'],
    [failed, 'failed'],
  ] as const;
  const told = kinds.filter(([count]) => count > 0).map(([count, word]) => `${grouped(count)} ${word}`);
  const sockets =
    all === 0 ? 'No sockets' : `${count(all, 'socket')}${told.length > 0 ? `: ${told.join(', ')}` : ''}`;
  const more =
    socketsLeftOut > 0
      ? [`${count(socketsLeftOut, 'further socket')} not followed: there are too many.`]
      : [];
  const calls = `${count(row.inFlight, 'command')} in flight, ${row.callsPerSecond.toFixed(1)} calls/s.`;
  return [
    `${sockets}.`,
    ...more,
    calls,
    `In ${rateText(row.inPerSecond)}, out ${rateText(row.outPerSecond)}.`,
  ].join(' ');
}

function count(number: number, one: string): string {
  return `${grouped(number)} ${number === 1 ? one : `${one}s`}`;
}

/** Pages that will be used again; empty where there are none. */
export function keptText({ kept }: PvCallsDeviceState): string {
  if (kept.length === 0) return '';
  const named = kept.slice(0, maxKeptNames).map(({ ref }) => String(ref));
  const more = kept.length > named.length ? ` and ${grouped(kept.length - named.length)} more` : '';
  const what =
    kept.length === 1
      ? 'Data rings kept for a later socket, at grant'
      : 'Data rings kept for later sockets, at grants';
  return `${what} ${named.join(', ')}${more}.`;
}

/** In place of the table; `isSeen`: what is shown is of now. */
export function whyNoSockets({ row }: PvCallsDeviceState, isSeen: boolean): string {
  if (!isSeen) return 'No socket was there when the device was seen last: they go with their guest.';
  if (row.unseen !== undefined) return 'Its sockets cannot be seen: the reason stands above.';
  if (row.ring !== undefined) {
    return 'The guest has no socket now, or none that was seen: one is known from the first command that names it.';
  }
  return 'The device is not connected: there are no sockets without a command ring. It goes on by itself when both ends are Connected.';
}

/** Beside a table of `known` commands in flight: `unseen` further ones, or that there are none. */
export function inFlightText(known: number, unseen: number): string {
  if (unseen === 0) return known === 0 ? 'No command waits for its response.' : '';
  const further = `${count(unseen, known === 0 ? 'command' : 'further command')}`;
  const [waits, request] = unseen === 1 ? ['waits', 'its request'] : ['wait', 'their requests'];
  return `By the indices ${further} ${waits}, and ${request} cannot be read any more: the slot holds the response to another one.`;
}

/** How much nobody saw; empty where all was. */
export function unseenText({ unseen }: PvCallsDeviceState): string {
  const { requests, responses, answersOnly, resets, tornLooks, lookIntervalMs } = unseen;
  const missed = [
    requests > 0 ? count(requests, 'request') : '',
    responses > 0 ? count(responses, 'response') : '',
    answersOnly > 0 ? `${grouped(answersOnly)} requests of which the response was seen` : '',
  ].filter(Boolean);
  const said: string[] = [];
  if (missed.length > 0) said.push(`Passed unseen since Xenscope began to look: ${missed.join(', ')}.`);
  if (resets > 0) said.push(`The indices of the command ring were set anew ${count(resets, 'time')}.`);
  if (tornLooks > 0) said.push(`${count(tornLooks, 'look')} caught the indices in motion.`);
  if (lookIntervalMs > 0 && missed.length > 0) {
    said.push(`The longest time between two looks was ${ageText(lookIntervalMs)} lately.`);
  }
  return said.join(' ');
}

/** `0`, `ECONNREFUSED`, or that it waits. */
export function answerText({ answered }: PvCallsCallRow): string {
  if (!answered) return 'waits';
  return answered.error ? errnoText(answered.error) : 'done';
}

export function answerHover({ cmd, answered }: PvCallsCallRow): string {
  if (!answered) return `${cmd} waits for its response.`;
  const unasked = answered.isUnasked ? ' No request was seen that it answers.' : '';
  if (answered.error) return `${errnoSentence(answered.error)}${unasked}`;
  return `It went well (${answered.ret}).${unasked}`;
}

/** `12 ms`, `3.4 ms`; `< 1 ms` where both were seen in one look; a dash where one of them was not. */
export function latencyText({ answered }: PvCallsCallRow): string {
  const ms = answered?.latencyMs;
  if (ms === undefined) return '–';
  if (ms <= 0) return '< 1 ms';
  return ms < 10 && !Number.isInteger(ms) ? `${ms.toFixed(1)} ms` : ageText(ms);
}

/** What is spoken when something worth it changed; of no number that always moves. */
export function spokenText({ row }: PvCallsDeviceState): string {
  const [diagnosis] = row.diagnoses;
  const trouble = diagnosis && diagnosis.severity !== 'fine' ? `; ${diagnosis.text}` : '';
  const { all, connected, listening } = row.sockets;
  return `${count(all, 'socket')}, ${connected} connected, ${listening} listening${trouble}`;
}

export const explanation: readonly string[] = [
  'PV Calls forwards the socket functions of a guest to another domain: its programs call connect or listen, and the backend opens the socket. The guest needs no network card for that.',
  'Commands go through one page, the command ring: the guest’s kernel, the frontend, asks; the backend answers, in any order. Each connected socket has data rings of its own: “in” carries bytes from the network to the guest, “out” from the guest to the network.',
  'The table has a row for each socket that was seen. A command that waits for its response is shown with the time since it was asked: an ACCEPT of a listener waits for as long as nobody connects, and that is fine.',
  'Errors are what the backend answered: a negative number as Linux numbers its errors, here with its name. At the end of a direction its error word is set; ENOTCONN at “in” is the orderly end.',
  'The history has what was asked and answered, the newest first. Select a row to see the slots of the command ring as they were, field by field.',
  'This view only looks: it reads the pages that guest and backend share, and writes nothing into them.',
];
