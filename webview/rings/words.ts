/** The state of a ring in sentences, for a screen reader and for whoever rests the mouse on it. */
import type {
  RingDirectionDetail,
  RingDirectionState,
  RingFrame,
  RingKind,
  RingRow,
} from '../../server/rpc/api';
import { wraps } from './geometry';
import { deviceExplanation } from './deviceWords';
import { grouped, isReadable, occupancyText, percent, rateText, writeRateText } from './numbers';
import { slotsOccupancyText } from './slotNumbers';

const kindNames: Readonly<Record<RingKind, string>> = {
  xenstore: 'Xenstore ring',
  console: 'Console ring',
  vchan: 'Vchan',
  device: 'Device ring',
};

/** `Xenstore ring`, `vif 0 tx`. */
export function ringHeading({ kind, device }: RingRow): string {
  return device?.title ?? kindNames[kind];
}

/** How two directions are shown; `ninep`: with messages of 9P, `unseen`: nobody looks at what they carry. */
export type ShownAs = 'xenstore' | 'console' | 'ninep' | 'unseen';

export function shownAs({ kind, device }: RingRow): ShownAs {
  if (kind === 'xenstore' || kind === 'console') return kind;
  if (device?.deviceClass === '9pfs') return 'ninep';
  // What passes at a socket is shown as text, line by line.
  const isText = device?.deviceClass === 'console' || device?.deviceClass === 'pvcalls';
  return isText ? 'console' : 'unseen';
}

const carries: Readonly<Record<string, string>> = {
  req: 'Requests',
  rsp: 'Replies and events',
  in: 'What is typed',
  out: 'Output',
  left: 'To the server',
  right: 'To the client',
};

/** Of the two byte rings of a device. */
const flexCarries: Readonly<Record<string, string>> = {
  in: 'To the guest (in)',
  out: 'From the guest (out)',
};

/** As it stands beside an arrow, or before a number: `the backend` → `backend`. */
export function endName(name: string): string {
  return name.replace(/^the /, '');
}

/** `Requests: guest → xenstored`. */
export function directionTitle({ name, producer, consumer }: RingDirectionState): string {
  const what = producer === 'frontend' || consumer === 'frontend' ? flexCarries[name] : undefined;
  return `${what ?? carries[name] ?? name}: ${endName(producer)} → ${endName(consumer)}`;
}

/** What waits, and what was read: the rings of consoles and 9pfs have names that are words themselves. */
export function packetTitles(kind: ShownAs, name: string): readonly [string, string] {
  const ring = kind === 'console' || kind === 'ninep' ? `the ring “${name}”` : name;
  return [`Queued in ${ring}`, `Just read from ${ring}`];
}

/** In place of the packets of a direction that is not readable. */
export function unreadableText({ unknown }: RingDirectionState): string {
  return unknown
    ? 'Until the ring is connected anew nothing can be told from the bytes.'
    : 'By these indices nothing can be told from the bytes.';
}

/** In place of the packets of a vchan, or of the byte rings of a device. */
export function unseenText(name: string): string {
  const isVchan = name === 'left' || name === 'right';
  return isVchan
    ? 'What it carries is not looked at here: “Watch Vchan…”, the eye at its row, shows it.'
    : 'What it carries lies in pages of its own and is not looked at.';
}

/** Everything that the picture of one direction shows. */
export function pictureText(direction: RingDirectionState): string {
  const { producer, consumer, consumedPerSecond, cons, sizeBytes, prod } = direction;
  const sentences = [`${directionTitle(direction)}.`, `${occupancyText(direction)}.`];
  if (isReadable(direction)) {
    sentences.push(
      `${consumer} reads next at byte ${grouped(cons % sizeBytes)}, ${producer} writes next at byte ${grouped(prod % sizeBytes)}.`,
    );
    if (wraps(direction)) sentences.push('What waits runs over the end of the array.');
  }
  sentences.push(
    `${producer} writes ${writeRateText(direction)}, ${consumer} reads ${rateText(consumedPerSecond)}.`,
  );
  return sentences.join(' ');
}

/** `12,345 bytes written and 12,340 read since Xenscope began to look; 96 passed between two looks`. */
export function countText({
  producedBytes,
  consumedBytes,
  unseenBytes,
  resets,
}: RingDirectionDetail): string {
  const least = resets > 0 ? 'at least ' : '';
  const written = `${least}${grouped(producedBytes)} bytes written and ${least}${grouped(consumedBytes)} read`;
  const parts = [`${written} since Xenscope began to look`];
  parts.push(`${grouped(unseenBytes)} passed between two looks`);
  if (resets > 0) parts.push(`indices set anew ${resets === 1 ? 'once' : `${grouped(resets)} times`}`);
  return parts.join('; ');
}

/** Coarse on purpose: it is spoken when it changes, and must not chatter. */
export function politeSummary({ row }: RingFrame): string {
  const levels = row.directions.map((direction) => {
    if (direction.insane) return `${direction.name} has indices that cannot be`;
    if (direction.unknown) return `${direction.name} unknown`;
    const level = percent(direction.usedBytes, direction.sizeBytes);
    if (level === 0) return `${direction.name} empty`;
    return level === 100
      ? `${direction.name} full`
      : `${direction.name} about ${Math.ceil(level / 25) * 25} %`;
  });
  if (row.slots) levels.push(slotsOccupancyText(row.slots));
  return `${ringHeading(row)}: ${row.verdict.text}. ${levels.join(', ')}.`;
}

/** What was seen, and by which rule; what else the doctor says beside it. */
export function evidenceOf({ row, diagnoses }: Pick<RingFrame, 'row' | 'diagnoses'>): string[] {
  const others = diagnoses.slice(1).filter(({ severity }) => severity !== 'fine');
  return [
    ...row.verdict.evidence,
    `Rule: ${row.verdict.rule}.`,
    ...others.map(
      ({ text, direction, rule }) => `Also, ${direction ?? 'the ring'}: ${text} (rule: ${rule}).`,
    ),
  ];
}

/** “What am I looking at”: a page and its two directions in plain words. */
export function explanation(row: RingRow | undefined, owner: string, simulated: boolean): string[] {
  const kind = row?.kind ?? 'xenstore';
  if (row?.device) return deviceExplanation(row, owner);
  if (kind === 'vchan') return vchanExplanation(owner);
  const server = kind === 'xenstore' ? 'xenstored' : 'the console daemon';
  const lines = [
    `One page of memory that ${owner} shares with ${server} in domain 0. Two arrays in it work as rings, one for each direction.`,
    'Each ring has two counters. The producer counter says how far the one side has written, the consumer counter how far the other has read. What lies between, the coloured arc, waits to be read. Both counters only grow; where a ring of 1,024 bytes is concerned, the last ten bits say which byte they point at.',
    'Nothing in the page says “wake up”: for that the sides ring an event channel. A side that misses the ring leaves the arc standing; a side that is too slow lets it grow until the ring is full, and the other side must wait.',
    'This view only looks. It reads the page many times a second and never writes to it.',
  ];
  if (simulated && kind === 'xenstore') {
    lines.push(
      'The simulated xenstored can offer a reconnect in its feature word. oxenstored does so; the xenstored written in C does not.',
    );
  }
  return lines;
}

function vchanExplanation(owner: string): string[] {
  return [
    `One page of memory that ${owner}, the server of a vchan, shares with its client. Its words rule two rings, one for each direction; rings of 4 KiB and more lie in pages of their own.`,
    'Each ring has two counters. The producer counter says how far the one side has written, the consumer counter how far the other has read. What lies between waits to be read. Both counters only grow.',
    'A vchan is a stream: what one look finds new counts as one write, though several may have left it. There were at least so many.',
    'A side that wants to be woken says so in the notify byte of the other, which then rings an event channel when it has written or read.',
    'This view looks at the words only. It reads them many times a second and never writes to the page.',
  ];
}
