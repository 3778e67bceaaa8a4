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
/** Up to here writing a text byte by byte is quicker than the call that does it at once. */
const MAX_SHORT_BYTES = 16;
const empty = Buffer.alloc(0);

export class OutputQueue {
  #bytes = empty;
  #used = 0;
  #replies = 0;
  readonly #events = new Set<string>();

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
    if (!path.startsWith('@')) {
      if (this.#events.has(payload)) return;
      this.#events.add(payload);
    }
    this.#append(XsType.WATCH_EVENT, 0, 0, payload);
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

  /** Everything, for the stream to keep. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#bytes = empty;
    this.#used = 0;
    this.#replies = 0;
    if (this.#events.size > 0) this.#events.clear();
    return taken;
  }
}

function writeLatin1(into: Buffer, offset: number, text: string): void {
  if (text.length > MAX_SHORT_BYTES) into.write(text, offset, 'latin1');
  else for (let at = 0; at < text.length; at += 1) into[offset + at] = text.charCodeAt(at);
}
