/** Where the other end of a device is: every device names it, and its domain. */
import type { StoreOperations } from '../host/storeClient';
import { isNodePath } from '../wire/xsPath';
import type { DeviceEnd, OtherEnd } from './deviceEnd';
import { readText } from './nodes';

/** `side` is the side to be found. Undefined when the device does not say it, or says nonsense. */
export async function readOther(
  store: StoreOperations,
  devicePath: string,
  side: 'frontend' | 'backend',
): Promise<OtherEnd | undefined> {
  const [path, domid] = await Promise.all([
    readText(store, `${devicePath}/${side}`),
    readText(store, `${devicePath}/${side}-id`),
  ]);
  if (path === undefined || !isNodePath(path) || !/^[0-9]{1,5}$/.test(domid ?? '')) return undefined;
  return { path, domid: Number(domid) };
}

/** A number that the other end published; undefined when it is missing or none. */
export async function otherNumber(device: DeviceEnd, name: string): Promise<number | undefined> {
  const text = await device.readOther(name);
  return text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}
