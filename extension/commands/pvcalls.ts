/** Leads to what is seen of PV Calls: the panel of a device, and its row in the view. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { PvCallsPanel, type PvCallsTarget } from '../panels/pvcalls';
import { plain } from '../plain';
import { pvcallsDescription, pvcallsLabel } from '../pvcalls/deviceTexts';
import { shownHost } from './target';

/** `socket`: the key of the one to be shown. */
export async function openPvCalls(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { socket } = (argument ?? {}) as { socket?: unknown };
  const target = await pvcallsIn(xenscope, argument, 'Which PV Calls device?');
  if (!target) return;
  const panel = PvCallsPanel.open(xenscope, target);
  if (typeof socket === 'string') panel.select(socket);
}

/** As a finding names it. */
export async function showPvCalls(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = await pvcallsIn(xenscope, argument, 'Which PV Calls device?');
  if (target) await xenscope.pvcallsView.reveal(target.host, target.device);
}

/** A row of the view, or a device that the person picks. */
async function pvcallsIn(
  xenscope: Xenscope,
  argument: unknown,
  title: string,
): Promise<PvCallsTarget | undefined> {
  const { host, device } = (argument ?? {}) as Partial<PvCallsTarget>;
  if (typeof device === 'string') return { host: host ?? xenscope.hosts.currentId, device };
  const shown = await shownHost(xenscope);
  const rows = await xenscope.connection.request('xenscope/pvcallsList', { host: shown.id });
  const items = rows.map((row) => ({
    label: plain(pvcallsLabel(row)),
    description: plain(`domain ${row.frontend.domid} · ${pvcallsDescription(row)}`),
    device: row.id,
  }));
  if (items.length === 0) throw failures.noPvCalls(shown.label);
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  return picked && { host: shown.id, device: picked.device };
}
