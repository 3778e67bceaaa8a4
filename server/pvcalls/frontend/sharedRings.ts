/** The pages and the doorbell of a socket, as a frontend lends them; used again where that was agreed on. */
import type { EventPort } from '../../host/events';
import type { Shared } from '../../host/grants';
import { pvcallsEditions, writePvCallsDataPage } from '../../wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import type { RingPlace } from '../../wire/pvcalls/slots';
import type { DeviceResources } from '../../xenbus/resources';
import { DataRing } from '../dataRing';

/** Of each device: what is released beyond is given back. */
const maxSpare = 64;

export class SharedRings {
  readonly port: EventPort;
  readonly #control: Shared;
  readonly #data: Shared;

  constructor(
    private readonly resources: DeviceResources,
    domid: number,
    readonly order: number,
    private readonly edition: PvCallsEdition,
  ) {
    const held: Shared[] = [];
    try {
      const share = (pages: number) => {
        const shared = resources.share(domid, pages);
        held.push(shared);
        return shared;
      };
      this.#control = share(1);
      this.#data = share(2 ** order);
      this.port = resources.bindUnbound(domid);
    } catch (error) {
      for (const each of held) resources.end(each);
      throw error;
    }
  }

  get place(): RingPlace {
    return { ref: this.#control.grefs[0]!, evtchn: this.port.port };
  }

  /** Makes both rings empty, for a socket that begins now. */
  open(): DataRing {
    const { memory: control } = this.#control;
    for (const { offsetBytes } of Object.values(this.edition.indexes.fields)) control.store32(offsetBytes, 0);
    writePvCallsDataPage(
      (offset, value) => control.store32(offset, value),
      this.order,
      this.#data.grefs,
      this.edition,
    );
    const { memory: data } = this.#data;
    return new DataRing({ control, data, order: this.order, edition: this.edition }, 'frontend', this.port);
  }

  /** Says another order than the true one in the page of indices: for whoever tries what a backend makes of it. */
  sayOrder(order: number): void {
    this.#control.memory.store32(this.edition.indexes.fields.ring_order.offsetBytes, order);
  }

  close(): void {
    this.resources.close(this.port);
    this.resources.end(this.#data);
    this.resources.end(this.#control);
  }
}

/** Makes rings for sockets, and keeps those that a backend was told to keep as well. */
export class SpareRings {
  readonly #spare: SharedRings[] = [];
  /** Places for rings whose RELEASE is under way: the backend is to keep no others than we do. */
  #promised = 0;

  constructor(
    private readonly resources: DeviceResources,
    private readonly domid: number,
    private readonly edition: PvCallsEdition = pvcallsEditions.final,
  ) {}

  get size(): number {
    return this.#spare.length;
  }

  take(order: number): SharedRings {
    const place = this.#spare.findIndex((rings) => rings.order === order);
    if (place >= 0) return this.#spare.splice(place, 1)[0]!;
    return new SharedRings(this.resources, this.domid, order, this.edition);
  }

  /** Whether another one may be kept; then there is a place for it until it is settled. */
  promise(): boolean {
    if (this.#spare.length + this.#promised >= maxSpare) return false;
    this.#promised++;
    return true;
  }

  /** What becomes of the rings that a place was promised to. */
  settle(rings: SharedRings, isKept: boolean): void {
    this.#promised--;
    if (isKept) this.#spare.push(rings);
    else rings.close();
  }
}
