/** A guest's disk driver: reads and writes a little now and then, one page at a time, through pages that it keeps shared. */
import type { Shared } from '../../host/grants';
import { PAGE_BYTES } from '../../host/pages';
import type { RingWork } from '../../host/microSteps';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Entries } from '../../xenbus/nodes';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { FrontRing } from '../../xenbus/rings/slotRingEnds';
import type { Domain } from '../domain';
import { BLOCK_SLOT_BYTES, SECTORS_PER_PAGE, blockOperation, blockRequest } from './blockSlots';
import { deviceSteps } from './deviceSteps';
import { Traffic } from './traffic';

const dataPages = 8;
/** What a guest uses of its disk, in pages; the disk itself may be larger. */
const usedPages = 1 << 16;
const everyMs = { least: 20_000, most: 90_000 };
const mostAtOnce = 4;

interface Transfer {
  readonly operation: number;
  readonly sector: number;
}

export class BlockFront {
  readonly #domain: Domain;
  readonly #device: DeviceEnd;
  readonly #traffic: Traffic;
  #ring: FrontRing | undefined;
  #data: Shared | undefined;
  #worker: RingWorker | undefined;
  #waiting: Transfer[] = [];
  #freePages: number[] = [];
  /** Requests that were answered, with success. */
  done = 0;

  constructor(domain: Domain, device: DeviceEnd) {
    this.#domain = domain;
    this.#device = device;
    this.#traffic = new Traffic(domain, everyMs, () => this.#transfer());
  }

  share(): Entries {
    const { resources, other } = this.#device;
    const page = resources.share(other.domid, 1);
    const port = resources.bindUnbound(other.domid);
    this.#data = resources.share(other.domid, dataPages);
    this.#freePages = Array.from({ length: dataPages }, (_, index) => index);
    this.#waiting = [];
    this.#ring = new FrontRing({ memory: page.memory, port, slotBytes: BLOCK_SLOT_BYTES, name: 'blkif' });
    this.#worker = new RingWorker(
      deviceSteps(this.#domain, this.#device),
      () => this.#work(),
      (error) => this.#domain.log(error.message),
    );
    return [
      ['ring-ref', page.grefs[0]!],
      ['event-channel', port.port],
    ];
  }

  start(): void {
    this.#traffic.start();
  }

  stop(): void {
    this.#traffic.stop();
    this.#worker?.close();
  }

  look(): void {
    this.#worker?.look();
  }

  #transfer(): void {
    const { random } = this.#domain;
    // One that is not answered yet is enough to wait for.
    if (this.#waiting.length > 0) return;
    const count = random.between(1, mostAtOnce);
    const first = random.below(usedPages - count);
    const operation = random.chance(0.5) ? blockOperation.read : blockOperation.write;
    for (let page = 0; page < count; page++) {
      this.#waiting.push({ operation, sector: (first + page) * SECTORS_PER_PAGE });
    }
    this.look();
  }

  *#work(): RingWork<void> {
    const ring = this.#ring!;
    yield* ring.take((response) => {
      const page = Number(response.readBigUInt64LE(0) % BigInt(dataPages));
      if (!this.#freePages.includes(page)) this.#freePages.push(page);
      if (response.readInt16LE(10) === 0) this.done++;
    });
    const count = Math.min(this.#waiting.length, ring.free, this.#freePages.length);
    yield* ring.push(this.#waiting.splice(0, count).map((transfer) => this.#request(transfer)));
  }

  #request({ operation, sector }: Transfer): Buffer {
    const page = this.#freePages.shift()!;
    if (operation === blockOperation.write) {
      const text = Buffer.alloc(PAGE_BYTES, `${this.#domain.name}, sector ${sector}\n`);
      this.#data!.memory.copyIn(page * PAGE_BYTES, text);
    }
    const { devid } = this.#device;
    return blockRequest({ operation, handle: devid, id: page, sector, gref: this.#data!.grefs[page]! });
  }
}
