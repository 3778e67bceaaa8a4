/**
 * Looks at the rings that frontends share with their backends. Which those are, the nodes of the devices
 * tell; here their grants are found, so that nobody is shown a page that is not lent.
 */
import { copyPart } from '../../host/bufferMemory';
import { XenscopeError } from '../../host/errors';
import type { ObservedInside, ObservedPage, ObservedRingName } from '../../host/observer';
import { PAGE_BYTES } from '../../host/pages';
import { deviceRingId, isSameRing, type DeviceRing } from '../../wire/deviceRings/deviceRing';
import { FLEX_RING_INDEXES, FLEX_RING_ORDER_MAX, flexRingBytes, flexRingRefs } from '../../wire/flexRing';
import { findPvCallsEdition, pvcallsRingBytes } from '../../wire/pvcalls/dataPage';
import type { Port } from './eventTable';
import type { Grant } from './grantTable';
import { type GrantedView, lookThrough } from './lookThrough';
import { insideOf } from './portInside';

/** What is asked of a machine. */
export interface DeviceWorld {
  /** The entry of a domain's grant table. */
  grant(domid: number, gref: number): Grant | undefined;
  port(domid: number, port: number): Port | undefined;
}

/** Who knows which devices there are. */
export interface DeviceSource {
  /** Rings that the devices of a domain share now. */
  ringsOf(domid: number): readonly DeviceRing[];
  /** Asked no more of this domain: it is gone. */
  forget(domid: number): void;
}

interface Look {
  readonly page: ObservedPage;
  readonly ring: DeviceRing;
  readonly grants: readonly Grant[];
  close(): void;
}

export class DeviceLooks {
  readonly #world: DeviceWorld;
  readonly #looks = new Map<string, Look>();
  readonly #ids = new WeakMap<DeviceRing, string>();
  /** Set once the store is there. */
  source: DeviceSource | undefined;
  /** Rings that no node names, by who named them. */
  readonly #named = new Map<object, readonly DeviceRing[]>();

  constructor(world: DeviceWorld) {
    this.#world = world;
  }

  /** Those of these domains that are there now; the same objects as before while they stay. */
  pages(domids: Iterable<number>): ObservedPage[] {
    this.forgetGone();
    const wanted = new Map<string, ObservedPage>();
    const want = (ring: DeviceRing) => {
      const page = this.#page(ring);
      if (page) wanted.set(page.id, page);
    };
    const there = new Set(domids);
    for (const domid of there) for (const ring of this.source?.ringsOf(domid) ?? []) want(ring);
    // Behind all others: where there is a limit, these are left out.
    for (const rings of this.#named.values()) {
      for (const ring of rings) if (there.has(ring.domid)) want(ring);
    }
    if (wanted.size < this.#looks.size) {
      for (const id of this.#looks.keys()) if (!wanted.has(id)) this.#close(id);
    }
    return [...wanted.values()];
  }

  name(namer: object, rings: readonly DeviceRing[]): void {
    if (rings.length === 0) this.#named.delete(namer);
    else this.#named.set(namer, rings);
  }

  /** As Observer.whyUnseen. */
  whyUnseen(ring: DeviceRing): string | undefined {
    const { domid, backendDomid, grefs } = ring;
    const [grant] = grefs.map((gref) => this.#world.grant(domid, gref));
    if (!isLentTo(grant, backendDomid)) {
      return `Domain ${domid} lends domain ${backendDomid} nothing under grant ${grefs[0]}.`;
    }
    if (ring.format.kind !== 'pvcallsData' || dataRings(grant)) return undefined;
    return `What domain ${domid} lends under grant ${grefs[0]} is no page of indices.`;
  }

  /** Called before pages are freed. */
  forgetGone(): void {
    for (const [id, { ring, grants }] of this.#looks) {
      const isThere = grants.every((grant) => this.#world.grant(ring.domid, grant.gref) === grant);
      if (!isThere || grants.some(({ frames }) => frames.memory.dead !== undefined)) this.#close(id);
    }
  }

  #page(ring: DeviceRing): ObservedPage | undefined {
    const id = this.#idOf(ring);
    const known = this.#looks.get(id);
    if (known && isSameRing(known.ring, ring)) return known.page;
    if (known) this.#close(id);
    const grants = ring.grefs.map((gref) => this.#world.grant(ring.domid, gref));
    if (!grants.every((grant) => isLentTo(grant, ring.backendDomid))) return undefined;
    const look = this.#look(id, ring, grants);
    if (!look) return undefined;
    this.#looks.set(id, look);
    return look.page;
  }

  /** The same rings are asked for again and again. */
  #idOf(ring: DeviceRing): string {
    let id = this.#ids.get(ring);
    if (id === undefined) this.#ids.set(ring, (id = deviceRingId(ring)));
    return id;
  }

  /** Undefined where the page is not what it should be. */
  #look(id: string, ring: DeviceRing, grants: readonly Grant[]): Look | undefined {
    const world = this.#world;
    const data = ring.format.kind === 'pvcallsData' ? dataRings(grants[0]!) : undefined;
    if (ring.format.kind === 'pvcallsData' && !data) return undefined;
    const ringBytes = ring.format.kind === 'flex' ? flexBytes(grants[0]!) : data?.ringBytes;
    let view: GrantedView | undefined;
    let rings: GrantedView | undefined;
    let isClosed = false;
    let inside: ObservedInside | undefined;
    const page: ObservedPage = {
      id,
      kind: 'device',
      domid: ring.domid,
      device: ring,
      ...(ringBytes && { ringBytes }),
      ...(data && { edition: data.edition }),
      found: `lent to domain ${ring.backendDomid}, as ${ring.node} of ${ring.deviceClass} ${ring.devid} tells`,
      copy(into, offset = 0) {
        if (isClosed) return false;
        view ??= lookThrough(grants);
        copyPart(view.memory, into, offset);
        return true;
      },
      ...(ringBytes && {
        copyRing: (name: ObservedRingName, into: Uint8Array, offset: number) => {
          if (isClosed) return false;
          rings ??= lookThrough(this.#dataOf(ring, grants[0]!));
          rings.memory.copyOut((name === 'out' ? ringBytes[0] : 0) + offset, into);
          return true;
        },
      }),
      get inside() {
        const port = ring.port === undefined ? undefined : world.port(ring.domid, ring.port);
        return (inside = insideOf(port, inside));
      },
    };
    const close = () => {
      isClosed = true;
      for (const each of [view, rings]) each?.close('The device whose ring this was shares it no more.');
    };
    return { page, ring, grants, close };
  }

  /** The pages that its page of indices names. Throws a XenscopeError where they are not lent. */
  #dataOf({ domid, backendDomid, format }: DeviceRing, { frames, page }: Grant): readonly Grant[] {
    const load32 = (offset: number) => frames.memory.load32(page * PAGE_BYTES + offset);
    const isSocket = format.kind === 'pvcallsData';
    const refs = (isSocket ? findPvCallsEdition(load32)?.refs : flexRingRefs(load32)) ?? [];
    const grants = refs.map((gref) => this.#world.grant(domid, gref));
    if (grants.length > 0 && grants.every((grant) => isLentTo(grant, backendDomid))) return grants;
    throw new XenscopeError(
      'notOurs',
      `Domain ${domid} does not lend the pages that it names for its bytes.`,
    );
  }

  #close(id: string): void {
    this.#looks.get(id)?.close();
    this.#looks.delete(id);
  }
}

function isLentTo(grant: Grant | undefined, domid: number): grant is Grant {
  return grant !== undefined && grant.toDomid === domid && grant.frames.memory.dead === undefined;
}

/** The rings of a socket of PV Calls; undefined where the page rules none. */
function dataRings({ frames, page }: Grant): Pick<ObservedPage, 'ringBytes' | 'edition'> | undefined {
  const found = findPvCallsEdition((offset) => frames.memory.load32(page * PAGE_BYTES + offset));
  if (!found) return undefined;
  const bytes = pvcallsRingBytes(found.order);
  return { ringBytes: [bytes, bytes], edition: found.edition.name };
}

/** `in` and `out`; undefined while the frontend has not written the order, or a wrong one. */
function flexBytes({ frames, page }: Grant): readonly [number, number] | undefined {
  const { offsetBytes } = FLEX_RING_INDEXES.fields.ring_order;
  const order = frames.memory.load32(page * PAGE_BYTES + offsetBytes);
  return order > FLEX_RING_ORDER_MAX ? undefined : [flexRingBytes(order), flexRingBytes(order)];
}
