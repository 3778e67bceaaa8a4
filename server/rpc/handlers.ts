/** What the server does for each request of the contract: one table, so that none is forgotten. */
import type { Edit } from '../act/edit';
import { writeJournal } from '../capture/writeJournal';
import { XenscopeError } from '../host/errors';
import { dump } from '../model/dump';
import { find } from '../model/find';
import { compareNames } from '../model/naturalOrder';
import { readDetail } from '../model/nodeDetail';
import type { Act, ApiRequests, NodeRow, ReconnectStep, RequestName } from './api';
import { createDeviceHandlers } from './deviceHandlers';
import type { HostRegistry } from './hostRegistry';
import { createComposerHandlers } from './pvcallsComposerHandlers';
import { createPvCallsHandlers } from './pvcallsHandlers';
import type { ReportOutbox } from './reportOutbox';
import { createInterceptHandlers } from './pvcallsInterceptHandlers';
import { createRingHandlers } from './ringHandlers';
import { createVchanHandlers } from './vchanHandlers';

/** `signal` is aborted when the editor no longer wants the answer. */
export type Handlers = {
  readonly [Name in RequestName]: (
    params: ApiRequests[Name]['params'],
    signal: AbortSignal,
  ) => Promise<ApiRequests[Name]['result']>;
};

export interface HandlerOptions {
  /** Where the ids of watches and views begin. */
  readonly firstId: number;
  /** Whether this process may write a file because an editor names it. */
  readonly mayWriteFiles: boolean;
  readonly onFound: (serial: number, rows: readonly NodeRow[]) => void;
  readonly onReconnectStep: (serial: number, step: ReconnectStep) => void;
}

export function createHandlers(
  hosts: HostRegistry,
  outbox: ReportOutbox,
  { firstId, mayWriteFiles, onFound, onReconnectStep }: HandlerOptions,
): Handlers {
  let nextWatchId = firstId;
  return {
    ...createRingHandlers(hosts, firstId, onReconnectStep),
    ...createDeviceHandlers(hosts, firstId),
    ...createVchanHandlers(hosts, firstId),
    ...createPvCallsHandlers(hosts, firstId),
    ...createComposerHandlers(hosts, firstId),
    ...createInterceptHandlers(hosts, firstId),
    'xenscope/settings': async (settings) => {
      hosts.applySettings(settings);
      return null;
    },
    'xenscope/hosts': async () => hosts.hosts,
    'xenscope/connect': ({ host }) => hosts.entry(host).connect(),
    'xenscope/disconnect': async ({ host }) => {
      await hosts.entry(host).disconnect();
      return null;
    },
    'xenscope/setPace': async ({ host, pace }) => {
      hosts.entry(host).setPace(pace);
      return null;
    },
    'xenscope/domains': async ({ host }) => hosts.session(host).domains.all,

    'xenscope/children': ({ host, path, offset, limit }, signal) =>
      hosts.session(host).tree.children(path, offset, limit, { signal }),
    'xenscope/unobserve': async ({ host, paths }) => {
      // A host that was disconnected meanwhile observes nothing any more.
      hosts.sessionIfOpen(host)?.tree.unobserve(paths);
      return null;
    },
    'xenscope/row': async ({ host, path }, signal) => {
      const row = await hosts.session(host).tree.row(path, { signal });
      if (!row) throw new XenscopeError('store', `${path} does not exist.`, { storeError: 'ENOENT' });
      return row;
    },
    'xenscope/detail': async ({ host, path }, signal) => {
      const { store, domains } = hosts.session(host);
      const detail = await readDetail(store, path, domains.nameDomain, { signal });
      return { ...detail, value: detail.value.toString('base64') };
    },
    'xenscope/names': async ({ host, path }, signal) => {
      const names = await hosts.session(host).store.directory(path, { signal });
      return names.sort(compareNames);
    },
    'xenscope/dump': ({ host, path, format }, signal) =>
      dump(hosts.session(host).store, path, format, { signal }),
    'xenscope/find': ({ host, serial, ...query }, signal) => {
      const { store, domains } = hosts.session(host);
      return find(store, query, domains.nameDomain, {
        signal,
        onFound: (rows) => serial !== undefined && onFound(serial, rows),
      });
    },

    'xenscope/preview': ({ host, act }) => hosts.session(host).acts.preview(editOf(act)),
    'xenscope/act': ({ host, act, confirmed }, signal) =>
      hosts.session(host).acts.perform(editOf(act), confirmed, signal),
    'xenscope/undo': ({ host, undoId }) => hosts.session(host).acts.undo(undoId),

    'xenscope/watch': async ({ host, path }) => {
      const watchId = nextWatchId++;
      await hosts.session(host).watch(watchId, path, (reports) => outbox.add(watchId, reports));
      return { watchId };
    },
    'xenscope/unwatch': async ({ watchId }) => {
      for (const session of hosts.sessions) if (await session.unwatch(watchId)) break;
      return null;
    },

    'xenscope/saveJournal': async ({ host, file }) => {
      if (!mayWriteFiles) {
        throw new XenscopeError('refused', 'A server that runs as root writes no file that an editor names.');
      }
      const { recorder } = hosts.session(host);
      if (!recorder) {
        throw new XenscopeError(
          'unsupported',
          'This host has no flight recorder, because only its xenstore can be seen from here.',
        );
      }
      const { droppedEntries } = recorder;
      const { lines, bytes } = await writeJournal(file, recorder.lines());
      return { entries: lines - 1, droppedEntries, bytes };
    },
  };
}

function editOf(act: Act): Edit {
  if (act.kind !== 'write') return act;
  const { value, expected, ...rest } = act;
  const octets = (text: string) => Buffer.from(text, 'base64');
  return {
    ...rest,
    value: octets(value),
    expected: typeof expected === 'string' ? octets(expected) : expected,
  };
}
