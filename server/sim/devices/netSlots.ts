/** The slots of a network device's rings (xen/include/public/io/netif.h), for packets of one piece. */
import { PAGE_BYTES } from '../../host/pages';

export const NET_TX_SLOT_BYTES = 12;
export const NET_RX_SLOT_BYTES = 8;
export const MAX_FRAME_BYTES = 1514;

export interface TxRequest {
  readonly gref: number;
  readonly offset: number;
  readonly id: number;
  readonly size: number;
}

export function txRequest({ gref, offset, id, size }: TxRequest): Buffer {
  const slot = Buffer.alloc(NET_TX_SLOT_BYTES);
  slot.writeUInt32LE(gref, 0);
  slot.writeUInt16LE(offset, 4);
  slot.writeUInt16LE(id, 8);
  slot.writeUInt16LE(size, 10);
  return slot;
}

/** Undefined `frame` where the piece does not lie in its page, or is longer than a frame. */
export function parseTxRequest(slot: Buffer): TxRequest & { readonly fits: boolean } {
  const offset = slot.readUInt16LE(4);
  const size = slot.readUInt16LE(10);
  return {
    gref: slot.readUInt32LE(0),
    offset,
    id: slot.readUInt16LE(8),
    size,
    fits: size > 0 && size <= MAX_FRAME_BYTES && offset + size <= PAGE_BYTES,
  };
}

export function txResponse(id: number, isSent: boolean): Buffer {
  const slot = Buffer.alloc(NET_TX_SLOT_BYTES);
  slot.writeUInt16LE(id, 0);
  slot.writeInt16LE(isSent ? 0 : -1, 2);
  return slot;
}

export function rxRequest(id: number, gref: number): Buffer {
  const slot = Buffer.alloc(NET_RX_SLOT_BYTES);
  slot.writeUInt16LE(id, 0);
  slot.writeUInt32LE(gref, 4);
  return slot;
}

export const parseRxRequest = (slot: Buffer) => ({ id: slot.readUInt16LE(0), gref: slot.readUInt32LE(4) });

/** `size` below 0: the buffer could not be filled. */
export function rxResponse(id: number, size: number): Buffer {
  const slot = Buffer.alloc(NET_RX_SLOT_BYTES);
  slot.writeUInt16LE(id, 0);
  slot.writeInt16LE(size, 6);
  return slot;
}

const broadcast = Buffer.alloc(6, 0xff);

/** An ARP request, as guests send them all day: 42 bytes. */
export function arpFrame(mac: string, text: number): Buffer {
  const frame = Buffer.alloc(42);
  broadcast.copy(frame, 0);
  const bytes = Buffer.from(mac.replaceAll(':', ''), 'hex').subarray(0, 6);
  bytes.copy(frame, 6);
  frame.writeUInt16BE(0x0806, 12);
  frame.writeUInt16BE(1, 14);
  frame.writeUInt16BE(0x0800, 16);
  frame.writeUInt8(6, 18);
  frame.writeUInt8(4, 19);
  frame.writeUInt16BE(1, 20);
  bytes.copy(frame, 22);
  frame.writeUInt32BE(0x0a000000 + (text & 0xffff), 38);
  return frame;
}
