/** A page that a domain lends to dom0, as it is now: mapped for reading by a program of its own, and let go. */
import { openNativeHost } from '../../../native/host';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import { openSocketHost } from '../../../server/store/client/socketHost';
import { storeSocket } from './dom0';

const pageBytes = 4096;

export async function copyOfPage(domid: number, ref: number): Promise<Buffer> {
  const store = openSocketHost({ path: storeSocket, clock: systemClock, random: systemRandom });
  const host = openNativeHost({ store, libraries: new XenLibraries() });
  try {
    const { memory, unmap } = host.grants().map(domid, [ref], 'read');
    const bytes = Buffer.alloc(pageBytes);
    memory.copyOut(0, bytes);
    unmap();
    return bytes;
  } finally {
    await host.close();
  }
}
