/** One message of the store's protocol as the debugger keeps it, and what it says. */
import { parseXsError, type XsErrorName } from '../wire/errno';
import { XS_HEADER_BYTES, XsType, xsTypeName, xsTypesWithPath } from '../wire/xsMessage';
import { domainPath, isSpecialPath } from '../wire/xsPath';
import type { ListingPlace } from './listing';

export type MessageKind = 'request' | 'reply' | 'event';

export interface Message {
  /** Counts all messages of the session from 1. */
  readonly number: number;
  readonly kind: MessageKind;
  /** The connection that carried it. */
  readonly connectionId: number;
  /** Of the world's time, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly type: number;
  readonly reqId: number;
  readonly txId: number;
  readonly payload: Buffer;
  /** Bytes of its direction before it, since the connection began. */
  readonly offset: number;
  /** Where it stands in the listing of the connection. */
  readonly place: ListingPlace;
  /** What a reply answers; undefined when the request was not seen. */
  readonly request: Message | undefined;
  readonly said: Said;
}

/** The payload in the words of the protocol. */
export interface Said {
  /** `XS_WRITE`; of a reply what was asked for. */
  readonly operation: string;
  /** As it was sent: it may be relative. */
  readonly path: string | undefined;
  readonly absolutePath: string | undefined;
  /** Of a write the value, of a watch the token. */
  readonly value: string | undefined;
  /** Of a reply that is an error. */
  readonly error: XsErrorName | undefined;
}

export function messageBytes({ payload }: Message): number {
  return XS_HEADER_BYTES + payload.length;
}

/** `XS_WRITE`, or `XS_99` for a type that no document names. */
export function operationName(type: number): string {
  return `XS_${xsTypeName(type) ?? type}`;
}

/** Reads a payload; never throws, whatever it holds. `domid` is where relative paths begin. */
export function say(type: number, payload: Buffer, domid: number, request?: Message): Said {
  if (request) {
    const { operation, path, absolutePath } = request.said;
    const error = type === XsType.ERROR ? parseXsError(payload).name : undefined;
    const read = request.type === XsType.READ ? text : words;
    return { operation, path, absolutePath, value: read(payload), error };
  }
  const operation = operationName(type);
  const error = type === XsType.ERROR ? parseXsError(payload).name : undefined;
  if (!xsTypesWithPath.has(type) && type !== XsType.WATCH_EVENT) {
    return { operation, path: undefined, absolutePath: undefined, value: words(payload), error };
  }
  const nul = payload.indexOf(0);
  const path = payload.toString('latin1', 0, nul < 0 ? payload.length : nul);
  const rest = nul < 0 || nul + 1 >= payload.length ? undefined : payload.subarray(nul + 1);
  const hasValue = rest !== undefined || type === XsType.WRITE;
  const read = type === XsType.WRITE ? text : words;
  const value = hasValue ? read(rest ?? Buffer.alloc(0)) : undefined;
  return { operation, path, absolutePath: absolute(path, domid), value, error };
}

function absolute(path: string, domid: number): string {
  return path.startsWith('/') || isSpecialPath(path) ? path : `${domainPath(domid)}/${path}`;
}

/** Octets as one line: a last NUL does not show, others do, and so does what cannot be printed. */
export function text(bytes: Buffer): string {
  const end = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
  return bytes
    .toString('latin1', 0, end)
    .replace(/[^\x20-\x7e]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Words that end with NULs, with a blank between. */
function words(bytes: Buffer): string {
  return text(bytes).replaceAll('\\x00', ' ');
}
