/**
 * Whether bytes could be the beginning of a xenstore message. Nobody can know where messages begin
 * in the middle of a stream; but their grammar is narrow enough that a run of bytes which reads as
 * one message after another is one.
 */
import { XS_HEADER_BYTES, XS_PAYLOAD_MAX_BYTES, XsType, xsTypesWithPath } from '../wire/xsMessage';

/** Who sends: `request` to the server, `reply` what the server sends, events included. */
export type StreamRole = 'request' | 'reply';

const NUL = 0;
const LAST_TYPE = 26;
/** XS_RESTRICT, which is gone. */
const REMOVED_TYPE = 20;
const GET_FEATURE = 23;
const SET_FEATURE = 24;
const GET_QUOTA = 25;
const SET_QUOTA = 26;

const mayBeEmpty = new Set<number>([XsType.TRANSACTION_START, XsType.RESET_WATCHES, GET_FEATURE, GET_QUOTA]);
const answeredByOk = new Set<number>([
  XsType.WATCH,
  XsType.UNWATCH,
  XsType.TRANSACTION_END,
  XsType.INTRODUCE,
  XsType.RELEASE,
  XsType.WRITE,
  XsType.MKDIR,
  XsType.RM,
  XsType.SET_PERMS,
  XsType.RESUME,
  XsType.SET_TARGET,
  XsType.RESET_WATCHES,
  SET_FEATURE,
  SET_QUOTA,
]);

/** Payload bytes that are looked at for a path: enough to tell text from noise. */
const maxLookedAtBytes = 64;

/**
 * Whether a message could begin at `at`, judged by as many of its bytes as lie before `end`. Fewer
 * than a header: it could.
 */
export function couldBeMessage(bytes: Uint8Array, at: number, end: number, role: StreamRole): boolean {
  if (end - at < XS_HEADER_BYTES) return true;
  const type = word(bytes, at);
  const length = word(bytes, at + 12);
  if (type > LAST_TYPE || type === REMOVED_TYPE || length > XS_PAYLOAD_MAX_BYTES) return false;
  const payload = at + XS_HEADER_BYTES;
  const seenEnd = Math.min(payload + length, end);
  const isWhole = seenEnd === payload + length;
  const begun = { bytes, at, type, length, payload, end: seenEnd, isWhole };
  return role === 'request' ? couldBeRequest(begun) : couldBeReply(begun);
}

/** A message that may begin at `at`. */
interface Begun {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly type: number;
  readonly length: number;
  /** Where its payload begins, and where what was seen of it ends. */
  readonly payload: number;
  readonly end: number;
  readonly isWhole: boolean;
}

function couldBeRequest({ bytes, at, type, length, payload, end, isWhole }: Begun): boolean {
  if (type === XsType.WATCH_EVENT || type === XsType.ERROR) return false;
  if (length === 0) return mayBeEmpty.has(type);
  if (xsTypesWithPath.has(type)) return length >= 2 && isPath(bytes, payload, end, isWhole);
  if (type === XsType.TRANSACTION_START || type === XsType.RESET_WATCHES) return length <= 8;
  if (type === XsType.TRANSACTION_END) {
    return length === 2 && word(bytes, at + 8) !== 0 && (payload === end || isOneOf(bytes[payload]!, 'TF'));
  }
  // The rest is text, and mostly a number: control commands, domains, quotas.
  return isText(bytes, payload, end) && (!isWhole || bytes[end - 1] === NUL || type === XsType.CONTROL);
}

function couldBeReply({ bytes, at, type, length, payload, end, isWhole }: Begun): boolean {
  const endsWithNul = !isWhole || (length > 0 && bytes[end - 1] === NUL);
  if (type === XsType.WATCH_EVENT) {
    if (word(bytes, at + 4) !== 0 || word(bytes, at + 8) !== 0 || length < 3) return false;
    return endsWithNul && isPath(bytes, payload, end, isWhole);
  }
  if (type === XsType.ERROR) {
    return length >= 2 && length <= 32 && endsWithNul && (payload === end || isOneOf(bytes[payload]!, 'E'));
  }
  if (answeredByOk.has(type)) {
    return length === 3 && (payload === end || isOneOf(bytes[payload]!, 'O')) && endsWithNul;
  }
  if (type === XsType.READ) return true;
  if (type === XsType.DIRECTORY) return length === 0 || (endsWithNul && isText(bytes, payload, end));
  return length > 0 && isText(bytes, payload, end) && (endsWithNul || type === XsType.DIRECTORY_PART);
}

/** Printable up to a NUL, which is there when the payload is whole. */
function isPath(bytes: Uint8Array, start: number, end: number, isWhole: boolean): boolean {
  for (let at = start; at < end; at++) {
    if (at - start >= maxLookedAtBytes) return true;
    const byte = bytes[at]!;
    if (byte === NUL) return at > start;
    if (byte <= 0x20 || byte >= 0x7f) return false;
  }
  return !isWhole;
}

/** Printable, with NULs, tabs and line feeds between. */
function isText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end && at - start < maxLookedAtBytes; at++) {
    const byte = bytes[at]!;
    if (at === start && byte === NUL) return false;
    if ((byte < 0x20 && byte !== NUL && byte !== 0x09 && byte !== 0x0a) || byte >= 0x7f) return false;
  }
  return true;
}

function isOneOf(byte: number, characters: string): boolean {
  return characters.includes(String.fromCharCode(byte));
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

export interface MessageRun {
  /** Where the first message begins; `end` when none was found. */
  readonly start: number;
  /** Whole messages of the run. */
  readonly whole: number;
  /** Begins of all messages of the run, an unfinished last one included. */
  readonly begins: readonly number[];
}

/**
 * The longest run of plausible messages that reaches `end`: the last may be cut off there. Of runs
 * that hold as many whole messages the one that begins first. At least `minWhole` must be whole.
 * One pass from the back, so the work is as the bytes.
 */
export function longestRun(
  bytes: Uint8Array,
  start: number,
  end: number,
  role: StreamRole,
  minWhole: 0 | 1 = 1,
): MessageRun {
  const length = end - start;
  /** For each place: whole messages of the run from there, -1 where none begins. */
  const whole = new Int16Array(length + 1).fill(-1);
  whole[length] = 0;
  let best = length;
  for (let at = length - XS_HEADER_BYTES; at >= 0; at--) {
    if (!couldBeMessage(bytes, start + at, end, role)) continue;
    const next = at + XS_HEADER_BYTES + word(bytes, start + at + 12);
    if (next > length) whole[at] = 0;
    else if (whole[next]! >= 0) whole[at] = whole[next]! + 1;
    // Less than a header of the next message at the end: nothing to be said against it.
    else if (length - next < XS_HEADER_BYTES) whole[at] = 1;
    if (whole[at]! >= 0 && whole[at]! >= (best === length ? minWhole : whole[best]!)) best = at;
  }
  const begins: number[] = [];
  for (let at = best; at < length;) {
    begins.push(start + at);
    at += length - at < XS_HEADER_BYTES ? length : XS_HEADER_BYTES + word(bytes, start + at + 12);
  }
  return { start: start + best, whole: Math.max(0, whole[best]!), begins };
}
