/** Opens the panel of a ring, and its reconnect. */
import * as vscode from 'vscode';
import type { RingRow } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { type Failure, failures } from '../errors';
import { plain } from '../plain';
import { RingPanel } from '../panels/ring';
import { ringLabel } from '../rings/ringTexts';
import { ask, say } from '../say';
import { shownHost } from './target';

interface RingTarget {
  readonly host: string;
  readonly ring: string;
}

/** A row of the view, or one that the person picks. `none`: what is said where there is none. */
export async function ringIn(
  xenscope: Xenscope,
  argument: unknown,
  kind?: RingRow['kind'],
  none: (hostLabel: string) => Failure = failures.noRings,
): Promise<RingTarget | undefined> {
  const { host, ring } = (argument ?? {}) as Partial<RingTarget>;
  if (typeof ring === 'string') return { host: host ?? xenscope.hosts.currentId, ring };
  const shown = await shownHost(xenscope);
  const rings = await xenscope.connection.request('xenscope/ringList', { host: shown.id });
  const domains = xenscope.hosts.domains(shown.id);
  // A domain may offer several vchans.
  const peerText = ({ peerDomid }: RingRow) => (peerDomid === undefined ? [] : [`with ${nameOf(peerDomid)}`]);
  const nameOf = (domid: number) => domains.find((one) => one.domid === domid)?.name ?? 'Domain';
  const items = rings
    .filter((row) => kind === undefined || row.kind === kind)
    .map((row) => ({
      // One behind the other, so that whoever types “web vbd” finds it.
      label: plain(`${nameOf(row.domid)} ${ringLabel(row)}`),
      description: plain([`domain ${row.domid}`, ...peerText(row), row.verdict.text].join(' · ')),
      ring: row.id,
    }));
  if (items.length === 0) throw none(shown.label);
  const picked = await vscode.window.showQuickPick(items, { title: 'Which ring?', matchOnDescription: true });
  return picked && { host: shown.id, ring: picked.ring };
}

export async function openRing(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = await ringIn(xenscope, argument);
  if (target) RingPanel.open(xenscope, target.host, target.ring);
}

export async function reconnectRing(xenscope: Xenscope, argument: unknown): Promise<void> {
  const chosen = argument ?? xenscope.ringsView.selected;
  if (chosen === undefined && (await explainOnRealHost(xenscope))) return;
  const target = await ringIn(xenscope, chosen, 'xenstore');
  if (target) await RingPanel.open(xenscope, target.host, target.ring).askReconnect();
}

/** Where no ring can be seen there is no panel for it, but a reason; answers whether that was told. */
async function explainOnRealHost(xenscope: Xenscope): Promise<boolean> {
  const { id, world } = await shownHost(xenscope);
  if (world) return false;
  const guests = xenscope.hosts.domains(id).filter(({ domid }) => domid > 0);
  const picked = await vscode.window.showQuickPick(
    guests.map(({ domid }) => ({
      label: plain(xenscope.hosts.domainName(id, domid)),
      ring: `xenstore:${domid}`,
    })),
    { title: 'Reconnect the xenstore ring of which guest?' },
  );
  if (!picked) return true;
  await reconnectUnseen(xenscope, { host: id, ring: picked.ring });
  return true;
}

/** As the panel does it, in words. */
async function reconnectUnseen({ connection }: Xenscope, target: RingTarget): Promise<void> {
  const preview = await connection.request('xenscope/reconnectPreview', target);
  const { verdict, text, details, lost, force } = preview;
  const words = [...details, ...(lost.length > 0 ? [`What is lost: ${lost.join('; ')}.`] : [])];
  if (verdict === 'refuse' && force === undefined) return say.explanation(text, words.join('\n\n'));
  const button = force === undefined ? 'Reconnect' : 'Reconnect All the Same';
  const answer = await ask(text, [...words, ...(force === undefined ? [] : [force])].join('\n\n'), button);
  if (answer !== button) return;
  const consent = { serial: 0, confirmed: true, forced: force !== undefined };
  const report = await connection.request('xenscope/reconnect', { ...target, ...consent });
  const steps = report.steps.map((step) => `${step.side}: ${step.text}`);
  await say.explanation(report.text, [...steps, report.wayOut ?? ''].join('\n\n'));
}
