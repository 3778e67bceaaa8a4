/** What the server does for the requests of pvcallsApi.ts. */
import type { Handlers } from './handlers';
import type { HostRegistry } from './hostRegistry';
import type { PvCallsRequests } from './pvcallsApi';

export type PvCallsHandlers = Pick<Handlers, keyof PvCallsRequests>;

export function createPvCallsHandlers(hosts: HostRegistry, firstId: number): PvCallsHandlers {
  let nextViewId = firstId;
  return {
    'xenscope/pvcalls': async ({ host, intervalMs }) => {
      hosts.session(host).sockets.start(intervalMs);
      return null;
    },
    'xenscope/pvcallsStop': async ({ host }) => {
      // A host that was disconnected meanwhile tells of nothing any more.
      hosts.sessionIfOpen(host)?.sockets.stop();
      return null;
    },
    'xenscope/pvcallsList': ({ host }) => hosts.session(host).sockets.rows(),
    'xenscope/pvcallsView': async ({ host, device, intervalMs }) => {
      const viewId = nextViewId++;
      hosts.session(host).sockets.openView(viewId, device, intervalMs);
      return { viewId };
    },
    'xenscope/pvcallsViewStop': async ({ viewId }) => {
      for (const session of hosts.sessions) if (session.sockets.closeView(viewId)) break;
      return null;
    },
  };
}
