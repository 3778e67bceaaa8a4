/** The pages of a 9pfs device at both ends: one with indices, which names those with the bytes (xen/include/public/io/9pfs.h). */
import { XenscopeError } from '../../../host/errors';
import type { EventPort } from '../../../host/events';
import type { SharedMemory } from '../../../host/memory';
import { FLEX_RING_REFS_OFFSET, NINEPFS_INDEXES, flexRingBytes } from '../../../wire/flexRing';
import type { DeviceEnd } from '../../../xenbus/deviceEnd';
import type { Entries } from '../../../xenbus/nodes';
import { otherNumber } from '../../../xenbus/otherEnd';
import { ByteRingEnd } from '../../../xenbus/rings/byteRingEnd';
import type { ByteRingPair } from '../../../xenbus/rings/byteRingEnd';

/** What QEMU's backend offers. */
export const maxRings = 8;
export const maxRingOrder = 9;

const { in_cons, in_prod, out_cons, out_prod, ring_order } = NINEPFS_INDEXES.fields;

/** One end of the only ring of the device. */
export interface NinepRing {
  readonly ring: ByteRingEnd;
  readonly port: EventPort;
  /** Of each direction: the most that a message can be. */
  readonly sizeBytes: number;
}

function pairOf(indexes: SharedMemory, data: SharedMemory, order: number): ByteRingPair {
  const sizeBytes = flexRingBytes(order);
  return {
    indexes,
    in: {
      name: 'in',
      prodOffset: in_prod.offsetBytes,
      consOffset: in_cons.offsetBytes,
      memory: data,
      offsetBytes: 0,
      sizeBytes,
    },
    out: {
      name: 'out',
      prodOffset: out_prod.offsetBytes,
      consOffset: out_cons.offsetBytes,
      memory: data,
      offsetBytes: sizeBytes,
      sizeBytes,
    },
  };
}

/** The frontend's: shared, and what it publishes of them. */
export function shareNinep(
  { resources, other }: DeviceEnd,
  order: number,
): NinepRing & { readonly entries: Entries } {
  const indexes = resources.share(other.domid, 1);
  const data = resources.share(other.domid, 2 ** order);
  const port = resources.bindUnbound(other.domid);
  indexes.memory.store32(ring_order.offsetBytes, order);
  for (const [page, gref] of data.grefs.entries()) {
    indexes.memory.store32(FLEX_RING_REFS_OFFSET + 4 * page, gref);
  }
  return {
    ring: new ByteRingEnd(pairOf(indexes.memory, data.memory, order), 'frontend', port),
    port,
    sizeBytes: flexRingBytes(order),
    entries: [
      ['version', 1],
      ['num-rings', 1],
      ['ring-ref0', indexes.grefs[0]!],
      ['event-channel-0', port.port],
    ],
  };
}

/** The backend's: mapped by numbers of others, so each is checked before it is used. */
export async function mapNinep(device: DeviceEnd): Promise<NinepRing> {
  const { resources, other } = device;
  const [version, rings, gref, remotePort] = await Promise.all(
    ['version', 'num-rings', 'ring-ref0', 'event-channel-0'].map((name) => otherNumber(device, name)),
  );
  if (version !== 1) throw nonsense(device, `its version is ${version}, and 1 was offered`);
  // Linux makes two; whoever made more than one here would wait for the others.
  if (rings !== 1) throw nonsense(device, `num-rings is ${rings}, and this backend serves one`);
  if (gref === undefined || remotePort === undefined)
    throw nonsense(device, 'it published no ring, or no event channel');
  const { memory: indexes } = resources.map(other.domid, [gref]);
  const order = indexes.load32(ring_order.offsetBytes);
  if (order < 1 || order > maxRingOrder)
    throw nonsense(device, `ring_order is ${order}, and 1 to ${maxRingOrder} was offered`);
  const grefs = Array.from({ length: 2 ** order }, (_, page) =>
    indexes.load32(FLEX_RING_REFS_OFFSET + 4 * page),
  );
  const { memory: data } = resources.map(other.domid, grefs);
  const port = resources.bindInterdomain(other.domid, remotePort);
  const ring = new ByteRingEnd(pairOf(indexes, data, order), 'backend', port);
  return { ring, port, sizeBytes: flexRingBytes(order) };
}

function nonsense({ other }: DeviceEnd, what: string): XenscopeError {
  return new XenscopeError('protocol', `The frontend ${other.path} cannot be served: ${what}.`, {
    wayOut: 'Have the frontend close and connect anew.',
  });
}
