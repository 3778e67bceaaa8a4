/** What the frontends of the various guests publish, by kind of device. */
import { XenbusState } from '../../wire/xenbusState';
import { closeFirst, frontend } from './frontend';
import type { DeviceEnd, Driver, Entries } from './xenbus';

const { Initialised, Connected } = XenbusState;

/** Linux netfront: one pair of channels per queue, several queues with several processors. */
export function linuxNetfront(queues: number): Driver {
  return frontend({
    published: Connected,
    describe: (end) =>
      Promise.resolve([
        ...netQueues(end, queues),
        ['request-rx-copy', 1],
        ['feature-rx-notify', 1],
        ['feature-sg', 1],
        ['feature-gso-tcpv4', 1],
        ['feature-gso-tcpv6', 1],
        ['feature-ipv6-csum-offload', 1],
        ['xdp-headroom', 0],
      ]),
  });
}

export const linuxBlkfront = frontend({
  published: Initialised,
  describe: (end) => Promise.resolve([...blockRing(end), ['feature-persistent', 1]]),
});

/** mirage-net-xen: one channel for both directions. */
export const mirageNetfront = frontend({
  published: Connected,
  describe: (end) =>
    Promise.resolve([
      ...plainNetRings(end),
      ['request-rx-copy', 1],
      ['feature-rx-notify', 1],
      ['feature-sg', 1],
    ]),
});

export const miniOsNetfront = frontend({
  published: Connected,
  describe: (end) => Promise.resolve([...plainNetRings(end), ['request-rx-copy', 1]]),
});

export const miniOsBlkfront = frontend({
  published: Connected,
  describe: (end) => Promise.resolve(blockRing(end)),
});

/** Windows' xenvif: closes before it connects. */
export function windowsNetfront(queues: number): Driver {
  return frontend({
    prepare: closeFirst,
    published: Connected,
    describe: (end) =>
      Promise.resolve([
        ...netQueues(end, queues),
        ['request-rx-copy', 1],
        ['feature-rx-notify', 1],
        ['feature-sg', 1],
        ['feature-gso-tcpv4', 1],
        ['feature-gso-tcpv6', 1],
        ['feature-ipv6-csum-offload', 1],
      ]),
  });
}

/** Windows' xenvbd: closes before it connects. */
export const windowsBlkfront = frontend({
  prepare: closeFirst,
  published: Initialised,
  describe: (end) =>
    Promise.resolve([
      ['ring-ref', end.domain.newGref()],
      ['event-channel', end.domain.newPort()],
      ['protocol', 'x86_64-abi'],
      ['feature-surprise-remove', 1],
    ]),
});

export const linuxKbdfront = frontend({
  published: Initialised,
  describe: (end) =>
    Promise.resolve([
      ['request-abs-pointer', 1],
      ['page-ref', end.domain.random.between(100_000, 4_000_000)],
      ['page-gref', end.domain.newGref()],
      ['event-channel', end.domain.newPort()],
    ]),
});

function blockRing(end: DeviceEnd): Entries {
  return [
    ['ring-ref', end.domain.newGref()],
    ['event-channel', end.domain.newPort()],
    ['protocol', 'x86_64-abi'],
  ];
}

function plainNetRings({ domain }: DeviceEnd): Entries {
  return [
    ['tx-ring-ref', domain.newGref()],
    ['rx-ring-ref', domain.newGref()],
    ['event-channel', domain.newPort()],
  ];
}

function netQueues({ domain }: DeviceEnd, queues: number): Entries {
  const rings = (prefix: string): Entries => [
    [`${prefix}tx-ring-ref`, domain.newGref()],
    [`${prefix}rx-ring-ref`, domain.newGref()],
    [`${prefix}event-channel-tx`, domain.newPort()],
    [`${prefix}event-channel-rx`, domain.newPort()],
  ];
  if (queues === 1) return rings('');
  const each = Array.from({ length: queues }, (_, queue) => rings(`queue-${queue}/`));
  return [['multi-queue-num-queues', queues], ...each.flat()];
}
