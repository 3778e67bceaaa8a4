/**
 * What lies between our client and the kernel's xenbus device. Linux takes the messages of the
 * protocol, but keeps watches and transactions itself and is not as careful as a xenstored: what it
 * would take badly is answered here, and what it answers loosely is put right.
 * Follows drivers/xen/xenbus/xenbus_dev_frontend.c.
 */
import type { XsErrorName } from '../../wire/errno';
import { XsType, encodeXs, xsMessageEnd } from '../../wire/xsMessage';
import type { XsMessage } from '../../wire/xsMessage';

/** The kernel's buffer for one message, its header included. */
export const maxDeviceMessageBytes = 4096;

const noLimit = 0xffff_ffff;

/** The messages in what our client wrote; it only ever writes whole ones. */
export function* messagesIn(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const end = xsMessageEnd(bytes, start, noLimit);
    yield bytes.subarray(start, end);
    start = end;
  }
}

export class DeviceMessages {
  /** Ids of WATCH and UNWATCH that the kernel has not answered: old kernels answer them with another id. */
  readonly #watchRequests: number[] = [];
  readonly #starting = new Set<number>();
  readonly #transactions = new Set<number>();

  /** A request is about to be written. Answers the reply to it where the kernel must not see it. */
  onRequest(message: Buffer): Buffer | undefined {
    const { type, reqId, txId } = headerOf(message);
    // It would end the watches of the kernel's own drivers, for they share this connection.
    if (type === XsType.RESET_WATCHES) return errorReply(message, 'EPERM');
    if (message.length > maxDeviceMessageBytes) return errorReply(message, 'E2BIG');
    // The end of a transaction that it does not know stops some kernels for good.
    if (txId !== 0 && !this.#transactions.has(txId)) return errorReply(message, 'ENOENT');
    if (type === XsType.TRANSACTION_END) this.#transactions.delete(txId);
    if (type === XsType.TRANSACTION_START) this.#starting.add(reqId);
    if (isWatching(type)) this.#watchRequests.push(reqId);
    return undefined;
  }

  /** The kernel refused to take the message: its errno is the answer. */
  onRefused(message: Buffer, error: XsErrorName): Buffer {
    const { type, reqId } = headerOf(message);
    if (isWatching(type)) this.#watchRequests.splice(this.#watchRequests.lastIndexOf(reqId), 1);
    this.#starting.delete(reqId);
    return errorReply(message, error);
  }

  /** A message of the kernel, as a xenstored would have sent it. */
  onReply(message: XsMessage): Buffer {
    const { type, payload } = message;
    if (type === XsType.WATCH_EVENT) return encodeXs({ ...message, reqId: 0, txId: 0 });
    if (isWatching(type)) {
      const reqId = this.#watchRequests.shift() ?? message.reqId;
      return encodeXs({ ...message, reqId, txId: 0 });
    }
    // An error answers a watch as well, by its id.
    const waiting = this.#watchRequests.indexOf(message.reqId);
    if (waiting >= 0) this.#watchRequests.splice(waiting, 1);
    if (this.#starting.delete(message.reqId) && type === XsType.TRANSACTION_START) {
      this.#transactions.add(Number.parseInt(payload.toString('latin1'), 10));
    }
    return encodeXs(message);
  }
}

function isWatching(type: number): boolean {
  return type === XsType.WATCH || type === XsType.UNWATCH;
}

function headerOf(message: Buffer): { type: number; reqId: number; txId: number } {
  return {
    type: message.readUInt32LE(0),
    reqId: message.readUInt32LE(4),
    txId: message.readUInt32LE(8),
  };
}

function errorReply(request: Buffer, error: XsErrorName): Buffer {
  const { reqId, txId } = headerOf(request);
  return encodeXs({ type: XsType.ERROR, reqId, txId, payload: Buffer.from(`${error}\0`) });
}
