/** What the page of the command composer says in words. */
import type {
  ComposerDraft,
  ComposerEntry,
  ComposerForm,
  ComposerLevel,
  ComposerPlan,
  ComposerState,
  ComposerStream,
} from '../../server/rpc/api';
import { numberText } from '../../server/rpc/api';
import type { WayShown } from '../console/wayView';
import { type Way, bytesText, timesText } from '../console/words';
import { grouped, percent } from '../rings/numbers';
import type { Favourite } from './messages';

export const rawHelp =
  'Any 64 bytes, put into the ring as they stand: nothing in them is checked, and nothing is opened or lent for them.';

export const rawPurpose =
  'What is written here goes into the slot, or the page of indices, as it stands. Empty means as it should be.';

/** In an empty field for a socket; `isThere`: there is a session. */
export function noSocketFits(isThere: boolean): string {
  return isThere ? 'none: SOCKET makes one' : 'no session is open';
}

/** In the place of a table; `kind`: whose ring it is, undefined while there is no session. */
export function noSocketsText(kind: ComposerPlan['kind'] | undefined): string {
  switch (kind) {
    case 'own':
      return 'No socket yet: SOCKET makes one, CONNECT and ACCEPT give it data rings and a console.';
    case 'foreign':
      return 'The sockets of this ring are the guest’s. What an observer sees of them is in the panel of its device.';
    case undefined:
      return 'No session is open, and so there is no socket.';
  }
}

/** Of a column, and of the numbers in it. */
export function levelHover(way: Way): string {
  const carries = way === 'sent' ? 'what is sent from here' : 'what the backend received';
  return `How full the data ring is that carries ${carries}. “Ended” is the orderly end of that direction.`;
}

export const notOpenHint = 'Nothing can be sent: there is no open session.';

/** Of a request that was not put into the ring, and why, in a sentence of its own. */
export function notSentText(request: ComposerDraft, why = ''): string {
  const name = request.kind === 'raw' ? 'the raw slot' : request.command.toUpperCase();
  return `Not sent: ${name}. ${why}`.trimEnd();
}

export const noLongerOpen = 'The session is not open any more.';

export const tooManyWait = 'Too many requests wait already: send it when the answers to these have come.';

/** Below the heading. */
export function aboutText(
  plan: ComposerPlan,
  { frontend, backend, hostLabel }: { frontend: string; backend: string; hostLabel: string },
): string {
  return plan.kind === 'own'
    ? `a frontend of ours in ${frontend}, to the backend in ${backend}, on ${hostLabel}${editionText(plan)}`
    : `the frontend of ${frontend}, to the backend in ${backend}, on ${hostLabel}`;
}

function editionText({ edition }: ComposerPlan & { readonly kind: 'own' }): string {
  return edition === 'draft7' ? ', in the draft of 2016' : '';
}

export function foreignText(frontend: string): string {
  return `This is the ring of ${frontend}, not one of ours. What you send here its kernel never asked for: it may take the answers for its own, or lose track of its ring.`;
}

/** `Frontend: Connected · backend: InitWait · 1 of 32 slots in flight`. */
export function statesText(state: ComposerState): string {
  const { frontendState, backendState } = state.device;
  const parts = [
    frontendState !== undefined && `Frontend: ${frontendState}`,
    backendState !== undefined && `backend: ${backendState}`,
    flightText(state),
  ];
  return parts.filter(Boolean).join(' · ');
}

/** `1 of 32 slots in flight`; also how many wait for one. */
function flightText({ inFlight, slots, waiting }: ComposerState): string {
  const flight = `${inFlight} of ${slots} slots in flight`;
  return waiting === 0 ? flight : `${flight}, ${timesText(waiting, 'request')} waiting for one`;
}

/** `ECONNREFUSED (-111)`, `done`, `-7`; of one without an answer what it waits for. */
export function outcomeText({ phase, response }: ComposerEntry): string {
  if (response) return resultText(response.ret, response.errorName);
  if (phase === 'waiting') return 'waits for a slot';
  return phase === 'sent' ? 'not answered yet' : 'never answered';
}

function resultText(ret: number, errorName: string | undefined): string {
  if (ret === 0) return 'done';
  return errorName === undefined ? numberText(ret) : `${errorName} (${numberText(ret)})`;
}

/** `< 1 ms`, `0.2 ms`, `12 ms`, `3.1 s`: a world has whole milliseconds, and mostly answers within one. */
export function latencyText(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (ms <= 0) return '< 1 ms';
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `312 of 32,768 bytes, 1 %`, and the error word where it is set. */
export function levelText({ sizeBytes, usedBytes, error, errorName }: ComposerLevel): string {
  const level =
    usedBytes === undefined
      ? `the indices of this ring of ${bytesText(sizeBytes)} cannot be`
      : `${grouped(usedBytes)} of ${bytesText(sizeBytes)}, ${percent(usedBytes, sizeBytes)} %`;
  if (error === 0) return level;
  return `${level}; ${errorName === 'ENOTCONN' ? 'ended (ENOTCONN)' : (errorName ?? numberText(error))}`;
}

/** In a table: `1 %`, `corrupt`, `0 %, ended`. */
export function shortLevel({ sizeBytes, usedBytes, errorName, error }: ComposerLevel): string {
  const level = usedBytes === undefined ? 'corrupt' : `${percent(usedBytes, sizeBytes)} %`;
  if (error === 0) return level;
  return `${level}, ${errorName === 'ENOTCONN' ? 'ended' : (errorName ?? numberText(error))}`;
}

const wayHover =
  'The ring “in” carries what the backend received to the frontend, the ring “out” what the frontend sends. The error word says that a direction is over: ENOTCONN is the orderly end.';

/** One direction of a connected socket, as it is shown. */
export function wayShown(stream: ComposerStream, way: Way): WayShown {
  const level = way === 'sent' ? stream.output : stream.input;
  const { bytes, pieces } = stream[way];
  const once = way === 'sent' ? 'write' : 'read';
  const { droppedBytes } = stream;
  const line = `${bytesText(bytes)} in ${timesText(pieces, once)}`;
  return {
    title: wayName(way),
    hover: wayHover,
    level: levelText(level),
    usedPercent: level.usedBytes === undefined ? 0 : percent(level.usedBytes, level.sizeBytes),
    isBad: level.usedBytes === undefined,
    count: { bytes, messages: pieces },
    countLine: way === 'received' && droppedBytes > 0 ? `${line}; ${bytesText(droppedBytes)} left out` : line,
    once,
  };
}

/** Of the button that shows the data rings. */
export function ringHover(stream: ComposerStream | undefined): string {
  if (stream?.ring !== undefined) return 'The data rings in a panel of their own, read only';
  return stream
    ? 'These data rings are not in the list of rings yet'
    : 'The socket is released, and its data rings with it';
}

export function wayName(way: Way): string {
  return way === 'sent' ? 'Sent (out)' : 'Received (in)';
}

/** Of connected sockets beyond those that have consoles. */
export function noConsoleText(sockets: number): string {
  const which = sockets === 1 ? 'One more socket has' : `${grouped(sockets)} more sockets have`;
  return `${which} no console, because there are too many: what comes there is read and not shown.`;
}

/** What a favourite fills the form with: `Address 10.0.0.1:631`. */
export function favouriteHover({ draft }: Favourite, forms: readonly ComposerForm[]): string {
  if (draft.kind === 'raw') return draft.slot;
  const fields = forms.find(({ command }) => command === draft.command)?.fields ?? [];
  const labelOf = (name: string) => fields.find((field) => field.name === name)?.label ?? name;
  const typed = Object.entries(draft.fields).map(([name, value]) => `${labelOf(name)} ${value}`);
  return typed.length === 0 ? 'All as it is suggested' : typed.join(', ');
}

/** For a screen reader, when a line of the history has changed. */
export function spokenEntry({ text, response }: ComposerEntry): string {
  const after = latencyText(response?.latencyMs);
  return after === '' ? text : `${text} After ${after}.`;
}

export const sessionOver = 'The session was over before it was answered.';

export const explanation = [
  'This sends commands of PV Calls by hand. PV Calls forwards the sockets of a guest to another domain: the frontend asks for socket, connect, bind, listen, accept, poll and release through a ring of 32 slots, and the backend answers each request once, in any order.',
  'Opening it makes a new device with a command ring of its own, as a toolstack would. Closing it takes the device away again, with all its sockets.',
  'Every field has a value that works. Fields under “Wrong on purpose” go into the slot as they stand, and the raw slot takes any 64 bytes: a backend must answer, or refuse, all of it.',
  'The history keeps what was sent and what came back: an answer is 0, or an error by its name. Send Again sends the same once more, Edit takes it into the form.',
  'A connected socket has data rings of its own. Its console sends text, digits or a file, and shows what comes. PV Calls has no message for “nothing more will be sent”: the other side learns of it with the RELEASE.',
];
