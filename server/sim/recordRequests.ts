/** Notes what somebody from outside asks of a world's store, in the order in which it arrives. */
import type { ConnectionTap, StoreTap } from '../host/tap';
import type { Dial } from '../store/byteStream';
import { XS_HEADER_BYTES, XS_PAYLOAD_MAX_BYTES, XS_TOO_LONG, XsType, xsMessageEnd } from '../wire/xsMessage';
import { heardStream } from './heardStream';
import { describeXs } from './worldLink';

/** Takes what one request is, and its bytes in hexadecimal. */
export type RequestNote = (text: string) => void;

/** Whoever only looks changes nothing, and would soon fill the record. */
const onlyLooks: ReadonlySet<number> = new Set([
  XsType.READ,
  XsType.DIRECTORY,
  XsType.DIRECTORY_PART,
  XsType.GET_PERMS,
  XsType.GET_DOMAIN_PATH,
  XsType.IS_DOMAIN_INTRODUCED,
]);

/** The same way to the store, with what is asked on it noted. */
export function recordedDial(dial: Dial, note: RequestNote): Dial {
  return async (handlers) => {
    const requests = new Requests(note);
    return heardStream(await dial(handlers), (bytes) => requests.push(bytes));
  };
}

/** Notes what is asked through sockets; everything else, and that as well, goes on to `inner`. */
export function recordedSockets(note: RequestNote, inner: StoreTap | undefined): StoreTap {
  return {
    opened(connection) {
      const next = inner?.opened(connection);
      return connection.transport === 'socket' ? both(new Requests(note), next) : next;
    },
  };
}

function both(requests: Requests, next: ConnectionTap | undefined): ConnectionTap {
  return {
    received(bytes, start, end) {
      requests.push(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start));
      next?.received(bytes, start, end);
    },
    sent: (bytes, start, end) => next?.sent(bytes, start, end),
    restarted: () => next?.restarted(),
    closed: (reason) => next?.closed(reason),
  };
}

/** Puts messages together; what breaks the protocol ends the connection, and is not noted. */
class Requests {
  #partial: Buffer = Buffer.alloc(0);
  #isBroken = false;

  constructor(private readonly note: RequestNote) {}

  push(bytes: Buffer): void {
    if (this.#isBroken) return;
    const all = this.#partial.length === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    let offset = 0;
    for (;;) {
      const end = xsMessageEnd(all, offset, XS_PAYLOAD_MAX_BYTES);
      if (end === XS_TOO_LONG) {
        this.#isBroken = true;
        return;
      }
      if (end > all.length) break;
      this.#noteOne(all.subarray(offset, end));
      offset = end;
    }
    // At most one header and one payload; a copy, because the bytes are only ours during the call.
    this.#partial = Buffer.from(all.subarray(offset));
  }

  #noteOne(message: Buffer): void {
    if (message.length < XS_HEADER_BYTES || onlyLooks.has(message.readUInt32LE(0))) return;
    this.note(`${describeXs(message)}: ${message.toString('hex')}`);
  }
}
