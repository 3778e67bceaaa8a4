/** Our two ends of PV Calls as programs of dom0. */
import assert from 'node:assert/strict';
import { openNativeHost } from '../../../native/host';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { nodeNetwork } from '../../../server/cli/nodeNetwork';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import { AllowList, guardedNetwork } from '../../../server/pvcalls/allowList';
import { pvcallsBackend } from '../../../server/pvcalls/backend/backDevice';
import { pvcallsFrontend } from '../../../server/pvcalls/frontend/frontDevice';
import type { PvCallsFrontend } from '../../../server/pvcalls/frontend/frontend';
import { openSocketHost } from '../../../server/store/client/socketHost';
import { runBackends, runFrontends } from '../../../server/xenbus/bus';
import { xenbusPorts } from '../../../server/xenbus/ports';
import type { XenbusPorts } from '../../../server/xenbus/ports';
import { storeSocket } from './dom0';

export interface OurEnd {
  /** Ends the program; what it held is given back. */
  close(): Promise<void>;
}

/** Serves the devices of one guest; `log` hears of what is found wrong with it. */
export function openOurBackend(domid: number, log: (line: string) => void): OurEnd {
  const network = guardedNetwork(nodeNetwork, new AllowList(), log);
  return open(log, (ports) =>
    runBackends(ports, `backend/pvcalls/${domid}`, { pvcalls: pvcallsBackend({ network }) }),
  );
}

/** Drives the devices of dom0 itself. `onConnected` is handed each when it can be used. */
export function openOurFrontend(
  log: (line: string) => void,
  onConnected: (frontend: PvCallsFrontend) => void,
): OurEnd {
  return open(log, (ports) => runFrontends(ports, { pvcalls: pvcallsFrontend({ onConnected }) }));
}

function open(log: (line: string) => void, runDrivers: (ports: XenbusPorts) => Promise<void>): OurEnd {
  const store = openSocketHost({ path: storeSocket, clock: systemClock, random: systemRandom });
  const host = openNativeHost({ store, libraries: new XenLibraries(), log: (line) => assert.fail(line) });
  const program = host.openProgram!();
  const ending = new AbortController();
  const { signal } = ending;
  const running = runDrivers(xenbusPorts({ ...program, domid: 0, clock: systemClock, signal, log }));
  return {
    async close() {
      ending.abort();
      await running.catch(() => undefined);
      await program.close();
      await host.close();
    },
  };
}
