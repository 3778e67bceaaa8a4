/** What the server does for the requests of vchanApi.ts. */
import type { Handlers } from './handlers';
import type { HostRegistry } from './hostRegistry';
import type { VchanRequests } from './vchanApi';

export type VchanHandlers = Pick<Handlers, keyof VchanRequests>;

export function createVchanHandlers(hosts: HostRegistry, firstId: number): VchanHandlers {
  let nextConsoleId = firstId;
  const vchans = (host: string) => hosts.session(host).vchans;
  return {
    'xenscope/vchanChoices': ({ host }) => vchans(host).choices(),
    'xenscope/vchanPreview': ({ host, plan }) => vchans(host).preview(plan),
    'xenscope/vchanOpen': async ({ host, plan, confirmed }) => {
      const consoleId = nextConsoleId++;
      await vchans(host).open(consoleId, plan, confirmed);
      return { consoleId };
    },
    'xenscope/vchanWatch': async ({ host, ring }) => {
      const consoleId = nextConsoleId++;
      return { consoleId, watched: await vchans(host).watch(consoleId, ring) };
    },
    'xenscope/vchanSend': async ({ host, consoleId, bytes }, signal) => {
      const { clock } = hosts.session(host).host;
      const sent = await vchans(host).session(consoleId).send(Buffer.from(bytes, 'base64'), signal);
      return { ...sent, timeMs: clock.nowMs() };
    },
    'xenscope/vchanReading': async ({ host, consoleId, reads, keepAll }) => {
      vchans(host).session(consoleId).setReading({ reads, keepAll });
      return null;
    },
    'xenscope/vchanEnd': async ({ host, consoleId, how }) => {
      await vchans(host).session(consoleId).end(how);
      return null;
    },
    'xenscope/vchanForget': async ({ host, consoleId }) => {
      // A host that was disconnected meanwhile has closed it.
      await hosts.sessionIfOpen(host)?.vchans.forget(consoleId);
      return null;
    },
  };
}
