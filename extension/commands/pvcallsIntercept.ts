/** Stands before a backend of PV Calls: one of a world, or our own on a real host. */
import * as vscode from 'vscode';
import { failures } from '../errors';
import type { Xenscope } from '../context';
import { PvCallsInterceptPanel } from '../panels/pvcallsIntercept';
import { plain } from '../plain';
import { interceptTexts as texts } from '../pvcallsIntercept/interceptTexts';
import { openServing } from '../pvcallsIntercept/openServing';
import { shownHost } from './target';

/** From the palette, or for a row that names its host. */
export async function interceptPvCalls(xenscope: Xenscope, argument: unknown): Promise<void> {
  const row = (argument ?? {}) as { host?: unknown };
  const host = typeof row.host === 'string' ? row.host : (await shownHost(xenscope)).id;
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
