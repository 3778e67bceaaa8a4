/**
 * The xenstore message: a 16-byte header and up to 4096 bytes of payload, the same on sockets and
 * on rings. Follows xen/include/public/io/xs_wire.h and docs/misc/xenstore.txt.
 *
 * The parser is a value: `parseXs(state, chunk)` gives the next state and the messages that became
 * whole. It does no I/O, never throws on foreign bytes, and checks a length before it keeps a byte.
 */
import { layout } from './layout';

export const XsType = {
  CONTROL: 0,
  DIRECTORY: 1,
  READ: 2,
  GET_PERMS: 3,
  WATCH: 4,
  UNWATCH: 5,
  TRANSACTION_START: 6,
  TRANSACTION_END: 7,
  INTRODUCE: 8,
  RELEASE: 9,
  GET_DOMAIN_PATH: 10,
  WRITE: 11,
  MKDIR: 12,
  RM: 13,
  SET_PERMS: 14,
  WATCH_EVENT: 15,
  ERROR: 16,
  IS_DOMAIN_INTRODUCED: 17,
  RESUME: 18,
  SET_TARGET: 19,
  RESET_WATCHES: 21,
  DIRECTORY_PART: 22,
} as const;

export type XsType = (typeof XsType)[keyof typeof XsType];
export type XsTypeName = keyof typeof XsType;

const typeNames = new Map<number, XsTypeName>(
  Object.entries(XsType).map(([name, value]) => [value, name as XsTypeName]),
);

/** The name of a message type as the field writes it (`XS_WRITE` without the prefix). */
export function xsTypeName(type: number): XsTypeName | undefined {
  return typeNames.get(type);
}

/** Requests whose payload begins with a path, as docs/misc/xenstore.txt lists them. */
export const xsTypesWithPath: ReadonlySet<number> = new Set([
  XsType.DIRECTORY,
  XsType.READ,
  XsType.GET_PERMS,
  XsType.WATCH,
  XsType.UNWATCH,
  XsType.WRITE,
  XsType.MKDIR,
  XsType.RM,
  XsType.SET_PERMS,
  XsType.DIRECTORY_PART,
]);

export const XS_HEADER = layout('xsd_sockmsg', 'xen/include/public/io/xs_wire.h', 16, {
  type: [0, 4, 'What is asked, or answered; 16 is an error.'],
  req_id: [4, 4, 'Chosen by the client, echoed in the reply; 0 in watch events.'],
  tx_id: [8, 4, 'The transaction that the request belongs to; 0 for none.'],
  len: [12, 4, 'Bytes of payload that follow, at most 4096 in a request.'],
});

export const XS_HEADER_BYTES = XS_HEADER.sizeBytes;
/** XENSTORE_PAYLOAD_MAX: the longest payload of a request, and of a reply on a ring. */
export const XS_PAYLOAD_MAX_BYTES = 4096;
/** XENSTORE_REL_PATH_MAX: what servers take of a path, without a leading `/local/domain/N/`. */
export const XS_REL_PATH_MAX_BYTES = 2048;

export interface XsMessage {
  /** Any unsigned 32-bit number: a foreign type need not be one that we know. */
  readonly type: number;
  readonly reqId: number;
  readonly txId: number;
  /** From the parser a view into the chunk it was given: copy what must outlive the chunk. */
  readonly payload: Buffer;
}

export function writeXsHeader(
  into: Buffer,
  offset: number,
  type: number,
  reqId: number,
  txId: number,
  payloadBytes: number,
): void {
  into.writeUInt32LE(type, offset);
  into.writeUInt32LE(reqId, offset + 4);
  into.writeUInt32LE(txId, offset + 8);
  into.writeUInt32LE(payloadBytes, offset + 12);
}

export function encodeXs(message: XsMessage): Buffer {
  const bytes = Buffer.allocUnsafe(XS_HEADER_BYTES + message.payload.length);
  writeXsHeader(bytes, 0, message.type, message.reqId, message.txId, message.payload.length);
  bytes.set(message.payload, XS_HEADER_BYTES);
  return bytes;
}

export type XsParserState =
  /** `partial` holds the start of a message; at least `neededBytes` more decide what comes next. */
  | { readonly kind: 'more'; readonly partial: Buffer; readonly neededBytes: number }
  /** The stream is out of step for good; `reason` is one sentence for a log. */
  | { readonly kind: 'broken'; readonly reason: string };

export const xsParserStart: XsParserState = {
  kind: 'more',
  partial: Buffer.alloc(0),
  neededBytes: XS_HEADER_BYTES,
};

export interface XsParsed {
  readonly state: XsParserState;
  /** Whole messages in the order of the stream. */
  readonly messages: XsMessage[];
}

/**
 * Feeds a chunk of the stream to the parser.
 *
 * `maxPayloadBytes` is 4096 for a server; a client must accept more, because oxenstored sends
 * longer replies over sockets. The returned state keeps no reference to `chunk`.
 */
export function parseXs(
  state: XsParserState,
  chunk: Buffer,
  maxPayloadBytes: number = XS_PAYLOAD_MAX_BYTES,
): XsParsed {
  const messages: XsMessage[] = [];
  if (state.kind === 'broken') return { state, messages };
  const { partial } = state;
  const bytes = partial.length === 0 ? chunk : Buffer.concat([partial, chunk]);
  let offset = 0;
  for (;;) {
    const end = xsMessageEnd(bytes, offset, maxPayloadBytes);
    if (end === XS_TOO_LONG) {
      const payloadBytes = bytes.readUInt32LE(offset + 12);
      const reason = `A message announces ${payloadBytes} bytes of payload; at most ${maxPayloadBytes} are allowed.`;
      return { state: { kind: 'broken', reason }, messages };
    }
    if (end > bytes.length) {
      const rest = offset === bytes.length ? xsParserStart : more(bytes, offset, end - bytes.length);
      return { state: rest, messages };
    }
    messages.push({
      type: bytes.readUInt32LE(offset),
      reqId: bytes.readUInt32LE(offset + 4),
      txId: bytes.readUInt32LE(offset + 8),
      payload: bytes.subarray(offset + XS_HEADER_BYTES, end),
    });
    offset = end;
  }
}

/** What xsMessageEnd answers when a message announces more payload than is allowed. */
export const XS_TOO_LONG = -1;

/**
 * Where the message that starts at `offset` ends. Beyond `bytes` it says how far they must reach at
 * least before more can be told: the end of the header, then the end of the message.
 */
export function xsMessageEnd(bytes: Buffer, offset: number, maxPayloadBytes: number): number {
  const headerEnd = offset + XS_HEADER_BYTES;
  if (headerEnd > bytes.length) return headerEnd;
  const payloadBytes = bytes.readUInt32LE(offset + 12);
  return payloadBytes > maxPayloadBytes ? XS_TOO_LONG : headerEnd + payloadBytes;
}

/** Copies the unfinished tail, which is at most one header and one payload long. */
function more(bytes: Buffer, offset: number, neededBytes: number): XsParserState {
  return { kind: 'more', partial: Buffer.from(bytes.subarray(offset)), neededBytes };
}
