/**
 * The demo host: a small company's server with one guest of each kind that a Xen person meets.
 * docs/simulator.md tells who they are; change both together.
 */
import type { OperatorPlan } from './dom0/operator';
import { networkDriverDomain } from './guests/driverDomain';
import { debian, linuxGuest } from './guests/linux';
import { miniOsGuest, stubDomain } from './guests/miniOs';
import { mirageGuest } from './guests/mirage';
import { answeringQube, callingQube } from './guests/qubes';
import { crashingGuest, workerGuest } from './guests/shortLived';
import {
  chattyClient,
  echoServer,
  httpClient,
  httpServer,
  pvcallsGuest,
  refusedClient,
} from './guests/pvcallsGuests';
import { rollingGuest, rowdyGuest } from './guests/troubled';
import { windowsGuest } from './guests/windows';
import type { DomainConfig } from './toolstack/config';

const bridge = 'xenbr0';
const viaDriverDomain = { bridge, backend: 'net-driver' };
const linuxKernel = { kernel: '/boot/vmlinuz-xen', ramdisk: '/boot/initrd-xen.img' };
/** In the network inside the world: domain 0's own address, where the sockets of `shop` are opened… */
const shop = { host: '10.0.0.1', port: 80 };
const till = { host: '10.0.0.1', port: 7 };
/** …and one where nobody listens. */
const printer = { host: '10.0.0.9', port: 631 };
const stays = { onPoweroff: 'destroy', onCrash: 'restart' } as const;

/** In the order in which the host starts them. */
export const demoDomains: readonly DomainConfig[] = [
  {
    ...stays,
    ...linuxKernel,
    name: 'net-driver',
    type: 'pvh',
    memoryMiB: 256,
    vcpus: 2,
    cmdline: 'console=hvc0 root=/dev/xvda ro',
    nics: [],
    disks: [{ vdev: 'xvda', target: '/dev/vg0/net-driver' }],
    driverDomain: true,
    guest: networkDriverDomain,
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'web',
    type: 'pv',
    memoryMiB: 512,
    maxMemoryMiB: 1024,
    vcpus: 2,
    cmdline: 'console=hvc0 root=/dev/xvda1 ro',
    nics: [viaDriverDomain],
    disks: [{ vdev: 'xvda', target: '/dev/vg0/web' }],
    guest: linuxGuest(debian),
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'database',
    type: 'pvh',
    memoryMiB: 1024,
    maxMemoryMiB: 2048,
    vcpus: 4,
    cmdline: 'console=hvc0 root=/dev/xvda1 ro',
    nics: [{ bridge }],
    disks: [
      { vdev: 'xvda', target: '/dev/vg0/database' },
      { vdev: 'xvdb', target: '/dev/vg0/database-log' },
    ],
    shares: [{ tag: 'backup', path: '/srv/backup' }],
    guest: linuxGuest(debian),
  },
  {
    ...stays,
    name: 'dns-unikernel',
    type: 'pvh',
    memoryMiB: 32,
    vcpus: 1,
    kernel: '/srv/unikernels/dns.xen',
    cmdline: '--ipv4=10.0.0.53/24',
    nics: [viaDriverDomain],
    disks: [],
    guest: mirageGuest,
  },
  {
    ...stays,
    name: 'windows',
    type: 'hvm',
    memoryMiB: 4096,
    maxMemoryMiB: 6144,
    vcpus: 2,
    nics: [{ bridge }],
    disks: [{ vdev: 'hda', target: '/srv/images/windows.img' }],
    guest: windowsGuest,
  },
  {
    ...stays,
    name: 'old-hvm',
    type: 'hvm',
    memoryMiB: 512,
    vcpus: 1,
    nics: [],
    disks: [{ vdev: 'hda', target: '/dev/vg0/old-hvm' }],
    stubdomain: {
      ...stays,
      name: 'old-hvm-dm',
      type: 'pv',
      memoryMiB: 32,
      vcpus: 1,
      kernel: '/usr/lib/xen-4.17/boot/ioemu-stubdom.gz',
      resetsRing: true,
      nics: [],
      disks: [{ vdev: 'hda', target: '/dev/vg0/old-hvm' }],
      guest: stubDomain,
    },
    guest: linuxGuest(debian),
  },
  {
    ...stays,
    name: 'mini-os',
    type: 'pv',
    memoryMiB: 16,
    vcpus: 1,
    kernel: '/srv/unikernels/mini-os.gz',
    resetsRing: true,
    nics: [{ bridge }],
    disks: [],
    guest: miniOsGuest,
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'work',
    type: 'pvh',
    memoryMiB: 400,
    maxMemoryMiB: 1600,
    vcpus: 2,
    cmdline: 'root=/dev/mapper/dmroot ro nomodeset console=hvc0',
    nics: [viaDriverDomain],
    disks: [
      { vdev: 'xvda', target: '/dev/qubes_dom0/vm-debian-12-root', readOnly: true },
      { vdev: 'xvdb', target: '/dev/qubes_dom0/vm-work-private' },
    ],
    meminfo: true,
    guest: answeringQube('vault'),
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'vault',
    type: 'pvh',
    memoryMiB: 400,
    maxMemoryMiB: 800,
    vcpus: 2,
    cmdline: 'root=/dev/mapper/dmroot ro nomodeset console=hvc0',
    nics: [],
    disks: [
      { vdev: 'xvda', target: '/dev/qubes_dom0/vm-debian-12-root', readOnly: true },
      { vdev: 'xvdb', target: '/dev/qubes_dom0/vm-vault-private' },
    ],
    meminfo: true,
    guest: callingQube('work'),
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'flaky',
    type: 'pv',
    memoryMiB: 128,
    vcpus: 1,
    cmdline: 'console=hvc0 root=/dev/xvda panic=1',
    nics: [{ bridge }],
    disks: [{ vdev: 'xvda', target: '/dev/vg0/flaky' }],
    guest: crashingGuest,
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'rolling',
    type: 'pvh',
    memoryMiB: 256,
    vcpus: 1,
    cmdline: 'console=hvc0 root=/dev/xvda ro',
    nics: [{ bridge }],
    disks: [{ vdev: 'xvda', target: '/dev/vg0/rolling' }],
    guest: rollingGuest,
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'rowdy',
    type: 'pvh',
    memoryMiB: 128,
    vcpus: 1,
    cmdline: 'console=hvc0 root=/dev/xvda ro',
    nics: [],
    disks: [{ vdev: 'xvda', target: '/dev/vg0/rowdy' }],
    guest: rowdyGuest,
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'shop',
    type: 'pvh',
    memoryMiB: 128,
    vcpus: 1,
    cmdline: 'console=hvc0 root=/dev/xvda ro',
    nics: [],
    disks: [],
    pvcalls: true,
    guest: pvcallsGuest(httpServer(shop, undefined, 6), echoServer(till, 3)),
  },
  {
    ...stays,
    ...linuxKernel,
    name: 'till',
    type: 'pvh',
    memoryMiB: 64,
    vcpus: 1,
    cmdline: 'console=hvc0 root=/dev/xvda ro',
    nics: [],
    disks: [],
    pvcalls: true,
    guest: pvcallsGuest(
      httpClient(shop, { least: 4000, most: 12_000 }),
      chattyClient(till, 3, 2000, undefined, 25),
      refusedClient(printer, { least: 20_000, most: 60_000 }),
    ),
  },
];

export const demoPlan: OperatorPlan = {
  worker: {
    ...linuxKernel,
    name: 'worker',
    type: 'pv',
    memoryMiB: 256,
    vcpus: 1,
    cmdline: 'console=hvc0 root=/dev/xvda ro',
    nics: [viaDriverDomain],
    disks: [{ vdev: 'xvda', target: '/dev/vg0/worker' }],
    onPoweroff: 'destroy',
    onCrash: 'destroy',
    guest: workerGuest,
  },
  hotplugNic: { domain: 'web', nic: { bridge: 'xenbr1' } },
  hotplugDisk: { domain: 'database', disk: { vdev: 'xvdc', target: '/dev/vg0/backup' } },
};
