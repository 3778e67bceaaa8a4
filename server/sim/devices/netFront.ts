/** A guest's network driver: sends a small frame now and then, and takes what comes into buffers that it has posted. */
import type { Shared } from '../../host/grants';
import type { RingWork } from '../../host/microSteps';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Entries } from '../../xenbus/nodes';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { FrontRing } from '../../xenbus/rings/slotRingEnds';
import type { Domain } from '../domain';
import { deviceSteps } from './deviceSteps';
import { NET_RX_SLOT_BYTES, NET_TX_SLOT_BYTES, arpFrame, rxRequest, txRequest } from './netSlots';
import { Traffic } from './traffic';

/** Pages of one queue: the first is for what is sent, the others are posted. */
const postedPages = 4;
const everyMs = { least: 40_000, most: 120_000 };
/** Frames that wait for the ring; further ones are dropped, as by a full queue. */
const maxQueuedFrames = 16;

export interface NetRings {
  readonly queues: number;
  /** A channel for each direction, or one for both. */
  readonly splitChannels: boolean;
}

export class NetFront {
  readonly #domain: Domain;
  readonly #device: DeviceEnd;
  readonly #rings: NetRings;
  readonly #traffic: Traffic;
  #queues: Queue[] = [];
  #mac = '';

  constructor(domain: Domain, device: DeviceEnd, rings: NetRings) {
    this.#domain = domain;
    this.#device = device;
    this.#rings = rings;
    this.#traffic = new Traffic(domain, everyMs, () => this.#send());
  }

  async share(): Promise<Entries> {
    const { queues, splitChannels } = this.#rings;
    this.#mac = (await this.#device.read('mac')) ?? '00:16:3e:00:00:00';
    this.#queues = Array.from(
      { length: queues },
      (_, number) => new Queue(this.#domain, this.#device, number, splitChannels),
    );
    if (queues === 1) return this.#queues[0]!.entries('');
    return [
      ['multi-queue-num-queues', queues],
      ...this.#queues.flatMap((queue, number) => queue.entries(`queue-${number}/`)),
    ];
  }

  start(): void {
    for (const queue of this.#queues) queue.look();
    this.#traffic.start();
  }

  stop(): void {
    this.#traffic.stop();
    for (const queue of this.#queues) queue.stop();
  }

  look(): void {
    for (const queue of this.#queues) queue.look();
  }

  #send(): void {
    const { random } = this.#domain;
    random.pick(this.#queues).send(arpFrame(this.#mac, random.below(1 << 16)));
  }
}

class Queue {
  readonly #data: Shared;
  readonly #grefs: { readonly tx: number; readonly rx: number };
  readonly #ports: readonly number[];
  readonly #workers: readonly RingWorker[];
  readonly #waiting: Buffer[] = [];
  #isSending = false;
  #toPost = Array.from({ length: postedPages }, (_, index) => index + 1);

  constructor(domain: Domain, device: DeviceEnd, number: number, splitChannels: boolean) {
    const { resources, other } = device;
    const [tx, rx] = [resources.share(other.domid, 1), resources.share(other.domid, 1)];
    const ports = Array.from({ length: splitChannels ? 2 : 1 }, () => resources.bindUnbound(other.domid));
    this.#data = resources.share(other.domid, 1 + postedPages);
    this.#grefs = { tx: tx.grefs[0]!, rx: rx.grefs[0]! };
    this.#ports = ports.map(({ port }) => port);
    const name = (way: string) => `${way} of queue ${number}`;
    const txRing = new FrontRing({
      memory: tx.memory,
      port: ports[0]!,
      slotBytes: NET_TX_SLOT_BYTES,
      name: name('tx'),
    });
    const rxRing = new FrontRing({
      memory: rx.memory,
      port: ports.at(-1)!,
      slotBytes: NET_RX_SLOT_BYTES,
      name: name('rx'),
    });
    const worker = (work: () => RingWork<void>) =>
      new RingWorker(deviceSteps(domain, device), work, (error) => domain.log(error.message));
    this.#workers = [worker(() => this.#sendWork(txRing)), worker(() => this.#receiveWork(rxRing))];
  }

  entries(prefix: string): Entries {
    const [first, second] = this.#ports;
    return [
      [`${prefix}tx-ring-ref`, this.#grefs.tx],
      [`${prefix}rx-ring-ref`, this.#grefs.rx],
      ...(second === undefined
        ? ([[`${prefix}event-channel`, first!]] as const)
        : ([
            [`${prefix}event-channel-tx`, first!],
            [`${prefix}event-channel-rx`, second],
          ] as const)),
    ];
  }

  send(frame: Buffer): void {
    if (this.#waiting.length >= maxQueuedFrames) return;
    this.#waiting.push(frame);
    this.#workers[0]!.look();
  }

  look(): void {
    for (const worker of this.#workers) worker.look();
  }

  stop(): void {
    for (const worker of this.#workers) worker.close();
  }

  /** One frame at a time: its page is used again when the backend has answered. */
  *#sendWork(ring: FrontRing): RingWork<void> {
    yield* ring.take(() => (this.#isSending = false));
    const frame = this.#isSending ? undefined : this.#waiting.shift();
    if (!frame) return;
    this.#isSending = true;
    this.#data.memory.copyIn(0, frame);
    yield* ring.push([txRequest({ gref: this.#data.grefs[0]!, offset: 0, id: 0, size: frame.length })]);
  }

  *#receiveWork(ring: FrontRing): RingWork<void> {
    yield* ring.take((response) => {
      const page = response.readUInt16LE(0);
      // What a frame says is nobody's business here; its buffer is posted again.
      if (page >= 1 && page <= postedPages && !this.#toPost.includes(page)) this.#toPost.push(page);
    });
    const posted = this.#toPost.splice(0, ring.free);
    yield* ring.push(posted.map((page) => rxRequest(page, this.#data.grefs[page]!)));
  }
}
