/** The backends by kind of device: Linux' netback and blkback, and QEMU's. What they publish is what those do. */
import type { EndReports } from '../../host/endReports';
import type { Intercept } from '../../pvcalls/intercept/intercept';
import type { SocketNetwork } from '../../pvcalls/network';
import type { BackendKind, BackendKinds } from '../../xenbus/bus';
import type { DeviceClass } from '../../xenbus/deviceClass';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Entries } from '../../xenbus/nodes';
import { linuxBackend } from '../../xenbus/policies/linux';
import { modernBackend } from '../../xenbus/policies/modern';
import type { Domain } from '../domain';
import { attachKeyboard } from './backRings';
import { BlockBack } from './blockBack';
import { Bridges } from './bridge';
import { NetBack } from './netBack';
import { ninepBackend } from './ninep/ninepBack';
import { pvcallsBack } from './pvcalls';
import { consoleBackend } from './secondConsole';

/** All that domain 0 serves; sockets of guests are opened in `network`, and their calls come by `intercept`. */
export function dom0Backends(
  dom0: Domain,
  network: SocketNetwork,
  intercept: Intercept,
  reports: EndReports,
): BackendKinds {
  return {
    vif: netback(dom0),
    vbd: blkback(dom0),
    qdisk: qdisk(dom0),
    vkbd,
    '9pfs': ninepBackend(dom0),
    console: consoleBackend(dom0),
    pvcalls: pvcallsBack(dom0, network, intercept, reports),
  };
}

/** Linux netback, with the vif-bridge hotplug script. */
export function netback(domain: Domain): BackendKind {
  const bridges = new Bridges();
  return {
    policy: linuxBackend,
    make: (device) => {
      const net = new NetBack(domain, device, bridges);
      return {
        init: () => netFeatures,
        plug: () => hotplug(domain, device, () => [['hotplug-status', 'connected']]),
        initialise: async () => {
          await net.attach();
          return [];
        },
        connected: () => net.look(),
        disconnect: () => net.stop(),
        event: () => net.look(),
      };
    },
  };
}

const netFeatures: Entries = [
  ['feature-sg', 1],
  ['feature-gso-tcpv4', 1],
  ['feature-gso-tcpv6', 1],
  ['feature-ipv6-csum-offload', 1],
  ['feature-rx-copy', 1],
  ['feature-xdp-headroom', 1],
  ['feature-rx-flip', 0],
  ['feature-multicast-control', 1],
  ['feature-dynamic-multicast-control', 1],
  ['feature-split-event-channels', 1],
  ['multi-queue-max-queues', 4],
  ['feature-ctrl-ring', 1],
];

/** Linux blkback, with the block hotplug script. */
export const blkback = (domain: Domain): BackendKind => ({
  policy: linuxBackend,
  make: (device) => ({
    ...served(domain, device, [
      ['info', 0],
      ['sector-size', 512],
      ['physical-sector-size', 4096],
    ]),
    init: () => [
      ['feature-max-indirect-segments', 256],
      ['multi-queue-max-queues', 4],
      ['max-ring-page-order', 4],
    ],
    plug: () =>
      hotplug(domain, device, async () => [
        ['physical-device', `fd:${domain.random.between(2, 24).toString(16)}`],
        ['physical-device-path', (await device.read('params')) ?? ''],
        ['hotplug-status', 'connected'],
        ['feature-flush-cache', 1],
        ['discard-granularity', 512],
        ['discard-alignment', 0],
        ['discard-secure', 0],
        ['feature-discard', 1],
        ['feature-barrier', 1],
        ['feature-persistent', 1],
      ]),
  }),
});

/** What a hotplug script leaves in the store when it is done; the fault is one of the guest whose device it is. */
function hotplug(
  domain: Domain,
  { other }: DeviceEnd,
  script: () => Promise<Entries> | Entries,
): Promise<Entries> | Entries | undefined {
  return domain.strikes('hotplugHangs', other.domid) ? undefined : script();
}

/** A disk image served by QEMU. */
export const qdisk = (domain: Domain): BackendKind => ({
  policy: modernBackend,
  make: (device) => ({
    ...served(domain, device, []),
    init: () => [
      ['feature-discard', 1],
      ['discard-granularity', 512],
      ['feature-flush-cache', 1],
      ['max-ring-page-order', 4],
      ['info', 0],
      ['sector-size', 512],
    ],
  }),
});

/** The part of a disk's backend that is the same whoever serves it. */
function served(domain: Domain, device: DeviceEnd, entries: Entries): DeviceClass {
  const disk = new BlockBack(domain, device, sectorsOf(device));
  return {
    initialise: async () => {
      await disk.attach();
      return [['sectors', sectorsOf(device)], ...entries];
    },
    connected: () => disk.look(),
    disconnect: () => disk.stop(),
    event: () => disk.look(),
  };
}

/** Keyboard and pointer served by QEMU. */
export const vkbd: BackendKind = {
  policy: modernBackend,
  make: (device) => ({
    init: () => [
      ['feature-abs-pointer', 1],
      ['feature-raw-pointer', 1],
    ],
    initialise: async () => {
      await attachKeyboard(device);
      return [];
    },
  }),
};

/** The same disk has the same size each time it is connected. */
function sectorsOf({ devid }: DeviceEnd): number {
  const gibibytes = 4 + (devid % 7) * 8;
  return gibibytes * 1024 * 1024 * 2;
}
