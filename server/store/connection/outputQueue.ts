/**
 * What a connection has to say and its stream did not take yet. Replies and events are encoded
 * straight into one piece of memory and handed on with one write.
 *
 * While the stream is full the queue grows. Replies stop by themselves, because no further request
 * is taken; an event that waits already, with the same path and token, is not queued twice; beyond
 * the limit the connection is cut off, because a client that lost an event without knowing would
 * be wrong for ever, while one that is cut off connects again and looks anew. Only of guests, as in
 * C xenstored, events that nobody takes are dropped in time (guestLimits.ts).
 */
import { XsType, XS_HEADER_BYTES, XS_PAYLOAD_MAX_BYTES, writeXsHeader } from '../../wire/xsMessage';

const FIRST_BYTES = 256;
/** Memory that is kept for the next batch; more than that is rarely needed and goes. */
const MAX_KEPT_BYTES = 4096;
/** Up to here writing a text byte by byte is quicker than the call that does it at once. */
const MAX_SHORT_BYTES = 16;
const empty = Buffer.alloc(0);

export class OutputQueue {
  #bytes = empty;
  /** Where the first message begins, or what is left of it, and where the last one ends. */
  #start = 0;
  #end = 0;
  #replies = 0;
  /** The events that wait. Mostly there is none or one, and the set stays untouched. */
  #firstEvent: string | undefined;
  readonly #furtherEvents = new Set<string>();
  /** When the events that wait are late, in their order; empty where they never are. */
  #lateAtMs: number[] = [];

  get unsentBytes(): number {
    return this.#end - this.#start;
  }

  get unsentReplies(): number {
    return this.#replies;
  }

  /** When the first event is late that waits. */
  get firstLateAtMs(): number | undefined {
    return this.#lateAtMs[0];
  }

  /** `payload` has one character per octet. */
  reply(type: number, reqId: number, txId: number, payload: string): void {
    this.#replies += 1;
    this.#append(type, reqId, txId, payload);
  }

  /** `lateAtMs`: when it may be dropped unsent; either all events of a queue say so or none. */
  event(path: string, token: string, lateAtMs?: number): void {
    const payload = eventPayload(path, token);
    if (payload.length > XS_PAYLOAD_MAX_BYTES) return;
    if (!path.startsWith('@') && !this.#isNew(payload)) return;
    this.#append(XsType.WATCH_EVENT, 0, 0, payload);
    if (lateAtMs !== undefined) this.#lateAtMs.push(lateAtMs);
  }

  /** Whether such an event waits already, so that another one is nothing new. */
  hasEvent(path: string, token: string): boolean {
    return this.#knows(eventPayload(path, token));
  }

  #knows(event: string): boolean {
    if (this.#firstEvent === event) return true;
    return this.#furtherEvents.size > 0 && this.#furtherEvents.has(event);
  }

  /** Whether no such event waits; from now on one does. */
  #isNew(event: string): boolean {
    if (this.#knows(event)) return false;
    if (this.#firstEvent === undefined) this.#firstEvent = event;
    else this.#furtherEvents.add(event);
    return true;
  }

  #append(type: number, reqId: number, txId: number, payload: string): void {
    const bytes = XS_HEADER_BYTES + payload.length;
    if (this.#end + bytes > this.#bytes.length) this.#makeRoom(bytes);
    writeXsHeader(this.#bytes, this.#end, type, reqId, txId, payload.length);
    writeLatin1(this.#bytes, this.#end + XS_HEADER_BYTES, payload);
    this.#end += bytes;
  }

  #makeRoom(moreBytes: number): void {
    const { unsentBytes } = this;
    const neededBytes = unsentBytes + moreBytes;
    // In place only where that frees half of the memory: for less the same bytes would be moved over and over.
    const inPlace = 2 * this.#start >= this.#bytes.length && neededBytes <= this.#bytes.length;
    const into = inPlace
      ? this.#bytes
      : Buffer.allocUnsafe(Math.max(neededBytes, 2 * unsentBytes, FIRST_BYTES));
    this.#bytes.copy(into, 0, this.#start, this.#end);
    this.#bytes = into;
    this.#start = 0;
    this.#end = unsentBytes;
  }

  /** Hands on what `writeNow` takes at once, from memory that is used again; whether that was all. */
  sendNow(writeNow: (bytes: Buffer, length: number) => number): boolean {
    const { unsentBytes } = this;
    const bytes = this.#start === 0 ? this.#bytes : this.#bytes.subarray(this.#start);
    const sent = writeNow(bytes, unsentBytes);
    if (sent < unsentBytes) {
      this.#start += sent;
      return false;
    }
    this.#forgetAll();
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = empty;
    return true;
  }

  /** Everything, for the stream to keep. */
  take(): Buffer {
    const taken = this.#bytes.subarray(this.#start, this.#end);
    this.#bytes = empty;
    this.#forgetAll();
    return taken;
  }

  /** Whole messages from the front, for the stream to keep: as many as go into `maxBytes`, and at least one. */
  takeSome(maxBytes: number): Buffer {
    if (this.unsentBytes <= maxBytes) return this.take();
    let end = this.#start;
    let events = 0;
    do {
      const next = this.#messageEnd(end);
      if (this.#forget(end, next)) events += 1;
      end = next;
    } while (end < this.#end && this.#messageEnd(end) - this.#start <= maxBytes);
    this.#lateAtMs.splice(0, events);
    const taken = Buffer.from(this.#bytes.subarray(this.#start, end));
    this.#start = end;
    return taken;
  }

  /** Drops the events that are late by now; how many those were. */
  dropLate(nowMs: number): number {
    const firstInTime = this.#lateAtMs.findIndex((lateAtMs) => lateAtMs > nowMs);
    const late = firstInTime < 0 ? this.#lateAtMs.length : firstInTime;
    if (late === 0) return 0;
    this.#lateAtMs.splice(0, late);
    let left = late;
    let kept = this.#start;
    for (let at = this.#start; at < this.#end;) {
      const next = this.#messageEnd(at);
      if (left > 0 && this.#isEvent(at)) {
        left -= 1;
        this.#forget(at, next);
      } else {
        this.#bytes.copyWithin(kept, at, next);
        kept += next - at;
      }
      at = next;
    }
    this.#end = kept;
    return late;
  }

  #messageEnd(at: number): number {
    return at + XS_HEADER_BYTES + this.#bytes.readUInt32LE(at + 12);
  }

  #isEvent(at: number): boolean {
    return this.#bytes.readUInt32LE(at) === XsType.WATCH_EVENT;
  }

  /** The message from `at` to `end` waits no longer; whether it is an event. */
  #forget(at: number, end: number): boolean {
    if (!this.#isEvent(at)) {
      this.#replies -= 1;
      return false;
    }
    const event = this.#bytes.toString('latin1', at + XS_HEADER_BYTES, end);
    if (this.#firstEvent === event) this.#firstEvent = undefined;
    else this.#furtherEvents.delete(event);
    return true;
  }

  #forgetAll(): void {
    this.#start = 0;
    this.#end = 0;
    this.#replies = 0;
    this.#firstEvent = undefined;
    if (this.#furtherEvents.size > 0) this.#furtherEvents.clear();
    if (this.#lateAtMs.length > 0) this.#lateAtMs = [];
  }
}

function eventPayload(path: string, token: string): string {
  return `${path}\0${token}\0`;
}

function writeLatin1(into: Buffer, offset: number, text: string): void {
  if (text.length > MAX_SHORT_BYTES) into.write(text, offset, 'latin1');
  else for (let at = 0; at < text.length; at += 1) into[offset + at] = text.charCodeAt(at);
}
