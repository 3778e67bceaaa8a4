/** What the server does for the requests of ringsApi.ts. */
import { performReconnect, previewReconnect, type ReconnectTarget } from '../act/reconnect';
import type { DomainAct } from '../host/worldControl';
import type { ReconnectStep, RingKind } from './api';
import type { Handlers } from './handlers';
import type { HostRegistry } from './hostRegistry';
import type { RingRequests } from './ringsApi';
import { noSuchRing } from './ringFeed';
import { stepWorld, worldOf, worldState } from './worldFeed';

export type RingHandlers = Pick<Handlers, keyof RingRequests>;

export function createRingHandlers(
  hosts: HostRegistry,
  firstId: number,
  onReconnectStep: (serial: number, step: ReconnectStep) => void,
): RingHandlers {
  let nextViewId = firstId;
  const target = async (host: string, ring: string): Promise<ReconnectTarget> => {
    const session = hosts.session(host);
    // A ring that cannot be seen from here still has a guest, and a reason why it cannot be done.
    const row = session.rings ? await session.rings.find(ring) : unseen(ring);
    if (!row) throw noSuchRing(ring);
    const { store, domains } = session;
    return { host: session.host, store, ring: row, nameDomain: domains.nameDomain };
  };
  const world = (host: string) => worldOf(hosts.session(host).host);
  return {
    'xenscope/rings': async ({ host, intervalMs }) => {
      const session = hosts.session(host);
      if (session.rings) session.rings.startList(intervalMs);
      else session.tellNoRings();
      return null;
    },
    'xenscope/ringList': async ({ host }) => (await hosts.session(host).rings?.all()) ?? [],
    'xenscope/ringsStop': async ({ host }) => {
      // A host that was disconnected meanwhile tells of nothing any more.
      hosts.sessionIfOpen(host)?.rings?.stopList();
      return null;
    },
    'xenscope/ring': async ({ host, ring, intervalMs }) => {
      const { rings } = hosts.session(host);
      if (!rings) throw noSuchRing(ring);
      await rings.all();
      const viewId = nextViewId++;
      return { viewId, strip: rings.openView(viewId, ring, intervalMs) };
    },
    'xenscope/ringStop': async ({ viewId }) => {
      for (const session of hosts.sessions) if (session.rings?.closeView(viewId)) break;
      return null;
    },

    'xenscope/reconnectPreview': async ({ host, ring }) => previewReconnect(await target(host, ring)),
    'xenscope/reconnect': async ({ host, ring, serial, confirmed, forced = false }) =>
      performReconnect(await target(host, ring), { confirmed, forced }, (step) =>
        onReconnectStep(serial, step),
      ),

    'xenscope/world': async ({ host }) => worldState(world(host)),
    'xenscope/hold': async ({ host }) => {
      world(host).hold();
      return null;
    },
    'xenscope/resume': async ({ host }) => {
      world(host).resume();
      return null;
    },
    'xenscope/step': ({ host }) => stepWorld(world(host)),
    'xenscope/setFault': async ({ host, name, probability, domid }) => {
      world(host).setFault(name, probability, domid);
      return null;
    },
    'xenscope/domainAct': async ({ host, act, who }) => {
      // Its name was checked with the shape of the request.
      world(host).act(act as DomainAct, who);
      return null;
    },
  };
}

/** What a ring's name says by itself: `xenstore:3`. */
function unseen(ring: string): ReconnectTarget['ring'] | undefined {
  const [, kind, domid] = /^(xenstore|console):([0-9]{1,5})$/.exec(ring) ?? [];
  return kind ? { kind: kind as RingKind, domid: Number(domid), directions: [] } : undefined;
}
