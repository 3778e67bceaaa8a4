/** Whether the kernel of this machine runs under Xen, as dom0 or as a guest. */
import { readFileSync } from 'node:fs';

export function runsUnderXen(): boolean {
  try {
    return readFileSync('/sys/hypervisor/type', 'utf8').trim() === 'xen';
  } catch {
    return false;
  }
}
