/** A frontend of a disk for our drivers, which reads a page of it: what a real backend needs of a frontend, and no more. */
import type { Shared } from '../../../server/host/grants';
import type { RingWork } from '../../../server/host/microSteps';
import { PAGE_BYTES } from '../../../server/host/pages';
import { freeSteps } from '../../../server/host/steps';
import { XenbusState } from '../../../server/wire/xenbusState';
import type { FrontendKind } from '../../../server/xenbus/bus';
import type { DeviceClass } from '../../../server/xenbus/deviceClass';
import type { DeviceEnd } from '../../../server/xenbus/deviceEnd';
import type { Entries } from '../../../server/xenbus/nodes';
import { RingWorker } from '../../../server/xenbus/rings/ringWorker';
import { FrontRing } from '../../../server/xenbus/rings/slotRingEnds';
import {
  BLOCK_SLOT_BYTES,
  SECTORS_PER_PAGE,
  blockOperation,
  blockRequest,
} from '../../../server/sim/devices/blockSlots';

/** `onChange` is handed the disk when it can be read, and nothing when it cannot be any more. */
export function diskReader(onChange: (disk: DiskReader | undefined) => void): FrontendKind {
  return {
    habits: { published: XenbusState.Initialised, closesFirst: 'ifUsed', reopens: false },
    make: (device) => new DiskReader(device, onChange),
  };
}

export class DiskReader implements DeviceClass {
  #ring: FrontRing | undefined;
  #page: Shared | undefined;
  #worker: RingWorker | undefined;
  #waiting: Buffer[] = [];
  #answer: ((status: number) => void) | undefined;

  constructor(
    private readonly device: DeviceEnd,
    private readonly onChange: (disk: DiskReader | undefined) => void,
  ) {}

  initialise(): Entries {
    const { resources, other } = this.device;
    const { grefs, memory } = resources.share(other.domid, 1);
    const port = resources.bindUnbound(other.domid);
    this.#page = resources.share(other.domid, 1);
    this.#ring = new FrontRing({ memory, port, slotBytes: BLOCK_SLOT_BYTES, name: 'blkif' });
    this.#worker = new RingWorker(
      freeSteps,
      () => this.#work(),
      (error) => this.device.ports.log(error.message),
    );
    return [
      ['ring-ref', grefs[0]!],
      ['event-channel', port.port],
      ['protocol', 'x86_64-abi'],
    ];
  }

  connected(): void {
    this.onChange(this);
  }

  event(): void {
    this.#worker?.look();
  }

  disconnect(): void {
    this.#worker?.close();
    this.onChange(undefined);
  }

  /** One page of the disk; one at a time. */
  async read(page: number): Promise<Buffer> {
    const sector = page * SECTORS_PER_PAGE;
    const { devid: handle } = this.device;
    const gref = this.#page!.grefs[0]!;
    const status = await new Promise<number>((resolve) => {
      this.#answer = resolve;
      this.#waiting.push(blockRequest({ operation: blockOperation.read, handle, id: page, sector, gref }));
      this.#worker!.look();
    });
    if (status !== 0) throw new Error(`the backend answered ${status}`);
    const bytes = Buffer.alloc(PAGE_BYTES);
    this.#page!.memory.copyOut(0, bytes);
    return bytes;
  }

  *#work(): RingWork<void> {
    yield* this.#ring!.take((response) => this.#answer?.(response.readInt16LE(10)));
    yield* this.#ring!.push(this.#waiting.splice(0));
  }
}
