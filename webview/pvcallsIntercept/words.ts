/** What the page that intercepts a backend says, apart from what the server says of calls and rules. */
import type { ErrnoRow, HeldCall, InterceptEvent, InterceptNews, InterceptState } from '../../server/rpc/api';
import type { Severity } from '../page';

export const explanation: readonly string[] = [
  'Guests with PV Calls ask this backend to open their sockets: socket, connect, bind, listen, accept, poll, release. Each such call is 64 bytes in a slot of their command ring.',
  'While intercepting is on, every call comes here before the backend does anything. Rules decide about it, the first that fits; what no rule is about passes, or is held until you decide.',
  'Pass: the backend does it and answers whatever comes of it. Success: it is answered 0 and not done; at the other end of a socket that CONNECT or ACCEPT would have connected is nobody then but the backend itself, which echoes what is sent, or takes it and says nothing. An errno: that is answered and nothing done. Never: the guest waits, and one slot of its ring is used up.',
  'When a guest releases a socket, calls that are held at it are answered EBADF. When its device disconnects, they are dropped. Turning it off, or closing this panel, lets all that is held pass.',
];

export function verdictOf(
  { state, heldLeftOut }: Pick<InterceptNews, 'state' | 'heldLeftOut'>,
  isOwn: boolean,
): { readonly text: string; readonly wayOut?: string; readonly severity: Severity } {
  if (!state) {
    return isOwn
      ? { text: 'Our backend is not open: no guest is served by it.', severity: 'note' }
      : { text: 'There is no such backend now.', severity: 'warning' };
  }
  if (!state.isOn) return { text: 'Off: every call passes.', severity: 'note' };
  const held = state.held.filter((call) => call.state === 'held').length + heldLeftOut;
  const text = held === 0 ? 'On: no call waits for you.' : `On: ${callsText(held)} for you.`;
  if (state.devices.length > 0) return { text, severity: held === 0 ? 'fine' : 'warning' };
  return { text, wayOut: 'No guest is connected to this backend.', severity: 'fine' };
}

function callsText(count: number): string {
  return count === 1 ? 'one call waits' : `${count} calls wait`;
}

/** Of one call, and no other: their numbers begin anew with each interceptor, as after a new start of the server. */
export function callKey({ number, device, atMs, slot }: HeldCall): string {
  return [number, device, atMs, slot].join(' ');
}

/** Whether Success gives such a call a socket that somebody has to be at the other end of. */
export function isConnecting(command: string): boolean {
  return command === 'connect' || command === 'accept';
}

/** What stands below a call in the list. */
export function heldText(call: HeldCall, nowMs: number, nameOf: (domid: number) => string): string {
  const since = `for ${timeText(nowMs - call.atMs)}`;
  const how = {
    held: `held ${since}`,
    silent: `not answered ${since}`,
    waiting: `${call.decided ?? ''}, in ${timeText((call.dueMs ?? nowMs) - nowMs)}`,
  }[call.state];
  return `${nameOf(call.domid)} · ${how}`;
}

/** In whole seconds, as the eye can follow it. */
export function timeText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Of day, in the world's time or the machine's. */
export function clockText(atMs: number): string {
  const date = new Date(atMs);
  const two = (number: number) => String(number).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** An answer without the call, which the eye has just read, where it follows at once. */
export function eventText({ kind, text, says }: InterceptEvent): string {
  return kind === 'asked' ? says : `${text}: ${says}`;
}

/** How an errno is found: by its name, its number, or words of its meaning. */
export function matchingErrors(typed: string, errors: readonly ErrnoRow[], most: number): ErrnoRow[] {
  const wanted = typed.trim().toLowerCase().replace('−', '-');
  if (wanted === '') return usualErrors(errors).slice(0, most);
  const number = Math.abs(Number(wanted));
  const rank = ({ name, ret, text }: ErrnoRow): number => {
    const lower = name.toLowerCase();
    if (lower === wanted || -ret === number) return 0;
    if (lower.startsWith(wanted) || lower.startsWith(`e${wanted}`)) return 1;
    if (lower.includes(wanted)) return 2;
    return text.toLowerCase().includes(wanted) ? 3 : 4;
  };
  return errors
    .map((row) => ({ row, rank: rank(row) }))
    .filter(({ rank: found }) => found < 4)
    .sort((one, other) => one.rank - other.rank)
    .slice(0, most)
    .map(({ row }) => row);
}

/** What sockets fail with most. */
const usual = [
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ECONNRESET',
  'EADDRINUSE',
  'EINTR',
  'EINVAL',
  'EMFILE',
];

function usualErrors(errors: readonly ErrnoRow[]): ErrnoRow[] {
  return usual.flatMap((name) => errors.find((row) => row.name === name) ?? []);
}

/** The errno that is proposed for a call. */
export function likelyError(command: string): string {
  if (command === 'bind') return 'EADDRINUSE';
  if (command === 'accept' || command === 'poll') return 'EINTR';
  return command === 'connect' ? 'ECONNREFUSED' : 'EINVAL';
}

/** A rule that is about calls like this one, for the person to go on with. */
export function ruleFor({ command, text, domid }: HeldCall): string {
  const [, address] = /([0-9]+(?:\.[0-9]+){3}:[0-9]+)/.exec(text) ?? [];
  const known = command.startsWith('command') ? 'any' : command;
  const where = address === undefined ? '' : ` ${address}`;
  return `${known}${where} domain ${domid} → ${likelyError(command)}`;
}

/** The state of a rule, for its row. */
export function hitsText(hits: number): string {
  return hits === 1 ? '1 hit' : `${hits} hits`;
}

export function passedText({ passedAtLimit }: InterceptState, heldLeftOut: number): string {
  const more = heldLeftOut === 0 ? [] : [`${heldLeftOut} more are held than are shown.`];
  const passed =
    passedAtLimit === 0
      ? []
      : [
          passedAtLimit === 1
            ? 'One call passed because too many were held.'
            : `${passedAtLimit} calls passed because too many were held.`,
        ];
  return [...more, ...passed].join(' ');
}
