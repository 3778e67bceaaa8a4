/**
 * The nodes of a domain that libxl writes before the domain runs: libxl__domain_make, then
 * libxl__build_post (libxl_create.c, libxl_dom.c), and the device model's (libxl_dm.c).
 */
import type { StoreClient } from '../../host/storeClient';
import { domainPath } from '../../wire/xsPath';
import { writeEntries } from '../../xenbus/nodes';
import type { Entries } from '../../xenbus/nodes';
import { memoryKiB } from './config';
import type { DomainConfig } from './config';
import { makeNode, none, noneBut } from './perms';

export const vmPath = (uuid: string) => `/vm/${uuid}`;
export const libxlDomainPath = (domid: number) => `/libxl/${domid}`;
const deviceModelVersion = (config: DomainConfig) =>
  config.stubdomain ? 'qemu_xen_traditional' : 'qemu_xen';
export const deviceModelPath = (domid: number) => `${domainPath(0)}/device-model/${domid}`;

/** Everything that exists from the moment of creation, empty or not. */
export function makeDomainNodes(
  store: StoreClient,
  domid: number,
  uuid: string,
  config: DomainConfig,
): Promise<void> {
  const domain = domainPath(domid);
  const vm = vmPath(uuid);
  const readable = noneBut(0, { read: domid });
  const own = none(domid);
  const isHvm = config.type === 'hvm';
  return store.transaction(async (transaction) => {
    await makeNode(transaction, domain, readable);
    await makeNode(transaction, vm, readable);
    await makeNode(transaction, libxlDomainPath(domid), none(0));
    await makeNode(transaction, `${libxlDomainPath(domid)}/device`, none(0));
    await writeEntries(transaction, domain, [
      ['vm', vm],
      ['name', config.name],
    ]);
    for (const name of ['cpu', 'memory', 'device', 'control', ...(isHvm ? ['hvmloader'] : [])]) {
      await makeNode(transaction, `${domain}/${name}`, readable);
    }
    for (const name of guestOwnedNodes(config)) await makeNode(transaction, `${domain}/${name}`, own);
    await writeEntries(transaction, vm, [
      ['uuid', uuid],
      ['name', config.name],
    ]);
    await writeEntries(transaction, `${domain}/control`, [
      ['platform-feature-multiprocessor-suspend', 1],
      ['platform-feature-xs_reset_watches', 1],
    ]);
    await writeEntries(transaction, libxlDomainPath(domid), [
      ['type', config.type],
      ['dm-version', deviceModelVersion(config)],
    ]);
  });
}

function guestOwnedNodes(config: DomainConfig): string[] {
  const sleepStates = config.type === 'hvm' ? ['control/feature-s3', 'control/feature-s4'] : [];
  return [
    'control/shutdown',
    'control/feature-poweroff',
    'control/feature-reboot',
    'control/feature-suspend',
    ...sleepStates,
    'control/sysrq',
    'device/suspend/event-channel',
    'data',
    'drivers',
    'feature',
    'attr',
    'error',
    ...(config.driverDomain ? ['libxl', 'device-model'] : []),
  ];
}

export interface BuiltDomain {
  readonly uuid: string;
  readonly storePort: number;
  readonly storeGfn: number;
  readonly startMs: number;
}

/** What is known once the domain's memory has been filled. */
export async function writeBuildNodes(
  store: StoreClient,
  domid: number,
  config: DomainConfig,
  { uuid, storePort, storeGfn, startMs }: BuiltDomain,
): Promise<void> {
  const domain = domainPath(domid);
  const { targetKiB, maxKiB } = memoryKiB(config);
  const online = Array.from(
    { length: config.vcpus },
    (_, vcpu) => [`cpu/${vcpu}/availability`, 'online'] as const,
  );
  await store.transaction(async (transaction) => {
    await writeEntries(transaction, domain, [
      ['memory/static-max', maxKiB],
      ['memory/target', targetKiB],
      ['memory/videoram', config.type === 'hvm' ? 16_384 : config.type === 'pvh' ? -1 : 0],
      ['domid', domid],
      ['store/port', storePort],
      ['store/ring-ref', storeGfn],
      ...online,
      ...(config.type === 'hvm' ? hvmNodes(config) : []),
    ]);
    await writeEntries(transaction, vmPath(uuid), [
      ...imageNodes(config),
      ['start_time', (startMs / 1000).toFixed(2)],
    ]);
    if (!config.meminfo) return;
    // Written by the guest, read by the memory manager in domain 0.
    await makeNode(transaction, `${domain}/memory/meminfo`, none(domid));
  });
}

const hvmNodes = (config: DomainConfig): Entries => [
  ['hvmloader/bios', 'seabios'],
  ['hvmloader/allow-memory-relocate', 1],
  ['platform/acpi', 1],
  ['platform/acpi_s3', 1],
  ['platform/acpi_s4', 1],
  ['platform/acpi_laptop_slate', 0],
  ['platform/device-model', deviceModelVersion(config)],
];

function imageNodes({ type, kernel, ramdisk, cmdline }: DomainConfig): Entries {
  if (type === 'hvm') {
    return [
      ['rtc/timeoffset', 0],
      ['image/ostype', 'hvm'],
    ];
  }
  // libxl tells nothing of a PVH guest's kernel.
  if (type === 'pvh') return [];
  return [
    ['image/ostype', 'linux'],
    ['image/kernel', kernel ?? ''],
    ...(ramdisk === undefined ? [] : ([['image/ramdisk', ramdisk]] as const)),
    ...(cmdline === undefined ? [] : ([['image/cmdline', cmdline]] as const)),
  ];
}

/** QEMU in domain 0 says which backends it offers and that it runs. */
export async function writeDeviceModel(
  store: StoreClient,
  domid: number,
  backends: readonly string[],
): Promise<void> {
  await writeEntries(store, deviceModelPath(domid), [
    ...backends.map((kind) => [`backends/${kind}`, ''] as const),
    ['state', 'running'],
  ]);
}
