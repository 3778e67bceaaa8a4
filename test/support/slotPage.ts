/** A ring of requests and responses as a device shares it, with both ends in the hands of a test. */
import { genericRingSlotOffset, genericRingSlots, GENERIC_RING } from '../../server/wire/genericRing';
import { deviceRingPath, type DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import { discoverDeviceRings } from '../../server/wire/deviceRings/discover';
import type { ObservedPage } from '../../server/host/observer';

export interface SlotPageOptions {
  readonly domid?: number;
  readonly deviceClass?: string;
  /** Nodes of the frontend; a disk with one page when absent. */
  readonly nodes?: Readonly<Record<string, string>>;
  /** Which of the rings that the nodes publish. */
  readonly which?: number;
  readonly startIndex?: number;
}

/** A network device's tx is the first of its rings, its rx the second. */
export const networkNodes = { 'tx-ring-ref': '8', 'rx-ring-ref': '9', 'event-channel': '5' };

export class SlotPage {
  readonly device: DeviceRing;
  readonly bytes: Buffer;
  isGone = false;
  /** Bytes that observers copied. */
  copiedBytes = 0;

  constructor({
    domid = 3,
    deviceClass = 'vbd',
    nodes = { 'ring-ref': '8', 'event-channel': '5' },
    which = 0,
    startIndex = 0,
  }: SlotPageOptions = {}) {
    const all = new Map(Object.entries({ 'backend-id': '0', ...nodes }));
    this.device = discoverDeviceRings({ domid, deviceClass, devid: '0', nodes: all })[which]!;
    this.bytes = Buffer.alloc(this.device.grefs.length * 4096);
    this.setWord('req_prod', startIndex);
    this.setWord('rsp_prod', startIndex);
    this.setWord('req_event', startIndex + 1);
    this.setWord('rsp_event', startIndex + 1);
  }

  get slots(): number {
    return genericRingSlots(this.bytes.length, this.slotBytes);
  }

  /** As an observer finds it; each call gives another one. */
  get observed(): ObservedPage {
    return {
      id: `device:${this.device.domid}:${deviceRingPath(this.device)}`,
      kind: 'device',
      domid: this.device.domid,
      device: this.device,
      found: 'made by a test',
      copy: (into, offset = 0) => {
        if (this.isGone) return false;
        this.copiedBytes += into.length;
        into.set(this.bytes.subarray(offset, offset + into.length));
        return true;
      },
    };
  }

  word(name: keyof typeof GENERIC_RING.fields): number {
    return this.bytes.readUInt32LE(GENERIC_RING.fields[name].offsetBytes);
  }

  setWord(name: keyof typeof GENERIC_RING.fields, value: number): void {
    this.bytes.writeUInt32LE(value >>> 0, GENERIC_RING.fields[name].offsetBytes);
  }

  get inFlight(): number {
    return (this.word('req_prod') - this.word('rsp_prod')) >>> 0;
  }

  /** The frontend asks, as often as there is room, up to `count` times; answers how often. */
  ask(count = 1, fill?: (slot: Buffer, index: number) => void): number {
    const asked = Math.min(count, this.slots - this.inFlight);
    this.publish('req_prod', asked, fill);
    return asked;
  }

  /** The backend answers the oldest, up to `count`; answers how often. */
  answer(count = Infinity, fill?: (slot: Buffer, index: number) => void): number {
    const answered = Math.min(count, this.inFlight);
    this.publish('rsp_prod', answered, fill);
    return answered;
  }

  /** The backend has looked at all requests, and wants to be told of the next. */
  backendSleeps(): void {
    this.setWord('req_event', this.word('req_prod') + 1);
  }

  frontendSleeps(): void {
    this.setWord('rsp_event', this.word('rsp_prod') + 1);
  }

  private get slotBytes(): number {
    const { format } = this.device;
    if (format.kind !== 'slots') throw new Error('this ring has no slots');
    return format.ring.slotBytes;
  }

  private publish(
    word: 'req_prod' | 'rsp_prod',
    count: number,
    fill?: (slot: Buffer, index: number) => void,
  ): void {
    const from = this.word(word);
    for (let at = 0; at < count; at++) {
      const index = (from + at) >>> 0;
      const start = genericRingSlotOffset(index, this.slotBytes, this.slots);
      const slot = this.bytes.subarray(start, start + this.slotBytes);
      slot.fill(0);
      fill?.(slot, index);
    }
    this.setWord(word, from + count);
  }
}
