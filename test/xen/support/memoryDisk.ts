/** A disk in memory as a class of devices for our drivers: what a real frontend needs of a backend, and no more. */
import { BackRing } from '../../../server/xenbus/rings/slotRingEnds';
import { RingWorker } from '../../../server/xenbus/rings/ringWorker';
import type { BackendKind } from '../../../server/xenbus/bus';
import type { DeviceClass } from '../../../server/xenbus/deviceClass';
import type { DeviceEnd } from '../../../server/xenbus/deviceEnd';
import type { Entries } from '../../../server/xenbus/nodes';
import { otherNumber } from '../../../server/xenbus/otherEnd';
import { modernBackend } from '../../../server/xenbus/policies/modern';
import { freeSteps } from '../../../server/host/steps';
import {
  BLOCK_SLOT_BYTES,
  SECTOR_BYTES,
  blockOperation,
  blockResponse,
  blockStatus,
  parseBlockRequest,
} from '../../../server/sim/devices/blockSlots';

/** Serves `disk` to whoever is given it. */
export function memoryDisk(disk: Buffer): BackendKind {
  return { policy: modernBackend, make: (device) => new MemoryDisk(device, disk) };
}

class MemoryDisk implements DeviceClass {
  #worker: RingWorker | undefined;

  constructor(
    private readonly device: DeviceEnd,
    private readonly disk: Buffer,
  ) {}

  init(): Entries {
    return [
      ['feature-flush-cache', 1],
      ['info', 0],
      ['sector-size', SECTOR_BYTES],
    ];
  }

  async initialise(): Promise<Entries> {
    const { resources, other } = this.device;
    const gref = await otherNumber(this.device, 'ring-ref');
    const remotePort = await otherNumber(this.device, 'event-channel');
    const { memory } = resources.map(other.domid, [gref!]);
    const port = resources.bindInterdomain(other.domid, remotePort!);
    const ring = new BackRing({ memory, port, slotBytes: BLOCK_SLOT_BYTES, name: 'blkif' });
    this.#worker = new RingWorker(
      freeSteps,
      () => ring.answerAll((slot) => this.#answer(slot)),
      (error) => this.device.ports.log(error.message),
    );
    return [['sectors', this.disk.length / SECTOR_BYTES]];
  }

  connected(): void {
    this.#worker?.look();
  }

  event(): void {
    this.#worker?.look();
  }

  disconnect(): void {
    this.#worker?.close();
  }

  #answer(slot: Buffer): Buffer {
    const request = parseBlockRequest(slot);
    const { operation, segments } = request;
    if (operation === blockOperation.flush) return blockResponse(request, blockStatus.done);
    if (!segments || (operation !== blockOperation.read && operation !== blockOperation.write)) {
      return blockResponse(request, blockStatus.notSupported);
    }
    let at = Number(request.sector) * SECTOR_BYTES;
    const { resources, other } = this.device;
    for (const { gref, firstSector, lastSector } of segments) {
      const bytes = this.disk.subarray(at, (at += (lastSector - firstSector + 1) * SECTOR_BYTES));
      const isRead = operation === blockOperation.read;
      const page = resources.map(other.domid, [gref], isRead ? 'write' : 'read');
      if (isRead) page.memory.copyIn(firstSector * SECTOR_BYTES, bytes);
      else page.memory.copyOut(firstSector * SECTOR_BYTES, bytes);
      page.unmap();
    }
    return blockResponse(request, blockStatus.done);
  }
}
