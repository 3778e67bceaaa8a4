/** Stands before a backend of PV Calls: one of a world, or our own on a real host. */
import * as vscode from 'vscode';
import { failures } from '../errors';
import type { Xenscope } from '../context';
import { PvCallsInterceptPanel } from '../panels/pvcallsIntercept';
import { plain } from '../plain';
import { backendOf } from '../pvcallsIntercept/backendOf';
import { interceptTexts as texts } from '../pvcallsIntercept/interceptTexts';
import { openServing } from '../pvcallsIntercept/openServing';
import { shownHost } from './target';

/** From the palette; or for a PV Calls device, whose backend it is then. */
export async function interceptPvCalls(xenscope: Xenscope, argument: unknown): Promise<void> {
  const row = (argument ?? {}) as { host?: unknown; device?: unknown };
  const host = typeof row.host === 'string' ? row.host : (await shownHost(xenscope)).id;
  if (typeof row.device === 'string') return interceptDevice(xenscope, host, row.device);
  const { backends, own, whyNoOwn } = await xenscope.connection.request('xenscope/interceptChoices', {
    host,
  });
  const isOwn = own !== undefined;
  const items = backends.map((backend) => ({
    label: plain(xenscope.hosts.domainName(host, backend.domid)),
    description: texts.backend(backend),
    domid: backend.domid as number | undefined,
  }));
  if (own === 'closed')
    items.push({ label: texts.openOwn, description: texts.openOwnDetail, domid: undefined });
  if (items.length === 0)
    throw failures.noInterceptableBackend(xenscope.hosts.find(host)?.label ?? host, whyNoOwn);
  const picked =
    items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: texts.pickTitle });
  if (!picked) return;
  const domid = picked.domid ?? (await openServing(xenscope, host));
  if (domid !== undefined) PvCallsInterceptPanel.open(xenscope, { host, domid, isOwn });
}

async function interceptDevice(xenscope: Xenscope, host: string, device: string): Promise<void> {
  const { connection, hosts } = xenscope;
  const rows = await connection.request('xenscope/pvcallsList', { host });
  const row = rows.find(({ id }) => id === device);
  if (!row) throw failures.noSuchDevice(device);
  const choices = await connection.request('xenscope/interceptChoices', { host, device: row.backend.path });
  const backend = backendOf(row.backend, choices);
  if (backend === 'none') {
    throw failures.notInterceptable(plain(hosts.domainName(host, row.backend.domid)), choices.whyNoOwn);
  }
  const domid = backend === 'openOwn' ? await openServing(xenscope, host) : backend.domid;
  const isOwn = choices.own !== undefined;
  if (domid !== undefined) PvCallsInterceptPanel.open(xenscope, { host, domid, isOwn });
}
