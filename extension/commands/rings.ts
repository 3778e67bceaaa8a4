/** Opens the panel of a ring, and its reconnect. */
import * as vscode from 'vscode';
import type { RingRow } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { RingPanel } from '../panels/ring';
import { kindLabels } from '../rings/ringTexts';
import { shownHost } from './target';

interface RingTarget {
  readonly host: string;
  readonly ring: string;
}

/** A row of the view, or one that the person picks. */
async function ringIn(
  xenscope: Xenscope,
  argument: unknown,
  kind?: RingRow['kind'],
): Promise<RingTarget | undefined> {
  const { host, ring } = (argument ?? {}) as Partial<RingTarget>;
  if (typeof ring === 'string') return { host: host ?? xenscope.hosts.currentId, ring };
  const shown = await shownHost(xenscope);
  const rings = await xenscope.connection.request('xenscope/ringList', { host: shown.id });
  const items = rings
    .filter((row) => kind === undefined || row.kind === kind)
    .map((row) => ({
      label: xenscope.hosts.domainName(shown.id, row.domid),
      description: `${kindLabels[row.kind]} · ${row.verdict.text}`,
      ring: row.id,
    }));
  if (items.length === 0) throw failures.noRings(shown.label);
  const picked = await vscode.window.showQuickPick(items, { title: 'Which ring?', matchOnDescription: true });
  return picked && { host: shown.id, ring: picked.ring };
}

export async function openRing(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = await ringIn(xenscope, argument);
  if (target) RingPanel.open(xenscope, target.host, target.ring);
}

export async function reconnectRing(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = await ringIn(xenscope, argument ?? xenscope.ringsView.selected, 'xenstore');
  if (target) await RingPanel.open(xenscope, target.host, target.ring).askReconnect();
}
