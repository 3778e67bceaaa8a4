/**
 * Reads messages out of a ring's array: those that wait, and those that were consumed and are not
 * overwritten yet. The array does not say where messages begin. Where the stream was followed, that
 * is known for the newest; otherwise the longest run of plausible messages is taken.
 */
import type { DirectionLayout } from '../../capture/pageLayouts';
import { longestRun, type StreamRole } from '../../capture/plausible';
import type { Reassembly } from '../../capture/reassembly';
import { XS_HEADER_BYTES, xsTypeName } from '../../wire/xsMessage';
import type { RingPacket } from './ringTypes';

const maxTextChars = 120;
/** What is shown of a message, and one byte that tells that there is more. */
const shownBytes = XS_HEADER_BYTES + maxTextChars + 1;

export interface Packets {
  /** Oldest first. */
  readonly queued: readonly RingPacket[];
  /** Newest first. */
  readonly consumed: readonly RingPacket[];
}

export interface RingContents {
  readonly layout: DirectionLayout;
  readonly page: Uint8Array;
  /** A pair that makes sense. */
  readonly prod: number;
  readonly cons: number;
}

/** A whole message that was seen and is not wholly consumed: its beginning may be overwritten by now. */
export interface SeenMessage {
  /** Free-running index of its first byte. */
  readonly index: number;
  readonly wholeBytes: number;
  /** Header and beginning of the payload: a copy. */
  readonly start: Uint8Array;
  readonly isSure: boolean;
}

/** What followed the ring up to `prod`. */
export interface FollowedStream {
  readonly reassembly: Reassembly;
  /** All messages that were cut and are not wholly consumed, one behind the other. */
  readonly seen: readonly SeenMessage[];
}

/** `bytes` from `start` to `end` are one message that begins at `index`. */
export function seenMessage(
  index: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  isSure: boolean,
): SeenMessage {
  const shown = bytes.slice(start, Math.min(end, start + shownBytes));
  return { index, wholeBytes: end - start, start: shown, isSure };
}

export function decodePackets({ layout, page, prod, cons }: RingContents, stream: FollowedStream): Packets {
  const role: StreamRole = layout.producer === 'guest' ? 'request' : 'reply';
  const { offsetBytes, sizeBytes } = layout;
  const bytes = Buffer.from(inOrder(page, offsetBytes, sizeBytes, prod));
  const firstIndex = (prod - sizeBytes) >>> 0;
  const { reassembly } = stream;
  const isFollowed = !reassembly.isSearching;
  const unfinishedBytes = isFollowed ? reassembly.heldBytes : 0;
  const seen = isFollowed ? stream.seen : [];
  const knownBytes = seen.length > 0 ? (prod - seen[0]!.index) >>> 0 : unfinishedBytes;
  const end = Math.max(0, sizeBytes - knownBytes);
  const run = longestRun(bytes, 0, end, role, isFollowed ? 1 : 0);

  const packets: RingPacket[] = [];
  const isTrusted = isFollowed || run.whole > 1;
  run.begins.forEach((begin, at) => {
    const next = run.begins[at + 1] ?? end;
    packets.push(packet(bytes.subarray(begin, next), (firstIndex + begin) >>> 0, next - begin, !isTrusted));
  });
  for (const { index, wholeBytes, start, isSure } of seen) {
    const overwritten = Math.max(0, ((prod - index) >>> 0) - sizeBytes);
    packets.push(packet(Buffer.from(start), index, wholeBytes - overwritten, !isSure));
  }
  if (unfinishedBytes > 0) {
    const known = Buffer.from(reassembly.held(shownBytes));
    packets.push(packet(known, (prod - unfinishedBytes) >>> 0, Math.min(unfinishedBytes, sizeBytes), false));
  }
  return split(packets, bytes, prod, cons, sizeBytes);
}

/** The text of a console, line by line: what waits, and what was read and still stands there. */
export function decodeText({ layout, page, prod, cons }: RingContents): Packets {
  const { offsetBytes, sizeBytes } = layout;
  const bytes = Buffer.from(inOrder(page, offsetBytes, sizeBytes, prod));
  const waiting = (prod - cons) >>> 0;
  return textPackets(bytes, prod, waiting);
}

/**
 * The same of the last bytes of a stream, up to `prod`, of which `waiting` wait. No more than `maxLines` of either
 * are told: of what waits the oldest, of what was read the youngest. `isWhole`: the stream begins with these bytes.
 */
export function textPackets(
  bytes: Buffer,
  prod: number,
  waiting: number,
  { maxLines = Infinity, isWhole = false } = {},
): Packets {
  const cons = (prod - waiting) >>> 0;
  const read = bytes.subarray(0, bytes.length - waiting);
  // A ring that was not yet filled once holds zeroes before its first byte.
  const first = isWhole ? 0 : read.findIndex((byte) => byte !== 0);
  const old = first === -1 ? read.subarray(0, 0) : read.subarray(first);
  const lines = textLines(old, (cons - old.length) >>> 0).reverse();
  const oldest = lines.at(-1);
  // What stood before it is overwritten: it may be the end of a line only.
  if (oldest && first === 0 && !isWhole) lines[lines.length - 1] = { ...oldest, doubtful: true };
  const queued = textLines(bytes.subarray(bytes.length - waiting), cons);
  return { queued: queued.slice(0, maxLines), consumed: lines.slice(0, maxLines) };
}

function textLines(bytes: Buffer, index: number): RingPacket[] {
  const lines: RingPacket[] = [];
  for (let at = 0; at < bytes.length;) {
    const feed = bytes.indexOf(0x0a, at);
    const end = feed === -1 ? bytes.length : feed + 1;
    const text = printable(bytes.subarray(at, lineEnd(bytes, at, end)));
    const line = { type: 'text', reqId: 0, txId: 0, doubtful: false };
    lines.push({ index: (index + at) >>> 0, bytes: end - at, text, ...line });
    at = end;
  }
  return lines;
}

/** Where the text of a line ends: before its line feed, and a carriage return before that. */
function lineEnd(bytes: Buffer, start: number, end: number): number {
  let at = end;
  if (at > start && bytes[at - 1] === 0x0a) at--;
  if (at > start && bytes[at - 1] === 0x0d) at--;
  return at;
}

/** Those that end behind `cons` wait; bytes that wait and belong to no message are one packet in doubt. */
function split(
  packets: readonly RingPacket[],
  bytes: Buffer,
  prod: number,
  cons: number,
  sizeBytes: number,
): Packets {
  const waiting = (prod - cons) >>> 0;
  const behindProd = ({ index }: RingPacket) => (prod - index) >>> 0;
  const isQueued = (it: RingPacket) =>
    waiting > 0 && Math.max(0, behindProd(it) - (it.wholeBytes ?? it.bytes)) < waiting;
  const queued = packets.filter(isQueued);
  const consumed = packets.filter((it) => !isQueued(it)).reverse();
  const knownBytes = queued.length > 0 ? behindProd(queued[0]!) : 0;
  const strange = waiting - knownBytes;
  if (strange > 0) {
    const part = bytes.subarray(sizeBytes - waiting, sizeBytes - knownBytes);
    const rest = { type: '?', reqId: 0, txId: 0, text: printable(part), doubtful: true };
    queued.unshift({ index: cons, bytes: strange, ...rest });
  }
  return { queued, consumed };
}

/** `bytes`: the message, as far as it is known. `ringBytes`: how much of it belongs to the ring. */
function packet(bytes: Buffer, index: number, ringBytes: number, doubtful: boolean): RingPacket {
  if (bytes.length < XS_HEADER_BYTES) {
    return { index, bytes: ringBytes, type: '?', reqId: 0, txId: 0, text: '', doubtful };
  }
  const type = bytes.readUInt32LE(0);
  return {
    index,
    bytes: ringBytes,
    wholeBytes: XS_HEADER_BYTES + bytes.readUInt32LE(12),
    type: xsTypeName(type) ?? String(type),
    reqId: bytes.readUInt32LE(4),
    txId: bytes.readUInt32LE(8),
    text: printable(bytes.subarray(XS_HEADER_BYTES)),
    doubtful,
  };
}

/** The array as a stream: the last ring full before `prod`. */
function inOrder(page: Uint8Array, offsetBytes: number, sizeBytes: number, prod: number): Uint8Array {
  const at = prod & (sizeBytes - 1);
  const ordered = new Uint8Array(sizeBytes);
  ordered.set(page.subarray(offsetBytes + at, offsetBytes + sizeBytes));
  ordered.set(page.subarray(offsetBytes, offsetBytes + at), sizeBytes - at);
  return ordered;
}

function printable(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes.subarray(0, maxTextChars)) {
    text += byte === 0 ? '|' : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
  }
  return bytes.length > maxTextChars ? `${text}…` : text;
}
