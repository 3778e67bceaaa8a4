/** The backend of a network device: takes frames from its guest to the bridge, and from the bridge to its guest. */
import { XenscopeError } from '../../host/errors';
import type { RingWork } from '../../host/microSteps';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { BackRing } from '../../xenbus/rings/slotRingEnds';
import type { Domain } from '../domain';
import { attachNet } from './backRings';
import type { NetQueue } from './backRings';
import type { Bridge, BridgePort, Bridges } from './bridge';
import { deviceSteps } from './deviceSteps';
import {
  NET_RX_SLOT_BYTES,
  NET_TX_SLOT_BYTES,
  parseRxRequest,
  parseTxRequest,
  rxResponse,
  txResponse,
} from './netSlots';
import type { TxRequest } from './netSlots';

const requestsAtOnce = 16;
/** Frames that wait for buffers of the guest; further ones are dropped, as by a full queue. */
const maxQueuedFrames = 64;

export class NetBack implements BridgePort {
  readonly #domain: Domain;
  readonly #device: DeviceEnd;
  readonly #bridges: Bridges;
  #bridge: Bridge | undefined;
  #workers: RingWorker[] = [];
  #toGuest: Buffer[] = [];

  constructor(domain: Domain, device: DeviceEnd, bridges: Bridges) {
    this.#domain = domain;
    this.#device = device;
    this.#bridges = bridges;
  }

  async attach(): Promise<void> {
    const name = (await this.#device.read('bridge')) ?? 'xenbr0';
    const queues = await attachNet(this.#device);
    this.#toGuest = [];
    this.#workers = queues.flatMap((queue, number) => this.#serve(queue, number));
    this.#bridge = this.#bridges.join(name, this);
  }

  stop(): void {
    this.#bridge?.leave(this);
    for (const worker of this.#workers) worker.close();
    this.#workers = [];
  }

  look(): void {
    for (const worker of this.#workers) worker.look();
  }

  deliver(frame: Buffer): void {
    if (this.#toGuest.length >= maxQueuedFrames) return;
    this.#toGuest.push(frame);
    this.look();
  }

  #serve({ tx, rx }: NetQueue, number: number): RingWorker[] {
    const txRing = new BackRing({ ...tx, slotBytes: NET_TX_SLOT_BYTES, name: `tx of queue ${number}` });
    const rxRing = new BackRing({ ...rx, slotBytes: NET_RX_SLOT_BYTES, name: `rx of queue ${number}` });
    const worker = (work: () => RingWork<void>) =>
      new RingWorker(deviceSteps(this.#domain, this.#device), work, (error) =>
        this.#domain.log(`${this.#device.path}: ${error.message}`),
      );
    return [worker(() => this.#takeWork(txRing)), worker(() => this.#giveWork(rxRing))];
  }

  *#takeWork(ring: BackRing): RingWork<void> {
    for (;;) {
      const requests = yield* ring.take(requestsAtOnce);
      if (requests.length === 0) return;
      const frames = requests.map((slot) => {
        const request = parseTxRequest(slot);
        return { request, frame: request.fits ? this.#read(request) : undefined };
      });
      yield* ring.respond(frames.map(({ request, frame }) => txResponse(request.id, frame !== undefined)));
      for (const { frame } of frames) if (frame) this.#bridge?.send(this, frame);
    }
  }

  *#giveWork(ring: BackRing): RingWork<void> {
    while (this.#toGuest.length > 0) {
      const [slot] = yield* ring.take(1);
      if (!slot) return;
      // Another queue may have taken the last frame meanwhile; the buffer then goes back empty.
      const frame = this.#toGuest.shift();
      const { id, gref } = parseRxRequest(slot);
      yield* ring.respond([rxResponse(id, frame ? this.#fill(gref, frame) : -1)]);
    }
  }

  #read({ gref, offset, size }: TxRequest): Buffer | undefined {
    const frame = Buffer.alloc(size);
    return this.#withPage(gref, 'read', (memory) => memory.copyOut(offset, frame)) ? frame : undefined;
  }

  /** Bytes that were written; -1 when the guest's page cannot be. */
  #fill(gref: number, frame: Buffer): number {
    return this.#withPage(gref, 'write', (memory) => memory.copyIn(0, frame)) ? frame.length : -1;
  }

  #withPage(
    gref: number,
    access: 'read' | 'write',
    use: (memory: ReturnType<DeviceEnd['resources']['map']>['memory']) => void,
  ): boolean {
    try {
      const mapped = this.#device.resources.map(this.#device.other.domid, [gref], access);
      use(mapped.memory);
      mapped.unmap();
      return true;
    } catch (error) {
      if (error instanceof XenscopeError) return false;
      throw error;
    }
  }
}
