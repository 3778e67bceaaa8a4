/** Whether Linux itself is a backend of PV Calls where we run. */
import { existsSync } from 'node:fs';

/** What the kernel's backend registers under, by the kind of its devices. */
const driver = '/sys/bus/xen-backend/drivers/pvcalls';

/** A sentence; undefined where the kernel is none. */
export function kernelBackend(): string | undefined {
  if (!existsSync(driver)) return undefined;
  return 'Linux’s pvcalls-back serves PV Calls in this domain: two backends at one device would break it.';
}
