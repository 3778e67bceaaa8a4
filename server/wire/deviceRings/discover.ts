/**
 * Which rings a device shares, from the nodes below its frontend's folder. Guests write those nodes:
 * what does not make sense is left out, and nothing is walked further than the limits say.
 */
import { BLKIF_32_RING, BLKIF_RING } from '../slotRings/blkif';
import { CAMERAIF_RING, DISPLIF_RING, SNDIF_RING } from '../slotRings/media';
import { NETIF_CTRL_RING, NETIF_RX_RING, NETIF_TX_RING } from '../slotRings/netif';
import { USBIF_CONN_RING, USBIF_URB_RING, VSCSIIF_RING } from '../slotRings/peripherals';
import { PVCALLS_RING } from '../slotRings/pvcallsCommands';
import type { SlotRing } from '../slotRings/slotRing';
import {
  maxQueues,
  maxRingPageOrder,
  maxRingsOfDevice,
  type DeviceNodes,
  type DeviceRing,
  type DeviceRingFormat,
} from './deviceRing';
import { domidIn, numberIn, portIn } from './nodeNumbers';

/** A ring as a class publishes it: names of nodes, in the device's folder or in one of its parts. */
interface Published {
  readonly name: string;
  readonly format: DeviceRingFormat;
  /** The node of a ring of one page; with a number behind it the nodes of a larger one. */
  readonly ref: string;
  /** The first of these that is there. */
  readonly ports: readonly string[];
}

const slots = (ring: SlotRing): DeviceRingFormat => ({ kind: 'slots', ring });
const channel = ['event-channel'] as const;

type Find = (device: DeviceNodes) => Iterable<Found>;

/** A ring, and in which part of the device: `queue-1`, `0`, or empty for the device itself. */
interface Found {
  readonly part: string;
  readonly what: Published;
}

const inDevice =
  (...rings: readonly Published[]): Find =>
  () =>
    rings.map((what) => ({ part: '', what }));

/** The device's own folder, or its queues where it has them. */
const inQueues =
  (...rings: readonly Published[]): Find =>
  (device) =>
    ['', ...partsOf(device, /^queue-(0|[1-9][0-9]{0,2})$/)].flatMap((part) =>
      rings.map((what) => ({ part, what: { ...what, name: joined(part.replace('-', ' '), what.name) } })),
    );

/** Folders of the device that are numbers, `depth` of them one in another: a stream of a sound card is `0/1`. */
const inNumbered =
  (depth: 1 | 2, ring: Omit<Published, 'name'>): Find =>
  (device) =>
    partsOf(device, depth === 1 ? /^[0-9]{1,5}$/ : /^[0-9]{1,5}\/[0-9]{1,5}$/).map((part) => ({
      part,
      what: { ...ring, name: part.replace('/', ' ') },
    }));

const network: Find = inQueues(
  {
    name: 'tx',
    format: slots(NETIF_TX_RING),
    ref: 'tx-ring-ref',
    ports: ['event-channel-tx', 'event-channel'],
  },
  {
    name: 'rx',
    format: slots(NETIF_RX_RING),
    ref: 'rx-ring-ref',
    ports: ['event-channel-rx', 'event-channel'],
  },
  {
    name: 'ctrl',
    format: slots(NETIF_CTRL_RING),
    ref: 'ctrl-ring-ref',
    ports: ['event-channel-ctrl'],
  },
);

const block: Find = (device) => {
  const is32 = device.nodes.get('protocol') === 'x86_32-abi';
  const format = slots(is32 ? BLKIF_32_RING : BLKIF_RING);
  return inQueues({ name: '', format, ref: 'ring-ref', ports: channel })(device);
};

/** Each ring has a page of indices of its own; how many there are, the device says. */
const plan9: Find = (device) => {
  const count = Math.min(numberIn(device.nodes.get('num-rings')) ?? 0, maxQueues);
  return Array.from({ length: count }, (_, index) => ({
    part: '',
    what: {
      name: count === 1 ? '' : `ring ${index}`,
      format: { kind: 'flex' },
      ref: `ring-ref${index}`,
      ports: [`event-channel-${index}`],
    } as const,
  }));
};

const finders: Readonly<Record<string, Find>> = {
  vif: network,
  vbd: block,
  pvcalls: inDevice({ name: '', format: slots(PVCALLS_RING), ref: 'ring-ref', ports: ['port'] }),
  '9pfs': plan9,
  console: inDevice({
    name: '',
    format: { kind: 'console' },
    ref: 'ring-ref',
    ports: ['port', 'event-channel'],
  }),
  vdispl: inNumbered(1, { format: slots(DISPLIF_RING), ref: 'req-ring-ref', ports: ['req-event-channel'] }),
  vsnd: inNumbered(2, { format: slots(SNDIF_RING), ref: 'ring-ref', ports: channel }),
  vcamera: inDevice({
    name: '',
    format: slots(CAMERAIF_RING),
    ref: 'req-ring-ref',
    ports: ['req-event-channel'],
  }),
  vscsi: inDevice({ name: '', format: slots(VSCSIIF_RING), ref: 'ring-ref', ports: channel }),
  vusb: inDevice(
    { name: 'urb', format: slots(USBIF_URB_RING), ref: 'urb-ring-ref', ports: channel },
    { name: 'conn', format: slots(USBIF_CONN_RING), ref: 'conn-ring-ref', ports: channel },
  ),
};

/** Any other class: what is published under the usual name is told, and how it is laid out is not known. */
const unknownClass = inQueues({ name: '', format: { kind: 'unknown' }, ref: 'ring-ref', ports: channel });

/** In the order of queues and numbers; at most maxRingsOfDevice. Empty where the device shares none yet. */
export function discoverDeviceRings(device: DeviceNodes): DeviceRing[] {
  const { domid, deviceClass, devid, nodes } = device;
  const backendDomid = domidIn(nodes.get('backend-id'));
  if (backendDomid === undefined) return [];
  const find = Object.hasOwn(finders, deviceClass) ? finders[deviceClass]! : unknownClass;
  const rings: DeviceRing[] = [];
  for (const { part, what } of find(device)) {
    if (rings.length >= maxRingsOfDevice) break;
    const path = (name: string) => (part === '' ? name : `${part}/${name}`);
    const pages = pagesOf(nodes, path(what.ref), orderOf(nodes));
    if (!pages) continue;
    const port = what.ports.map((name) => portIn(nodes.get(path(name)))).find((one) => one !== undefined);
    rings.push({
      domid,
      backendDomid,
      deviceClass,
      devid,
      name: what.name,
      format: what.format,
      port,
      ...pages,
    });
  }
  return rings;
}

/** `ring-ref`, or `ring-ref0` and so on: as many as the order says. */
function pagesOf(
  nodes: DeviceNodes['nodes'],
  ref: string,
  order: number | undefined,
): Pick<DeviceRing, 'grefs' | 'node'> | undefined {
  if (order === undefined) return undefined;
  const single = numberIn(nodes.get(ref));
  if (order === 0 && single !== undefined) return { grefs: [single], node: ref };
  const grefs: number[] = [];
  for (let page = 0; page < 2 ** order; page++) {
    const gref = numberIn(nodes.get(`${ref}${page}`));
    if (gref === undefined) return undefined;
    grefs.push(gref);
  }
  return { grefs, node: `${ref}0` };
}

/** Log2 of the pages of each ring, for all queues; undefined when what stands there cannot be. */
function orderOf(nodes: DeviceNodes['nodes']): number | undefined {
  // Frontends that are older than the order write the number itself.
  const pages = nodes.get('num-ring-pages');
  const order = nodes.has('ring-page-order')
    ? numberIn(nodes.get('ring-page-order'))
    : pages === undefined
      ? 0
      : Math.log2(numberIn(pages) ?? 0);
  return order !== undefined && Number.isInteger(order) && order >= 0 && order <= maxRingPageOrder
    ? order
    : undefined;
}

/** The folders of the device whose path fits, in the order of their numbers. */
function partsOf({ nodes }: DeviceNodes, pattern: RegExp): string[] {
  const parts = new Set<string>();
  for (const path of nodes.keys()) {
    const slash = path.lastIndexOf('/');
    const part = slash === -1 ? '' : path.slice(0, slash);
    if (pattern.test(part)) parts.add(part);
  }
  return [...parts].sort(byNumbers).slice(0, maxQueues);
}

function byNumbers(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

function joined(...words: readonly string[]): string {
  return words.filter((word) => word !== '').join(' ');
}
