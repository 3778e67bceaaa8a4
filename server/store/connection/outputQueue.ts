/**
 * What a connection has to say and its stream did not take yet. Replies and events are encoded
 * straight into one piece of memory and handed on with one write.
 *
 * While the stream is full the queue grows. Replies stop by themselves, because no further request
 * is taken; an event that waits already, with the same path and token, is not queued twice; beyond
 * the limit the connection is cut off, because a client that lost an event without knowing would
 * be wrong for ever, while one that is cut off connects again and looks anew.
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
  #used = 0;
  #replies = 0;
  /** The events that wait. Mostly there is none or one, and the set stays untouched. */
  #firstEvent: string | undefined;
  readonly #furtherEvents = new Set<string>();

  get unsentBytes(): number {
    return this.#used;
  }

  get unsentReplies(): number {
    return this.#replies;
  }

  /** `payload` has one character per octet. */
  reply(type: number, reqId: number, txId: number, payload: string): void {
    this.#replies += 1;
    this.#append(type, reqId, txId, payload);
  }

  event(path: string, token: string): void {
    const payload = `${path}\0${token}\0`;
    if (payload.length > XS_PAYLOAD_MAX_BYTES) return;
    if (!path.startsWith('@') && !this.#isNew(payload)) return;
    this.#append(XsType.WATCH_EVENT, 0, 0, payload);
  }

  /** Whether no such event waits; from now on one does. */
  #isNew(event: string): boolean {
    if (this.#firstEvent === undefined) {
      this.#firstEvent = event;
      return true;
    }
    if (this.#firstEvent === event || this.#furtherEvents.has(event)) return false;
    this.#furtherEvents.add(event);
    return true;
  }

  #append(type: number, reqId: number, txId: number, payload: string): void {
    const end = this.#used + XS_HEADER_BYTES + payload.length;
    if (end > this.#bytes.length) this.#grow(end);
    writeXsHeader(this.#bytes, this.#used, type, reqId, txId, payload.length);
    writeLatin1(this.#bytes, this.#used + XS_HEADER_BYTES, payload);
    this.#used = end;
  }

  #grow(neededBytes: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(neededBytes, 2 * this.#bytes.length, FIRST_BYTES));
    this.#bytes.copy(bytes, 0, 0, this.#used);
    this.#bytes = bytes;
  }

  /** Hands on what `writeNow` takes at once, from memory that is used again; whether that was all. */
  sendNow(writeNow: (bytes: Buffer, length: number) => number): boolean {
    const sent = writeNow(this.#bytes, this.#used);
    if (sent < this.#used) {
      this.#bytes.copyWithin(0, sent, this.#used);
      this.#used -= sent;
      return false;
    }
    this.#forgetAll();
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = empty;
    return true;
  }

  /** Everything, for the stream to keep. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#bytes = empty;
    this.#forgetAll();
    return taken;
  }

  #forgetAll(): void {
    this.#used = 0;
    this.#replies = 0;
    this.#firstEvent = undefined;
    if (this.#furtherEvents.size > 0) this.#furtherEvents.clear();
  }
}

function writeLatin1(into: Buffer, offset: number, text: string): void {
  if (text.length > MAX_SHORT_BYTES) into.write(text, offset, 'latin1');
  else for (let at = 0; at < text.length; at += 1) into[offset + at] = text.charCodeAt(at);
}
