/** What the backends publish, by kind of device: Linux' netback and blkback, and QEMU's. */
import { backend } from './backend';
import type { DeviceEnd, Driver } from './xenbus';

/** Linux netback, with the vif-bridge hotplug script. */
export const netback: Driver = backend({
  features: [
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
  ],
  hotplug: () => Promise.resolve([['hotplug-status', 'connected']]),
});

/** Linux blkback, with the block hotplug script. */
export const blkback: Driver = backend({
  features: [
    ['feature-max-indirect-segments', 256],
    ['multi-queue-max-queues', 4],
    ['max-ring-page-order', 4],
  ],
  hotplug: async (end) => [
    ['physical-device', `fd:${end.domain.random.between(2, 24).toString(16)}`],
    ['physical-device-path', (await end.read('params')) ?? ''],
    ['hotplug-status', 'connected'],
    ['feature-flush-cache', 1],
    ['discard-granularity', 512],
    ['discard-alignment', 0],
    ['discard-secure', 0],
    ['feature-discard', 1],
    ['feature-barrier', 1],
    ['feature-persistent', 1],
  ],
  connect: async (end) => [
    ['sectors', await sectorsOf(end)],
    ['info', 0],
    ['sector-size', 512],
    ['physical-sector-size', 4096],
  ],
});

/** A disk image served by QEMU. */
export const qdisk: Driver = backend({
  features: [
    ['feature-discard', 1],
    ['discard-granularity', 512],
    ['feature-flush-cache', 1],
    ['max-ring-page-order', 4],
    ['info', 0],
    ['sector-size', 512],
    ['hotplug-status', 'connected'],
  ],
  connect: async (end) => [['sectors', await sectorsOf(end)]],
});

/** Keyboard and pointer served by QEMU. */
export const vkbd: Driver = backend({
  features: [
    ['feature-abs-pointer', 1],
    ['feature-raw-pointer', 1],
    ['hotplug-status', 'connected'],
  ],
});

/** The same disk has the same size each time it is connected. */
function sectorsOf(end: DeviceEnd): Promise<number> {
  const gibibytes = 4 + (end.devid % 7) * 8;
  return Promise.resolve(gibibytes * 1024 * 1024 * 2);
}
