/** This process as a program of the domain that it runs in: under Xen, or joined to a simulated world. */
import { openNativeHost } from '../../native/host';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { chooseStoreWay } from '../../native/store/storeWays';
import { openStoreHost } from '../store/client/socketHost';
import type { VchanPorts } from '../vchan/ports';
import { maxSilenceMs } from './localXen';
import { localSocketPaths } from './socketPaths';
import { systemClock, systemRandom } from './systemClock';

export interface LocalProgram {
  readonly ports: VchanPorts;
  close(): Promise<void>;
}

/** Rejects with a XenscopeError that says what is missing. */
export async function openLocalProgram(): Promise<LocalProgram> {
  const chosen = await chooseStoreWay({ way: 'auto', socketPaths: localSocketPaths(), clock: systemClock });
  const store = openStoreHost({
    dial: chosen.dial,
    clock: systemClock,
    random: systemRandom,
    maxSilenceMs,
  });
  const host = openNativeHost({ store, libraries: new XenLibraries() });
  try {
    return { ports: host.openProgram!(), close: () => host.close() };
  } catch (error) {
    await host.close();
    throw error;
  }
}
