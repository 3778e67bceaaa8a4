/**
 * Requests and responses of the command ring as values. The offsets come from the tables that the decoder
 * and the comparison with Xen's header use (slotRings/pvcallsCommands.ts).
 */
import { PVCALLS_LAYOUTS, PVCALLS_RING } from '../slotRings/pvcallsCommands';
import type { SlotLayout } from '../slotRings/slotRing';
import { PVCALLS_ADDRESS_BYTES } from './address';
import { pvcallsCommandNames, pvcallsCommands } from './commands';

export const PVCALLS_SLOT_BYTES = PVCALLS_RING.slotBytes;
export const PVCALLS_RESPONSE_BYTES = PVCALLS_LAYOUTS.response.sizeBytes;

/** The bytes of an address as they stand, and how many of them are said to count. */
interface Addressed {
  readonly address: Uint8Array;
  readonly addressLengthBytes: number;
}

/** Where the rings of a socket are: the grant of their page of indices, and the frontend's event channel. */
export interface RingPlace {
  readonly ref: number;
  readonly evtchn: number;
}

/** What is asked; `id` is the frontend's number for the socket, opaque to the backend. */
export type PvCallsCall =
  | {
      readonly cmd: 'socket';
      readonly id: bigint;
      readonly domain: number;
      readonly type: number;
      readonly protocol: number;
    }
  | ({ readonly cmd: 'connect'; readonly id: bigint; readonly flags: number } & Addressed & RingPlace)
  | { readonly cmd: 'release'; readonly id: bigint; readonly reuse: boolean }
  | ({ readonly cmd: 'bind'; readonly id: bigint } & Addressed)
  | { readonly cmd: 'listen'; readonly id: bigint; readonly backlog: number }
  | ({ readonly cmd: 'accept'; readonly id: bigint; readonly newId: bigint } & RingPlace)
  | { readonly cmd: 'poll'; readonly id: bigint };

export type PvCallsRequest = { readonly reqId: number } & (
  PvCallsCall | { readonly cmd: 'unknown'; readonly number: number }
);

export interface PvCallsResponse {
  readonly reqId: number;
  /** The number, which may be one that nobody knows. */
  readonly cmd: number;
  /** 0 or a negative errno. */
  readonly ret: number;
  readonly id: bigint;
}

/** Where a field of a structure begins; a name that it does not have is a mistake in this file. */
function at(layout: SlotLayout, name: string): number {
  const field = layout.fields.find((each) => each.name === name);
  if (!field) throw new RangeError(`${layout.name} has no field ${name}`);
  return field.offsetBytes;
}

const { socket, connect, release, bind, listen, accept, response } = PVCALLS_LAYOUTS;
const REQ_ID = at(socket, 'req_id');
const CMD = at(socket, 'cmd');
const ID = at(socket, 'u.socket.id');
const SOCKET = {
  domain: at(socket, 'u.socket.domain'),
  type: at(socket, 'u.socket.type'),
  protocol: at(socket, 'u.socket.protocol'),
};
const CONNECT = {
  addr: at(connect, 'u.connect.addr'),
  len: at(connect, 'u.connect.len'),
  flags: at(connect, 'u.connect.flags'),
  ref: at(connect, 'u.connect.ref'),
  evtchn: at(connect, 'u.connect.evtchn'),
};
/** Linux’s frontend leaves in this byte what an earlier command had there: only 1 is meant. */
const RELEASE_REUSE = at(release, 'u.release.reuse');
const BIND = { addr: at(bind, 'u.bind.addr'), len: at(bind, 'u.bind.len') };
const LISTEN_BACKLOG = at(listen, 'u.listen.backlog');
const ACCEPT = {
  newId: at(accept, 'u.accept.id_new'),
  ref: at(accept, 'u.accept.ref'),
  evtchn: at(accept, 'u.accept.evtchn'),
};
const RSP = {
  reqId: at(response, 'req_id'),
  cmd: at(response, 'cmd'),
  ret: at(response, 'ret'),
  id: at(response, 'u.socket.id'),
};

/** Of any bytes; what lies beyond their end reads as zero. `slot` is not kept, and may change afterwards. */
export function parsePvCallsRequest(slot: Uint8Array): PvCallsRequest {
  const bytes = copyOf(slot, PVCALLS_SLOT_BYTES);
  const reqId = bytes.readUInt32LE(REQ_ID);
  const number = bytes.readUInt32LE(CMD);
  const cmd = pvcallsCommandNames[number];
  const id = bytes.readBigUInt64LE(ID);
  if (cmd === undefined) return { reqId, cmd: 'unknown', number };
  switch (cmd) {
    case 'socket':
      return {
        reqId,
        cmd,
        id,
        domain: bytes.readUInt32LE(SOCKET.domain),
        type: bytes.readUInt32LE(SOCKET.type),
        protocol: bytes.readUInt32LE(SOCKET.protocol),
      };
    case 'connect':
      return {
        reqId,
        cmd,
        id,
        ...addressAt(bytes, CONNECT),
        flags: bytes.readUInt32LE(CONNECT.flags),
        ref: bytes.readUInt32LE(CONNECT.ref),
        evtchn: bytes.readUInt32LE(CONNECT.evtchn),
      };
    case 'release':
      return { reqId, cmd, id, reuse: bytes[RELEASE_REUSE] === 1 };
    case 'bind':
      return { reqId, cmd, id, ...addressAt(bytes, BIND) };
    case 'listen':
      return { reqId, cmd, id, backlog: bytes.readUInt32LE(LISTEN_BACKLOG) };
    case 'accept':
      return {
        reqId,
        cmd,
        id,
        newId: bytes.readBigUInt64LE(ACCEPT.newId),
        ref: bytes.readUInt32LE(ACCEPT.ref),
        evtchn: bytes.readUInt32LE(ACCEPT.evtchn),
      };
    case 'poll':
      return { reqId, cmd, id };
  }
}

/** A whole slot; pads are zero. */
export function writePvCallsRequest(reqId: number, call: PvCallsCall): Buffer {
  const bytes = Buffer.alloc(PVCALLS_SLOT_BYTES);
  bytes.writeUInt32LE(reqId, REQ_ID);
  bytes.writeUInt32LE(pvcallsCommands[call.cmd], CMD);
  bytes.writeBigUInt64LE(call.id, ID);
  switch (call.cmd) {
    case 'socket':
      bytes.writeUInt32LE(call.domain, SOCKET.domain);
      bytes.writeUInt32LE(call.type, SOCKET.type);
      bytes.writeUInt32LE(call.protocol, SOCKET.protocol);
      break;
    case 'connect':
      writeAddress(bytes, CONNECT, call);
      bytes.writeUInt32LE(call.flags, CONNECT.flags);
      bytes.writeUInt32LE(call.ref, CONNECT.ref);
      bytes.writeUInt32LE(call.evtchn, CONNECT.evtchn);
      break;
    case 'release':
      bytes[RELEASE_REUSE] = call.reuse ? 1 : 0;
      break;
    case 'bind':
      writeAddress(bytes, BIND, call);
      break;
    case 'listen':
      bytes.writeUInt32LE(call.backlog, LISTEN_BACKLOG);
      break;
    case 'accept':
      bytes.writeBigUInt64LE(call.newId, ACCEPT.newId);
      bytes.writeUInt32LE(call.ref, ACCEPT.ref);
      bytes.writeUInt32LE(call.evtchn, ACCEPT.evtchn);
      break;
    case 'poll':
      break;
  }
  return bytes;
}

/** Of any bytes, as `parsePvCallsRequest`. */
export function parsePvCallsResponse(slot: Uint8Array): PvCallsResponse {
  const bytes = copyOf(slot, PVCALLS_RESPONSE_BYTES);
  return {
    reqId: bytes.readUInt32LE(RSP.reqId),
    cmd: bytes.readUInt32LE(RSP.cmd),
    ret: bytes.readInt32LE(RSP.ret),
    id: bytes.readBigUInt64LE(RSP.id),
  };
}

export function writePvCallsResponse({ reqId, cmd, ret, id }: PvCallsResponse): Buffer {
  const bytes = Buffer.alloc(PVCALLS_RESPONSE_BYTES);
  bytes.writeUInt32LE(reqId, RSP.reqId);
  bytes.writeUInt32LE(cmd, RSP.cmd);
  bytes.writeInt32LE(ret, RSP.ret);
  bytes.writeBigUInt64LE(id, RSP.id);
  return bytes;
}

interface AddressPlace {
  readonly addr: number;
  readonly len: number;
}

function addressAt(bytes: Buffer, { addr, len }: AddressPlace): Addressed {
  const address = Buffer.from(bytes.subarray(addr, addr + PVCALLS_ADDRESS_BYTES));
  return { address, addressLengthBytes: bytes.readUInt32LE(len) };
}

function writeAddress(bytes: Buffer, { addr, len }: AddressPlace, from: Addressed): void {
  bytes.set(from.address.subarray(0, PVCALLS_ADDRESS_BYTES), addr);
  bytes.writeUInt32LE(from.addressLengthBytes, len);
}

function copyOf(slot: Uint8Array, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.set(slot.subarray(0, length));
  return bytes;
}
