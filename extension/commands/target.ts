/** What a command acts on: the row it was called for, or the selected one. */
import type { HostInfo } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { Failure, failures } from '../errors';
import { StoreNode } from '../tree/storeTree';

const connectTimeoutMs = 10_000;

/** Of a node of some host. */
export interface Target {
  readonly host: string;
  readonly path: string;
}

export function targetIn(xenscope: Xenscope, argument: unknown): Target | undefined {
  if (argument instanceof StoreNode) return argument;
  const { host, path } = (argument ?? {}) as Partial<Target>;
  if (typeof path === 'string') return { host: host ?? xenscope.hosts.currentId, path };
  return xenscope.xenstoreView.selected;
}

export function mustBeTarget(xenscope: Xenscope, argument: unknown): Target {
  const target = targetIn(xenscope, argument);
  if (!target) throw failures.noNodeChosen();
  return target;
}

/** The host that is shown, connected; starts the server and connects the host where that was never needed before. */
export async function shownHost(xenscope: Xenscope): Promise<HostInfo> {
  const { hosts } = xenscope;
  if (hosts.list.length === 0) await hosts.load();
  if (!hosts.current) throw failures.noCurrentHost();
  return hosts.whenConnected(hosts.currentId, connectTimeoutMs);
}

/** A row of the view “Hosts”, an id, or the host that is shown. */
export function hostIn(xenscope: Xenscope, argument: unknown): HostInfo {
  const id = typeof argument === 'string' ? argument : (argument as { id?: string } | undefined)?.id;
  const host = xenscope.hosts.find(id ?? xenscope.hosts.currentId);
  if (!host) throw id === undefined ? failures.noCurrentHost() : failures.noSuchHost(id);
  return host;
}

/** Whether the store answered that there is no such node. */
export function isMissing(error: unknown): boolean {
  return error instanceof Failure && error.storeError === 'ENOENT';
}
