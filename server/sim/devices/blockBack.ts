/** The backend of a disk: serves reads and writes from a small disk in memory. */
import { XenscopeError } from '../../host/errors';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { BackRing } from '../../xenbus/rings/slotRingEnds';
import type { Domain } from '../domain';
import { attachBlock } from './backRings';
import {
  BLOCK_SLOT_BYTES,
  SECTOR_BYTES,
  blockOperation,
  blockResponse,
  blockStatus,
  parseBlockRequest,
} from './blockSlots';
import type { BlockRequest, Segment } from './blockSlots';
import { deviceSteps } from './deviceSteps';

/** What was written and is kept; the oldest is forgotten, and reads as zeroes again. */
const maxKeptSectors = 256;

export class BlockBack {
  readonly #domain: Domain;
  readonly #device: DeviceEnd;
  readonly #sectors: number;
  readonly #kept = new Map<number, Buffer>();
  #worker: RingWorker | undefined;

  constructor(domain: Domain, device: DeviceEnd, sectors: number) {
    this.#domain = domain;
    this.#device = device;
    this.#sectors = sectors;
  }

  async attach(): Promise<void> {
    const { memory, port } = await attachBlock(this.#device);
    const ring = new BackRing({ memory, port, slotBytes: BLOCK_SLOT_BYTES, name: 'blkif' });
    this.#worker = new RingWorker(
      deviceSteps(this.#domain, this.#device),
      () => ring.answerAll((slot) => this.#answer(parseBlockRequest(slot))),
      (error) => this.#domain.log(`${this.#device.path}: ${error.message}`),
    );
  }

  look(): void {
    this.#worker?.look();
  }

  stop(): void {
    this.#worker?.close();
  }

  #answer(request: BlockRequest): Buffer {
    return blockResponse(request, this.#statusOf(request));
  }

  #statusOf({ operation, sector, segments }: BlockRequest): number {
    if (operation === blockOperation.flush) return blockStatus.done;
    if (operation !== blockOperation.read && operation !== blockOperation.write)
      return blockStatus.notSupported;
    if (!segments) return blockStatus.failed;
    const count = segments.reduce(
      (sum, { firstSector, lastSector }) => sum + lastSector - firstSector + 1,
      0,
    );
    if (sector + BigInt(count) > BigInt(this.#sectors)) return blockStatus.failed;
    try {
      let at = Number(sector);
      for (const segment of segments) at = this.#transfer(operation, segment, at);
      return blockStatus.done;
    } catch (error) {
      // A grant that is not there: the guest gets an error, and everybody else goes on.
      if (error instanceof XenscopeError) return blockStatus.failed;
      throw error;
    }
  }

  /** Answers the sector after the last one. */
  #transfer(operation: number, { gref, firstSector, lastSector }: Segment, from: number): number {
    const { resources, other } = this.#device;
    const isRead = operation === blockOperation.read;
    const mapped = resources.map(other.domid, [gref], isRead ? 'write' : 'read');
    try {
      let sector = from;
      for (let place = firstSector; place <= lastSector; place++, sector++) {
        if (isRead)
          mapped.memory.copyIn(place * SECTOR_BYTES, this.#kept.get(sector) ?? Buffer.alloc(SECTOR_BYTES));
        else this.#keep(sector, mapped.memory, place * SECTOR_BYTES);
      }
      return sector;
    } finally {
      mapped.unmap();
    }
  }

  #keep(sector: number, memory: { copyOut(offset: number, into: Uint8Array): void }, offset: number): void {
    const bytes = Buffer.alloc(SECTOR_BYTES);
    memory.copyOut(offset, bytes);
    this.#kept.delete(sector);
    this.#kept.set(sector, bytes);
    if (this.#kept.size > maxKeptSectors) this.#kept.delete(this.#kept.keys().next().value!);
  }
}
