/**
 * Where messages of 9P begin in bytes of which only that is known where one of them ends. A size of 32 bits and
 * a type that is known are enough to tell: bytes that read as one message behind the other up to a place are those.
 */
import { NINEP_HEADER_BYTES } from './messages';
import { type NinepRole, ninepName } from './typeNames';

/** No frontend or backend agrees on a larger msize. */
export const NINEP_MESSAGE_BYTES_MAX = 2 ** 24;

const TYPE_OFFSET = 4;

/** Whether a message could begin at `at`, by as much of its header as lies before `end`. */
function couldBegin(bytes: Uint8Array, at: number, end: number, role: NinepRole): boolean {
  if (end - at < TYPE_OFFSET + 1) return true;
  const sizeBytes = ninepSize(bytes, at);
  if (sizeBytes < NINEP_HEADER_BYTES || sizeBytes > NINEP_MESSAGE_BYTES_MAX) return false;
  return ninepName(bytes[at + TYPE_OFFSET]!, role) !== undefined;
}

/** The size in the header at `at`. */
function ninepSize(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Where each message begins that follow each other from `start` on; the last may go on behind `end`. Undefined where they are none. */
export function ninepBeginsFrom(
  bytes: Uint8Array,
  start: number,
  end: number,
  role: NinepRole,
): readonly number[] | undefined {
  const begins: number[] = [];
  for (let at = start; at < end;) {
    if (!couldBegin(bytes, at, end, role)) return undefined;
    begins.push(at);
    at += end - at < NINEP_HEADER_BYTES ? end - at : ninepSize(bytes, at);
  }
  return begins;
}

/**
 * Where each message of the longest run begins whose last one ends at `end`, or, with `mayGoOn`, goes on behind
 * it; at least one is whole. One pass from the back, so the work is as the bytes.
 */
export function ninepBeginsUpTo(
  bytes: Uint8Array,
  end: number,
  role: NinepRole,
  mayGoOn = false,
): readonly number[] {
  /** For each place: whole messages of the run from there, -1 where none begins. */
  const whole = new Int32Array(end + 1).fill(-1);
  whole[end] = 0;
  let best = end;
  for (let at = end - NINEP_HEADER_BYTES; at >= 0; at--) {
    if (!couldBegin(bytes, at, end, role)) continue;
    const next = at + ninepSize(bytes, at);
    if (next > end) whole[at] = mayGoOn ? 0 : -1;
    else if (whole[next]! >= 0) whole[at] = whole[next]! + 1;
    if (whole[at]! >= Math.max(1, whole[best]!)) best = at;
  }
  return best === end ? [] : (ninepBeginsFrom(bytes, best, end, role) ?? []);
}
