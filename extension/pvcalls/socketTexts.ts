/** What the row of a socket says, in the view “PV Calls”, to the eye and to the ear. */
import type {
  PvCallsDirection,
  PvCallsKnowledge,
  PvCallsSocketRow,
  PvCallsSocketState,
} from '../../server/rpc/api';
import { errnoSentence, errnoText, idText, isOrderlyEnd } from '../../server/rpc/api';
import { bar } from '../rings/bar';
import { percent, rate } from '../rings/ringTexts';
import { countOf } from '../values';

export interface SocketStateWords {
  /** Of the icons that come with VS Code. */
  readonly icon: string;
  readonly word: string;
  /** For somebody who has never heard of it. */
  readonly meaning: string;
}

export const socketStates: Readonly<Record<PvCallsSocketState, SocketStateWords>> = {
  creating: {
    icon: 'loading',
    word: 'being created',
    meaning: 'The guest has asked for it with SOCKET, and the backend has not answered yet.',
  },
  created: {
    icon: 'circle-outline',
    word: 'created',
    meaning: 'SOCKET was answered. It is neither connected nor bound yet.',
  },
  connecting: {
    icon: 'sync',
    word: 'connecting',
    meaning: 'The guest has asked for a connection with CONNECT, and the backend has not answered yet.',
  },
  connected: {
    icon: 'plug',
    word: 'connected',
    meaning: 'It has data rings, through which bytes pass in both directions.',
  },
  closed: {
    icon: 'circle-slash',
    word: 'closed',
    meaning: 'Both directions are over; the guest has still to release it.',
  },
  bound: { icon: 'pin', word: 'bound', meaning: 'It has an address, and does not listen yet.' },
  listening: {
    icon: 'radio-tower',
    word: 'listening',
    meaning: 'Connections come in here; the guest takes each with an ACCEPT.',
  },
  failed: {
    icon: 'error',
    word: 'failed',
    meaning: 'The call that was to connect it, or to make it listen, was answered with an error.',
  },
  releasing: {
    icon: 'trash',
    word: 'releasing',
    meaning: 'The guest has asked for its end with RELEASE, and the backend has not answered yet.',
  },
  unknown: {
    icon: 'question',
    word: 'unknown',
    meaning: 'A command named it, and nothing of it was seen before that.',
  },
};

export const knownMeanings: Readonly<Record<PvCallsKnowledge, string>> = {
  seen: 'Known by calls that were seen as they passed.',
  answer: 'Known by a response alone: its request was gone from the slot before it could be read.',
  oldSlot: 'Known by what still lay in a slot of the command ring when somebody began to look.',
};

/** `socket 5`. Where only its data rings were found, their grant says which it is. */
export function socketLabel({ id, rings }: PvCallsSocketRow): string {
  if (id !== undefined) return `socket ${idText(id)}`;
  return rings ? `rings at grant ${rings.ref}` : 'socket';
}

/** Where it is, as far as anybody said: of one that was accepted nobody tells the other side's address. */
function placeText({ local, remote }: PvCallsSocketRow): string {
  if (remote !== undefined) return `→ ${remote}`;
  return local === undefined ? '' : `at ${local}`;
}

/** Beside its name. What is wrong comes first: the end of a narrow row is cut off. */
export function socketDescription(row: PvCallsSocketRow): string {
  const { state, failure, diagnosis, outstanding } = row;
  const parts = [
    diagnosis && diagnosis.severity !== 'fine' ? diagnosis.text : '',
    [socketStates[state].word, placeText(row)].filter(Boolean).join(' '),
    state === 'failed' && failure ? `${failure.cmd}: ${errnoText(failure.error)}` : '',
    directionText('in', row.in),
    directionText('out', row.out),
    // A listener waits in ACCEPT or POLL nearly always; that is no news.
    state === 'listening' ? '' : outstanding.map(({ cmd }) => `${cmd} waits`).join(', '),
  ];
  return parts.filter(Boolean).join(' · ');
}

function directionText(name: 'in' | 'out', direction: PvCallsDirection | undefined): string {
  if (!direction) return '';
  const { usedBytes, sizeBytes, insane, perSecond, error } = direction;
  if (insane) return `${name} insane`;
  const over = error ? (isOrderlyEnd(name, error) ? 'ended' : errnoText(error)) : '';
  return [name, bar(usedBytes, sizeBytes), rate(perSecond), over].filter(Boolean).join(' ');
}

export function socketIcon({ state, diagnosis }: PvCallsSocketRow): {
  readonly icon: string;
  readonly color?: string;
} {
  switch (diagnosis?.severity) {
    case 'error':
      return { icon: 'error', color: 'problemsErrorIcon.foreground' };
    case 'warning':
      return { icon: 'warning', color: 'problemsWarningIcon.foreground' };
    default:
      return { icon: socketStates[state].icon };
  }
}

/** The hover, as plain text: addresses and ids come from guests. */
export function socketTooltip(row: PvCallsSocketRow): {
  readonly title: string;
  readonly lines: readonly string[];
} {
  const { id, state, known, local, remote, backlog, rings, outstanding, failure, diagnosis } = row;
  const lines = [socketStates[state].meaning];
  if (local !== undefined) lines.push(`Local address: ${local}.`);
  if (remote !== undefined) lines.push(`Remote address: ${remote}.`);
  if (backlog !== undefined) lines.push(`${countOf(backlog, 'connection')} may wait here to be accepted.`);
  lines.push(...directionLines('in', 'from the network to the guest', row.in));
  lines.push(...directionLines('out', 'from the guest to the network', row.out));
  if (failure) lines.push(`${failure.cmd} failed. ${errnoSentence(failure.error)}`);
  if (outstanding.length > 0) {
    const cmds = outstanding.map(({ cmd }) => cmd).join(', ');
    lines.push(`Waits for the response to ${cmds}.`);
  }
  if (diagnosis && diagnosis.severity !== 'fine') lines.push(`${diagnosis.text}.`, ...diagnosis.evidence);
  if (rings) lines.push(`Data rings: grant ${rings.ref}, event channel ${rings.evtchn}.`);
  if (rings?.unseen !== undefined) lines.push(rings.unseen);
  if (id !== undefined && id !== idText(id)) lines.push(`Its id in decimal: ${id}.`);
  lines.push(knownMeanings[known]);
  return { title: `${socketLabel(row)}: ${socketStates[state].word}`, lines };
}

function directionLines(
  name: 'in' | 'out',
  way: string,
  direction: PvCallsDirection | undefined,
): readonly string[] {
  if (!direction) return [];
  const { usedBytes, sizeBytes, insane, bytes, error } = direction;
  const waits = insane
    ? 'its indices cannot be'
    : `${usedBytes.toLocaleString('en-US')} of ${countOf(sizeBytes, 'byte')} wait`;
  const passed = `${bytes > 0 ? `at least ${countOf(bytes, 'byte')}` : 'nothing seen to have'} passed since Xenscope began to look`;
  const over = error
    ? isOrderlyEnd(name, error)
      ? [`${name} has ended in order: the other side is done, and all it said was handed over.`]
      : [`${name} has ended: ${errnoSentence(error)}`]
    : [];
  return [`${name}, ${way}: ${waits}; ${passed}.`, ...over];
}

/** For a screen reader. */
export function socketSpoken(row: PvCallsSocketRow, owner: string): string {
  const { state, local, remote, failure, diagnosis } = row;
  const spoken = (name: 'in' | 'out', direction: PvCallsDirection | undefined) =>
    direction && !direction.insane
      ? `${name} ${percent(direction.usedBytes, direction.sizeBytes)} percent full`
      : '';
  return [
    `${socketLabel(row)} of ${owner}, ${socketStates[state].word}`,
    remote !== undefined ? `to ${remote}` : local !== undefined ? `at ${local}` : '',
    state === 'failed' && failure ? `${failure.cmd} failed: ${errnoText(failure.error)}` : '',
    diagnosis && diagnosis.severity !== 'fine' ? diagnosis.text : '',
    spoken('in', row.in),
    spoken('out', row.out),
  ]
    .filter(Boolean)
    .join(', ');
}
