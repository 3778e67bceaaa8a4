/** A ring that a device's frontend shares with its backend, as the nodes of the frontend tell it. */
import type { SlotRing } from '../slotRings/slotRing';

/**
 * How its pages are laid out. `slots`: requests and responses (genericRing.ts). `flex`: a page of indices
 * that rules two byte rings in other pages (flexRing.ts). `pvcallsData`: the same of a socket of PV Calls, which no
 * node names (pvcalls/dataPage.ts). `console`: as the first console (consoleRing.ts).
 * `unknown`: the class of the device, or its way to share, is not one that we know.
 */
export type DeviceRingFormat =
  | { readonly kind: 'slots'; readonly ring: SlotRing }
  | { readonly kind: 'flex' }
  | { readonly kind: 'pvcallsData' }
  | { readonly kind: 'console' }
  | { readonly kind: 'unknown' };

export interface DeviceRing {
  /** Whose pages they are: the frontend's domain. */
  readonly domid: number;
  /** Whom they are lent to. */
  readonly backendDomid: number;
  /** As in the path of the device: `vif`, `vbd`. */
  readonly deviceClass: string;
  readonly devid: string;
  /** Which ring of the device; empty where it has one only. `tx`, `queue 1 tx`. */
  readonly name: string;
  readonly format: DeviceRingFormat;
  /** One for each page, in their order; at least one. */
  readonly grefs: readonly number[];
  /** The frontend's end of its doorbell, where that was published. */
  readonly port: number | undefined;
  /**
   * The node, or the first of the nodes, that named the pages: relative to the device. Of a data ring of PV Calls
   * the command that did: `CONNECT 12`.
   */
  readonly node: string;
}

/** A device as the store has it: values of nodes by their path below the frontend's folder. */
export interface DeviceNodes {
  readonly domid: number;
  readonly deviceClass: string;
  readonly devid: string;
  /** `ring-ref`, `queue-0/tx-ring-ref`: values as they stand, written by the guest. */
  readonly nodes: ReadonlyMap<string, string>;
}

/** Beyond 64 pages no ring of any class goes; Linux stops at 16. */
export const maxRingPageOrder = 6;
/** Queues of one device; Linux makes as many as the guest has processors. */
export const maxQueues = 256;
/** Of one device: what lies beyond is not shown. */
export const maxRingsOfDevice = 512;

/** Stable while the device shares the same ring: `vif/0`, `vif/0/queue-1-tx`. */
export function deviceRingPath({ deviceClass, devid, name }: Omit<DeviceRing, 'format'>): string {
  return [deviceClass, devid, name.replaceAll(' ', '-')].filter((part) => part !== '').join('/');
}

/** As an observer calls its page: `device:3:vif/0`. */
export function deviceRingId(ring: DeviceRing): string {
  return `device:${ring.domid}:${deviceRingPath(ring)}`;
}

/** Whether both are the same pages, lent to the same domain, with the same doorbell. */
export function isSameRing(one: DeviceRing, other: DeviceRing): boolean {
  return (
    one === other ||
    (one.backendDomid === other.backendDomid &&
      one.port === other.port &&
      one.format.kind === other.format.kind &&
      one.grefs.length === other.grefs.length &&
      one.grefs.every((gref, at) => gref === other.grefs[at]))
  );
}

/** As a row calls it: `vif 0`, `vif 0 queue 1 tx`. */
export function deviceRingTitle({ deviceClass, devid, name }: Omit<DeviceRing, 'format'>): string {
  return [deviceClass, devid, name].filter((part) => part !== '').join(' ');
}
