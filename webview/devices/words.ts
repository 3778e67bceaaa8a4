/** A device in words, for its panel and for a screen reader. Times are of the host. */
import type { DanceStep, DeviceFrame, DeviceSideName } from '../../server/rpc/api';

export const sideNames: readonly DeviceSideName[] = ['frontend', 'backend'];
export const sideTitles: Readonly<Record<DeviceSideName, string>> = {
  frontend: 'Frontend',
  backend: 'Backend',
};

/** `350 ms`, `4 s`, `3 min`, `2 h`: the coarser the longer. */
export function ageText(ms: number): string {
  if (ms < 1_000) return `${Math.max(Math.floor(ms), 0)} ms`;
  if (ms < 120_000) return `${Math.floor(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`;
}

/** `Closing (5)`. */
export function stateText(states: readonly string[], state: number): string {
  return `${states[state] ?? 'no state'} (${state})`;
}

/** How long a side is in its state: `for 14 s`; where nobody saw it get there, at least since the first look. */
export function sinceText({ row, nowMs }: DeviceFrame, side: DeviceSideName): string {
  const { exists, sinceMs } = row[side];
  if (!exists) return '';
  return sinceMs === undefined ? 'since before anybody looked' : `for ${ageText(nowMs - sinceMs)}`;
}

/** What a side does now: what it has to do, or what it waits for. */
export function waitsText({ row }: DeviceFrame, side: DeviceSideName, states: readonly string[]): string {
  const { turn } = row;
  if (!row[side].exists) return 'There is no such folder.';
  if (turn.who === 'nobody') return `Waits for nothing: ${turn.why}.`;
  const to = turn.to === undefined ? 'move' : `go to ${stateText(states, turn.to)}`;
  if (turn.who === side) return `Has to ${to}: ${turn.why}.`;
  return `Waits for the ${turn.who} to ${to}.`;
}

/** What is spoken when a side has moved; of no time that grows, lest it is spoken every second. */
export function spokenText(frame: DeviceFrame, states: readonly string[]): string {
  const { row } = frame;
  const side = (name: DeviceSideName) =>
    `${name} ${row[name].exists ? (states[row[name].state] ?? 'no state') : 'gone'}`;
  const who = row.turn.who === 'nobody' ? '' : `; the ${row.turn.who} has to move`;
  const [diagnosis] = row.diagnoses;
  const trouble = diagnosis && diagnosis.severity !== 'fine' ? `; ${withoutAges(diagnosis.text)}` : '';
  return `${sideNames.map(side).join(', ')}${who}${trouble}`;
}

const withoutAges = (text: string) => text.replace(/ (for|since) \d+ (ms|s|min)\b/g, '');

/** One row of the dance: who moved, and how both stood then. */
export interface DanceRow {
  readonly timeMs: number;
  readonly side: DeviceSideName;
  readonly from: number;
  readonly to: number;
  /** Since the move before it, of either side; absent for the first that is remembered. */
  readonly afterMs?: number;
  /** Where the other side stood. */
  readonly other: number;
  /** `illegal`: the rules have no such move. `unseen`: moves between may have been missed. */
  readonly remark?: 'illegal' | 'unseen';
}

/** The newest first. Where the other side stood before its first move is what that move came from. */
export function danceRows(
  history: readonly DanceStep[],
  now: Readonly<Record<DeviceSideName, number>>,
): DanceRow[] {
  const stands = { ...now };
  for (const { side, from } of [...history].reverse()) stands[side] = from;
  const rows = history.map((step, place): DanceRow => {
    const { timeMs, side, from, to, isDirect, isIllegal } = step;
    stands[side] = to;
    const before = history[place - 1];
    return {
      timeMs,
      side,
      from,
      to,
      other: stands[side === 'frontend' ? 'backend' : 'frontend'],
      ...(before && { afterMs: timeMs - before.timeMs }),
      ...(isIllegal ? { remark: 'illegal' as const } : isDirect ? {} : { remark: 'unseen' as const }),
    };
  });
  return rows.reverse();
}

/** `14:03:07.250`, as the clock of the person shows it. */
export function clockText(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const ms = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`;
}

export const explanation: readonly string[] = [
  'A device has two ends: the frontend in the guest that uses it, and the backend in the domain that serves it. Each writes its state into the xenstore, and the other watches it.',
  'They move in turns, as in a dance: the backend prepares the device (InitWait), the frontend publishes its rings (Initialised), the backend maps them (Connected), the frontend follows (Connected). To end it both go through Closing to Closed.',
  'The two columns are the two ends as they are now. Below each stand the moves that the rules allow it next; a press writes that state as this end, after a question. “Expected” is the move that the other end waits for.',
  'The dance shows what was seen, the newest first. A store may tell of two moves made in one breath as one; that is said, and not guessed.',
  'Whatever is done here is shown first, node by node, and written only after your yes.',
];
