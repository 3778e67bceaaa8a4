/**
 * How one ring page of a domain is mapped for looking: by its reserved grant, which names the domain
 * that serves it and so usually ours, or else by its frame number.
 */
import type { SharedMemory } from '../../server/host/memory';
import { XenscopeError } from '../../server/host/errors';
import type { Grants } from '../../server/host/grants';
import { hvmParams } from '../foreignMemory';
import type { ForeignMemory } from '../foreignMemory';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';

export type RingPlace =
  | {
      readonly kind: 'xenstore' | 'console';
      readonly domid: number;
      /** As the xenstore tells it. */
      readonly frame: bigint | undefined;
    }
  | DevicePlace
  | VchanPlace;

export interface VchanPlace {
  readonly kind: 'vchan';
  readonly domid: number;
  readonly gref: number;
  /** The node where it was found, and which of its writings that was. */
  readonly path: string;
  readonly writing: number;
  /** Not its control page: pages of one of its rings. */
  readonly ringGrefs?: readonly number[];
}

export interface DevicePlace {
  readonly kind: 'device';
  readonly domid: number;
  readonly ring: DeviceRing;
}

type ReservedKind = 'xenstore' | 'console';

/** GNTTAB_RESERVED_* of xen/include/public/grant_table.h: set by the domain builder. */
const reservedGrefs: Readonly<Record<ReservedKind, number>> = { console: 0, xenstore: 1 };
const params: Readonly<Record<ReservedKind, number>> = {
  console: hvmParams.consoleFrame,
  xenstore: hvmParams.storeFrame,
};

export interface MappedRing {
  readonly memory: SharedMemory;
  /** How it was found, in words. */
  readonly found: string;
  /** The memory is dead afterwards. */
  unmap(): void;
}

export interface RingPagesOptions {
  /** Undefined where grants cannot be had; `why` says so then. */
  readonly grants: Grants | undefined;
  readonly why?: XenscopeError | undefined;
  readonly foreign: ForeignMemory;
}

/** Throws a XenscopeError with what was tried. */
export function mapRing(options: RingPagesOptions, place: RingPlace): MappedRing {
  switch (place.kind) {
    case 'vchan':
      return mapVchan(options, place);
    case 'device':
      return mapDevice(options, place);
    default:
      return mapReserved(options, place);
  }
}

/** All pages of the ring, which the frontend lends to the domain of its backend. */
function mapDevice({ grants, why }: RingPagesOptions, { domid, ring }: DevicePlace): MappedRing {
  if (!grants) throw why!;
  const { memory, unmap } = grants.map(domid, ring.grefs, 'read');
  const which = ring.grefs.length === 1 ? `grant ${ring.grefs[0]}` : `grants ${ring.grefs.join(', ')}`;
  const node = `${ring.node} of ${ring.deviceClass} ${ring.devid}`;
  return { memory, unmap, found: `mapped for reading through ${which}, as ${node} tells` };
}

/** Only the domain that it is lent to may map it. */
function mapVchan(
  { grants, why }: RingPagesOptions,
  { domid, gref, path, ringGrefs }: VchanPlace,
): MappedRing {
  if (!grants) throw why!;
  const { memory, unmap } = grants.map(domid, ringGrefs ?? [gref], 'read');
  return { memory, unmap, found: `mapped for reading through grant ${gref}, which ${path}/ring-ref names` };
}

function mapReserved(
  { grants, why, foreign }: RingPagesOptions,
  { kind, domid, frame }: RingPlace & { kind: ReservedKind },
): MappedRing {
  const failures: string[] = why ? [why.message] : [];
  const gref = reservedGrefs[kind];
  const viaGrant = attempt(failures, () => grants?.map(domid, [gref], 'read'));
  if (viaGrant) {
    const found = `mapped for reading through its grant ${gref}, which names this domain`;
    return { memory: viaGrant.memory, found, unmap: () => viaGrant.unmap() };
  }
  const places: readonly [string, () => bigint | undefined][] = [
    [`of ${kind === 'xenstore' ? 'store' : 'console'}/ring-ref`, () => frame],
    [`of HVM parameter ${params[kind]}`, () => foreign.hvmParam(domid, params[kind])],
  ];
  for (const [from, look] of places) {
    const number = attempt(failures, look);
    const page = number === undefined ? undefined : attempt(failures, () => foreign.map(domid, number));
    if (!page) continue;
    return {
      memory: page.memory,
      found: `mapped for reading by its frame 0x${number!.toString(16)}, ${from}`,
      unmap() {
        page.memory.revoke('This page of another domain was unmapped.');
        page.unmap();
      },
    };
  }
  throw new XenscopeError('notOurs', `The ${kind} page of domain ${domid} cannot be mapped.`, {
    cause: new Error(failures.join(' ')),
    wayOut: failures.join(' '),
  });
}

function attempt<T>(failures: string[], act: () => T | undefined): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    if (!failures.includes(error.message)) failures.push(error.message);
    return undefined;
  }
}
