/** What the page of a vchan says in words. */
import type { VchanRingLevel, VchanState } from '../../server/rpc/api';
import type { WayShown } from '../console/wayView';
import { type Way, bytesText, timesText } from '../console/words';
import { grouped, percent } from '../rings/numbers';

/** `312 of 1,024 bytes, 30 %`. */
export function levelText({ sizeBytes, usedBytes }: VchanRingLevel): string {
  if (usedBytes === undefined) return `the indices of this ring of ${bytesText(sizeBytes)} cannot be`;
  return `${grouped(usedBytes)} of ${bytesText(sizeBytes)}, ${percent(usedBytes, sizeBytes)} %`;
}

/** Who is at the ends: we and the other side; or, where one is watched, its client and its server. */
export interface Ends {
  readonly own: string;
  readonly peer: string;
  readonly isWatched: boolean;
}

/** `To web (3)`; of one that is watched `database (4) → web (3)`. */
export function wayName(way: Way, { own, peer, isWatched }: Ends): string {
  if (isWatched) return way === 'sent' ? `${own} → ${peer}` : `${peer} → ${own}`;
  return way === 'sent' ? `To ${peer}` : `From ${peer}`;
}

function wayTitle(way: Way, level: VchanRingLevel | undefined, ends: Ends): string {
  return `${wayName(way, ends)}${level ? ` (${level.name})` : ''}`;
}

const ringHover =
  'The ring “left” carries what the client writes to the server, the ring “right” what the server writes to the client.';

/** `96 bytes passed unseen`, and why. */
export function unseenText(way: Way, bytes: number, ends: Ends): string {
  return `${wayName(way, ends)}: ${bytesText(bytes)} passed unseen before what follows.`;
}

/** Below the heading. */
export function aboutText({
  role,
  own,
  peer,
  hostLabel,
}: {
  readonly role: 'server' | 'client' | 'watch';
  readonly own: string;
  readonly peer: string;
  readonly hostLabel: string;
}): string {
  if (role === 'watch') return `${own}, the client, and ${peer}, the server, on ${hostLabel}; read only`;
  return `${own} as ${role}, to ${peer}, on ${hostLabel}`;
}

/** One direction, as it is shown. */
export function wayShown(state: VchanState, way: Way, ends: Ends): WayShown {
  const level = way === 'sent' ? state.output : state.input;
  return {
    title: wayTitle(way, level, ends),
    hover: ringHover,
    level: level ? levelText(level) : 'no ring',
    usedPercent: level?.usedBytes === undefined ? 0 : percent(level.usedBytes, level.sizeBytes),
    isBad: level !== undefined && level.usedBytes === undefined,
    count: state[way],
    countLine: countLine(state, way),
    once: ends.isWatched || way === 'sent' ? 'write' : 'read',
  };
}

/** `13 bytes in 2 writes`. */
export function countLine(state: VchanState, way: Way): string {
  const { bytes, messages, unseenBytes } = state[way];
  if (unseenBytes !== undefined) return watchedLine(bytes, messages, unseenBytes);
  const line = `${bytesText(bytes)} in ${timesText(messages, way === 'sent' ? 'write' : 'read')}`;
  const { droppedBytes } = state;
  return way === 'received' && droppedBytes > 0 ? `${line}; ${bytesText(droppedBytes)} left out` : line;
}

/** Two writes between two looks count as one. */
function watchedLine(bytes: number, messages: number, unseenBytes: number): string {
  const line = `${bytesText(bytes)} in at least ${timesText(messages, 'write')}`;
  return `${line}; ${unseenBytes === 0 ? 'all seen' : `${bytesText(unseenBytes)} unseen`}`;
}

export const explanation = [
  'This is one end of a vchan, driven by hand: a channel between two domains over memory that both share, with a stream of bytes in each direction and a doorbell.',
  'What you send lies in one ring until the other side reads it; what it writes lies in the other until it is read here. Stop Reading leaves it there: when the ring is full, the other side has to wait.',
  'Close leaves in order: what was written can still be read, and no node, page or doorbell stays behind. Abort, in the simulator, ends this end as a crash would.',
  'A vchan has no messages: how the bytes are cut here is how they were written or read, and nothing that the other side agreed to.',
];

export const watchedExplanation = [
  'This is a vchan between two others: a channel over memory that both share, with a stream of bytes in each direction. Nothing is written to it, and neither end can know that somebody looks.',
  'What a side writes lies in a ring until the other one reads it, and is shown as soon as the index of the writer has moved. What was written and overwritten between two looks is counted and not shown; in the simulator nothing is missed.',
  'Bytes are doubtful where their reader had taken them already, and the writer may have come round while they were copied.',
  'A vchan has no messages: how the bytes are cut here is how they were seen, and nothing that the two sides agreed to.',
];
