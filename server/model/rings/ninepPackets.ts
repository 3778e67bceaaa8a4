/**
 * Reads the messages of 9P out of one direction of a 9pfs ring: those that wait, and those that were read and
 * stand there still. A reader that takes whole messages leaves its index where one begins; otherwise the
 * longest run of messages tells where they do.
 */
import { NINEP_HEADER_BYTES, ninepHeader } from '../../wire/ninep/messages';
import { ninepBeginsFrom, ninepBeginsUpTo } from '../../wire/ninep/messageRun';
import { ninepText } from '../../wire/ninep/messageText';
import { type NinepRole, ninepName } from '../../wire/ninep/typeNames';
import type { Packets } from './packets';
import type { RingPacket } from './ringTypes';

/** Header and fields of a message that are looked at: a walk of many names is told in part. */
const shownBytes = 512;

export interface NinepContents {
  readonly role: NinepRole;
  /** The last bytes of the stream, up to `prod`: a ring full at most. */
  readonly bytes: Buffer;
  readonly prod: number;
  /** So many of them wait. */
  readonly waitingBytes: number;
}

export function decodeNinep(contents: NinepContents): Packets {
  const { role, bytes, waitingBytes } = contents;
  const read = bytes.length - waitingBytes;
  const waiting = ninepBeginsFrom(bytes, read, bytes.length, role);
  if (waiting) {
    const queued = packets(contents, waiting, bytes.length);
    return { queued, consumed: packets(contents, ninepBeginsUpTo(bytes, read, role), read).reverse() };
  }
  const begins = ninepBeginsUpTo(bytes, bytes.length, role, true);
  const all = packets(contents, begins, bytes.length);
  const isQueued = (_: RingPacket, at: number) => (begins[at + 1] ?? bytes.length) > read;
  const queued = all.filter(isQueued);
  const strangeBytes = Math.max(0, (begins[0] ?? bytes.length) - read);
  if (strangeBytes > 0) queued.unshift(strange(contents, read, strangeBytes));
  return { queued, consumed: all.filter((packet, at) => !isQueued(packet, at)).reverse() };
}

/** Of a message that ends behind `end` only what is before it is there. */
function packets({ role, bytes, prod }: NinepContents, begins: readonly number[], end: number): RingPacket[] {
  return begins.map((begin, at) => {
    const next = begins[at + 1] ?? end;
    const message = bytes.subarray(begin, Math.min(next, begin + shownBytes));
    const header = ninepHeader(message);
    const index = (prod - (bytes.length - begin)) >>> 0;
    const part = { index, bytes: next - begin, txId: 0 };
    if (!header) return { ...part, type: '?', reqId: 0, text: '', doubtful: true };
    const { sizeBytes: wholeBytes, type, tag: reqId } = header;
    const name = ninepName(type, role) ?? String(type);
    return { ...part, wholeBytes, type: name, reqId, text: ninepText(name, message), doubtful: false };
  });
}

/** Bytes that wait and are no message. */
function strange({ bytes, prod }: NinepContents, begin: number, length: number): RingPacket {
  const shown = bytes.subarray(begin, begin + Math.min(length, NINEP_HEADER_BYTES + 9));
  return {
    index: (prod - (bytes.length - begin)) >>> 0,
    bytes: length,
    type: '?',
    reqId: 0,
    txId: 0,
    text: `no message of 9P: ${shown.toString('hex')}${shown.length < length ? '…' : ''}`,
    doubtful: true,
  };
}
