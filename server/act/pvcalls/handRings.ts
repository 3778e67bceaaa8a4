/** The data rings that a composer lends: with each CONNECT and ACCEPT that is under way, with each socket, and those that were kept. */
import { XenscopeError } from '../../host/errors';
import type { DataRing } from '../../pvcalls/dataRing';
import { SharedRings } from '../../pvcalls/frontend/sharedRings';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import type { RingPlace } from '../../wire/pvcalls/slots';
import type { DeviceResources } from '../../xenbus/resources';
import type { WantedRings } from './draft';
import type { ComposerRings } from './plan';

/** Of each device: what is released beyond is given back. */
const maxKept = 16;

/** Rings that go out with a request. */
export interface LentRings {
  readonly rings: SharedRings;
  readonly ring: DataRing;
  /** They are what the request names, so that a socket can use them. */
  readonly isTrue: boolean;
  readonly place: RingPlace;
}

export class HandRings {
  readonly #resources: DeviceResources;
  readonly #domid: number;
  readonly #edition: PvCallsEdition;
  readonly #kept: SharedRings[] = [];

  constructor(resources: DeviceResources, domid: number, edition: PvCallsEdition) {
    this.#resources = resources;
    this.#domid = domid;
    this.#edition = edition;
  }

  get kept(): readonly ComposerRings[] {
    return this.#kept.map(({ place, order }) => ({ ...place, order }));
  }

  /** Throws a XenscopeError where pages or event channels cannot be had. */
  lend({ order, kept, ref, evtchn, ringOrder }: WantedRings): LentRings {
    const rings = kept === undefined ? this.#make(order) : this.#takeKept(kept);
    const ring = rings.open();
    if (ringOrder !== undefined) rings.sayOrder(ringOrder);
    const { place } = rings;
    return {
      rings,
      ring,
      place,
      isTrue:
        (ref === undefined || ref === place.ref) &&
        (evtchn === undefined || evtchn === place.evtchn) &&
        (ringOrder === undefined || ringOrder === order),
    };
  }

  /** Answers whether they are kept; else they are given back. */
  keep(rings: SharedRings): boolean {
    const hasRoom = this.#kept.length < maxKept;
    if (hasRoom) this.#kept.push(rings);
    else rings.close();
    return hasRoom;
  }

  #make(order: number): SharedRings {
    return new SharedRings(this.#resources, this.#domid, order, this.#edition);
  }

  #takeKept(ref: number): SharedRings {
    const at = this.#kept.findIndex(({ place }) => place.ref === ref);
    if (at >= 0) return this.#kept.splice(at, 1)[0]!;
    throw new XenscopeError('input', `No pages are kept under grant ${ref}.`, { wayOut: 'Take new pages.' });
  }
}
