/**
 * The protocol of a world's guest socket, through which programs of other processes join it:
 * requests and replies of fixed layout, one connection for each device that a program has open.
 * docs/xensim.md tells what each request means; native/xensim/wire.h has the same numbers in C.
 *
 * request: op u32, payload bytes u32, payload. reply: result s32 (0 or more, or a negative errno),
 * payload bytes u32, payload. All integers are little-endian.
 */

export const GUEST_PROTOCOL_VERSION = 1;
/** "XSIM", the first word of every connection. */
export const GUEST_MAGIC = 0x4d49_5358;
export const GUEST_HEADER_BYTES = 8;
/** The longest that one request may carry. */
export const GUEST_PAYLOAD_MAX_BYTES = 64 * 1024;
/** Pages in one request to map or to share. */
export const GUEST_PAGES_MAX = 4096;
/** In place of a byte's offset or a port: none. */
export const GUEST_NONE = 0xffff_ffff;
/** A name of a file in the folder of the pages, filled up with zeroes, and the number of the page in it. */
export const GUEST_PLACE_BYTES = 32;
export const GUEST_PLACE_NAME_BYTES = 28;

/** What a connection is: the devices of /dev/xen that a program opens, and how it joins at all. */
export const GuestKind = {
  join: 0,
  evtchn: 1,
  /** The events of an evtchn: from then on the server sends the numbers of ports, u32 each. */
  events: 2,
  gntdev: 3,
  gntalloc: 4,
  privcmd: 5,
} as const;

export const GuestOp = {
  hello: 1,
  bindUnbound: 16,
  bindInterdomain: 17,
  unbind: 18,
  notify: 19,
  unmask: 20,
  restrict: 21,
  map: 32,
  unmap: 33,
  share: 48,
  unshare: 49,
  mapForeign: 64,
  unmapForeign: 65,
  domains: 66,
  hvmParam: 67,
  portStatus: 68,
  worldTime: 69,
} as const;

/** What `worldTime` answers: what is waited for by the world's time comes, or does not. */
export const GuestWorldTime = { passes: 0, paceIs0: 1, isHeld: 2 } as const;

/** The errno of Linux that a reply says, made negative there. */
export const GuestErrno = {
  EPERM: 1,
  ESRCH: 3,
  EIO: 5,
  E2BIG: 7,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  ENODEV: 19,
  EINVAL: 22,
  ENOTTY: 25,
  ENOSPC: 28,
  EPROTO: 71,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  ENOTCONN: 107,
} as const;

export interface GuestRequest {
  readonly op: number;
  readonly payload: Buffer;
}

export interface GuestReply {
  /** 0 or more, or a negative errno. */
  readonly result: number;
  readonly payload?: Buffer;
}

/**
 * The message that begins at `offset`: where it ends, whether or not it is all there; `undefined`
 * while its header is not; `tooLong` when no such message may come.
 */
export function guestMessageEnd(
  bytes: Buffer,
  offset: number,
  maxPayloadBytes: number,
): number | 'tooLong' | undefined {
  if (bytes.length - offset < GUEST_HEADER_BYTES) return undefined;
  const payloadBytes = bytes.readUInt32LE(offset + 4);
  return payloadBytes > maxPayloadBytes ? 'tooLong' : offset + GUEST_HEADER_BYTES + payloadBytes;
}

export function guestRequestBytes({ op, payload }: GuestRequest): Buffer {
  return message(op, payload);
}

export function guestReplyBytes({ result, payload = Buffer.alloc(0) }: GuestReply): Buffer {
  return message(result, payload);
}

function message(first: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(GUEST_HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(first >>> 0, 0);
  bytes.writeUInt32LE(payload.length, 4);
  payload.copy(bytes, GUEST_HEADER_BYTES);
  return bytes;
}

export interface GuestHello {
  readonly version: number;
  readonly kind: number;
  /** Whose program it is; means nothing in a `join`. */
  readonly domid: number;
  /** `join`: the name of a domain. `events`: the token that the evtchn was given. */
  readonly rest: Buffer;
}

const helloBytes = 16;

export function guestHelloBytes({ version, kind, domid, rest }: GuestHello): Buffer {
  const bytes = Buffer.alloc(helloBytes + rest.length);
  [GUEST_MAGIC, version, kind, domid].forEach((word, at) => bytes.writeUInt32LE(word, 4 * at));
  rest.copy(bytes, helloBytes);
  return bytes;
}

/** Undefined for anything that is no greeting. */
export function parseGuestHello(payload: Buffer): GuestHello | undefined {
  if (payload.length < helloBytes || payload.readUInt32LE(0) !== GUEST_MAGIC) return undefined;
  return {
    version: payload.readUInt32LE(4),
    kind: payload.readUInt32LE(8),
    domid: payload.readUInt32LE(12),
    rest: payload.subarray(helloBytes),
  };
}

/** The 32-bit words of a payload that is made of nothing else; undefined otherwise. */
export function guestWords(payload: Buffer): number[] | undefined {
  if (payload.length % 4 !== 0) return undefined;
  return Array.from({ length: payload.length / 4 }, (_, at) => payload.readUInt32LE(4 * at));
}

export function guestWordBytes(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, at) => bytes.writeUInt32LE(word >>> 0, 4 * at));
  return bytes;
}
