/** What stands in the store of a host before its first guest: xen-init-dom0, the kernel, QEMU for dom0. */
import type { StoreClient } from '../../host/storeClient';
import { domainPath } from '../../wire/xsPath';
import { writeEntries } from '../../xenbus/nodes';
import { writeDeviceModel } from '../toolstack/domainNodes';

const dom0MemoryKiB = 4 * 1024 * 1024;

export async function bootDom0(store: StoreClient): Promise<void> {
  const dom0 = domainPath(0);
  await writeEntries(store, dom0, [
    ['control/feature-poweroff', 1],
    ['control/feature-reboot', 1],
    ['control/feature-suspend', 1],
    ['domid', 0],
    ['name', 'Domain-0'],
    ['memory/target', dom0MemoryKiB],
    ['memory/static-max', dom0MemoryKiB * 4],
  ]);
  await store.write('/local/pool/0/name', 'Pool-0');
  for (const folder of ['/vm', '/libxl']) await store.mkdir(folder);
  await writeDeviceModel(store, 0, ['console', 'vkbd', 'qdisk', '9pfs', 'qusb', 'vfb', 'qnic']);
}
