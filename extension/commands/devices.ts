/** Leads to a device in the view “Devices”. */
import type { Xenscope } from '../context';
import { failures } from '../errors';

/** As a finding names it. */
export async function showDevice(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, device } = (argument ?? {}) as { host?: string; device?: string };
  if (typeof device !== 'string') throw failures.noDeviceChosen();
  await xenscope.devicesView.reveal(host ?? xenscope.hosts.currentId, device);
}
