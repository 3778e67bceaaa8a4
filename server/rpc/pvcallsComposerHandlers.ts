/** What the server does for the requests of pvcallsComposerApi.ts. */
import { XenscopeError } from '../host/errors';
import type { Handlers } from './handlers';
import type { HostRegistry } from './hostRegistry';
import type { ComposerRequests } from './pvcallsComposerApi';

export type ComposerHandlers = Pick<Handlers, keyof ComposerRequests>;

export function createComposerHandlers(hosts: HostRegistry, firstId: number): ComposerHandlers {
  let nextComposerId = firstId;
  const composers = (host: string) => hosts.session(host).composers;
  const session = ({ host, composerId }: { readonly host: string; readonly composerId: number }) =>
    composers(host).session(composerId);
  return {
    'xenscope/composerChoices': ({ host }) => composers(host).choices(),
    'xenscope/composerPreview': ({ host, plan }) => composers(host).preview(plan),
    'xenscope/composerOpen': async ({ host, plan, confirmed }) => {
      const composerId = nextComposerId++;
      await composers(host).open(composerId, plan, confirmed);
      return { composerId };
    },
    'xenscope/composerCheck': async ({ draft, ...at }) => session(at).check(draft),
    'xenscope/composerCall': async ({ draft, confirmed, ...at }) => ({
      number: session(at).call(draft, confirmed ?? false),
    }),
    'xenscope/composerSend': async ({ id, bytes, ...at }, signal) => {
      const { clock } = hosts.session(at.host).host;
      const sent = await session(at).send(idOf(id), Buffer.from(bytes, 'base64'), signal);
      return { ...sent, timeMs: clock.nowMs() };
    },
    'xenscope/composerReading': async ({ id, reads, keepAll, ...at }) => {
      session(at).setReading(idOf(id), { reads, keepAll });
      return null;
    },
    'xenscope/composerEndSending': async ({ id, ...at }) => {
      session(at).endSending(idOf(id));
      return null;
    },
    'xenscope/composerAbandon': async ({ id, ...at }) => {
      session(at).abandonSocket(idOf(id));
      return null;
    },
    'xenscope/composerEnd': async ({ how, ...at }) => {
      await session(at).end(how);
      return null;
    },
    'xenscope/composerForget': async ({ host, composerId }) => {
      // A host that was disconnected meanwhile has closed it.
      await hosts.sessionIfOpen(host)?.composers.forget(composerId);
      return null;
    },
  };
}

function idOf(text: string): bigint {
  if (/^[0-9]{1,20}$/.test(text)) return BigInt(text);
  throw new XenscopeError('input', `"${text.slice(0, 40)}" is no number of a socket.`);
}
