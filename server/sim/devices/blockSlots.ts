/** The slots of a disk's ring as guests of 64 bits write them (xen/include/public/io/blkif.h). */

export const BLOCK_SLOT_BYTES = 112;
export const SECTOR_BYTES = 512;
export const SECTORS_PER_PAGE = 8;
const maxSegments = 11;
const segmentsOffset = 24;

export const blockOperation = { read: 0, write: 1, flush: 3 } as const;
export const blockStatus = { done: 0, failed: -1, notSupported: -2 } as const;

export interface WholePage {
  readonly operation: number;
  readonly handle: number;
  readonly id: number;
  readonly sector: number;
  readonly gref: number;
}

/** A request for one whole page. */
export function blockRequest({ operation, handle, id, sector, gref }: WholePage): Buffer {
  const slot = Buffer.alloc(BLOCK_SLOT_BYTES);
  slot.writeUInt8(operation, 0);
  slot.writeUInt8(1, 1);
  slot.writeUInt16LE(handle & 0xffff, 2);
  slot.writeBigUInt64LE(BigInt(id), 8);
  slot.writeBigUInt64LE(BigInt(sector), 16);
  slot.writeUInt32LE(gref, segmentsOffset);
  slot.writeUInt8(SECTORS_PER_PAGE - 1, segmentsOffset + 5);
  return slot;
}

export interface Segment {
  readonly gref: number;
  readonly firstSector: number;
  readonly lastSector: number;
}

export interface BlockRequest {
  readonly operation: number;
  readonly id: bigint;
  readonly sector: bigint;
  /** Undefined when there are more than fit, or one does not lie in its page. */
  readonly segments: readonly Segment[] | undefined;
}

export function parseBlockRequest(slot: Buffer): BlockRequest {
  const count = slot.readUInt8(1);
  const segments = Array.from({ length: Math.min(count, maxSegments) }, (_, index): Segment => {
    const at = segmentsOffset + 8 * index;
    return {
      gref: slot.readUInt32LE(at),
      firstSector: slot.readUInt8(at + 4),
      lastSector: slot.readUInt8(at + 5),
    };
  });
  const fit = count <= maxSegments && segments.every(liesInPage);
  return {
    operation: slot.readUInt8(0),
    id: slot.readBigUInt64LE(8),
    sector: slot.readBigUInt64LE(16),
    segments: fit ? segments : undefined,
  };
}

export function blockResponse({ id, operation }: BlockRequest, status: number): Buffer {
  const slot = Buffer.alloc(16);
  slot.writeBigUInt64LE(id, 0);
  slot.writeUInt8(operation, 8);
  slot.writeInt16LE(status, 10);
  return slot;
}

const liesInPage = ({ firstSector, lastSector }: Segment) =>
  firstSector <= lastSector && lastSector < SECTORS_PER_PAGE;
