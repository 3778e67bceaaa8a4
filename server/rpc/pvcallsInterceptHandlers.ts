/** What the server does for the requests of pvcallsInterceptApi.ts. */
import { checkRule, errnoRows } from '../act/interceptRules';
import type { Handlers } from './handlers';
import type { HostRegistry } from './hostRegistry';
import type { InterceptRequests } from './pvcallsInterceptApi';

export type InterceptHandlers = Pick<Handlers, keyof InterceptRequests>;

export function createInterceptHandlers(hosts: HostRegistry, firstId: number): InterceptHandlers {
  let nextViewId = firstId;
  const intercepts = (host: string) => hosts.session(host).intercepts;
  return {
    'xenscope/interceptChoices': async ({ host, device }) => intercepts(host).choices(device),
    'xenscope/intercept': async ({ host, domid }) => {
      const viewId = nextViewId++;
      intercepts(host).openView(viewId, domid);
      return { viewId, errors: errnoRows() };
    },
    'xenscope/interceptStop': async ({ viewId }) => {
      for (const session of hosts.sessions) if (session.intercepts.closeView(viewId)) break;
      return null;
    },
    'xenscope/interceptSet': async ({ host, domid, settings }) => {
      intercepts(host).backend(domid).set(settings);
      return null;
    },
    'xenscope/interceptDecide': async ({ host, domid, call, decision, delayMs }) => {
      intercepts(host).backend(domid).decide(call, decision, delayMs);
      return null;
    },
    'xenscope/interceptCheck': async ({ line }) => checkRule(line),
    'xenscope/servingPreview': ({ host, allow }) => intercepts(host).preview(allow),
    'xenscope/servingOpen': ({ host, allow, confirmed }) => intercepts(host).serve(allow, confirmed),
    'xenscope/servingClose': ({ host }) => intercepts(host).endServing(),
  };
}
