/** Asks a person to whom commands are to be sent: a backend, from a frontend of ours, or somebody else's ring. */
import * as vscode from 'vscode';
import type { ComposerBackend, ComposerChoices, ComposerForeign, ComposerPlan } from '../../server/rpc/api';
import { plain } from '../plain';

export interface Around {
  /** The folder of a frontend whose row it was asked for. */
  readonly device?: string;
  /** The domain whose row it was asked for. */
  readonly domid?: number;
}

interface Item extends vscode.QuickPickItem {
  readonly backend?: ComposerBackend;
  readonly foreign?: ComposerForeign;
  /** Whoever it is, in the draft of the protocol. */
  readonly isDraft?: boolean;
}

const icons = { yes: '$(plug)', unknown: '$(question)', no: '$(circle-slash)' } as const;

/** Undefined: the person thought better of it. */
export async function pickPlan(
  choices: ComposerChoices,
  nameOf: (domid: number) => string,
  around: Around,
): Promise<ComposerPlan | undefined> {
  const picked = await pickTarget(choices, nameOf, around);
  if (picked?.foreign) return { kind: 'foreign', device: picked.foreign.device };
  if (!picked?.isDraft) return picked?.backend && planOwn(choices, nameOf, picked.backend.domid, around);
  const backend = await pickBackend(choices, nameOf, 'Which backend speaks the draft of 2016?');
  const plan = backend === undefined ? undefined : await planOwn(choices, nameOf, backend, around);
  return plan?.kind === 'own' ? { ...plan, edition: 'draft7' } : undefined;
}

/** A frontend of ours; who acts is asked where the host lets us choose. */
export async function planOwn(
  { actors }: ComposerChoices,
  nameOf: (domid: number) => string,
  backend: number,
  around: Around,
): Promise<ComposerPlan | undefined> {
  if (!actors) return { kind: 'own', backend };
  const wanted = around.domid ?? ownerOf(around.device);
  const first = (domid: number) => (domid === wanted ? 0 : 1);
  const others = actors.filter((domid) => domid !== backend).sort((one, other) => first(one) - first(other));
  const items = (others.length > 0 ? others : actors).map((domid) => ({
    label: plain(nameOf(domid)),
    description: `domain ${domid}`,
    domid,
  }));
  const title = 'Which domain has the frontend?';
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  return picked && { kind: 'own', backend, actAs: picked.domid };
}

/** The one that serves, where there is one only; else the person says. */
export async function pickBackend(
  { backends }: ComposerChoices,
  nameOf: (domid: number) => string,
  title: string,
): Promise<number | undefined> {
  const serving = backends.filter(({ serves }) => serves === 'yes');
  if (serving.length === 1) return serving[0]!.domid;
  const items = (serving.length > 0 ? serving : backends).map((backend) => backendItem(backend, nameOf));
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.backend?.domid;
}

async function pickTarget(
  { backends, foreign, whyNoForeign }: ComposerChoices,
  nameOf: (domid: number) => string,
  { device, domid }: Around,
): Promise<Item | undefined> {
  const isNear = (one: ComposerForeign) =>
    device === undefined
      ? domid === undefined || [one.domid, one.backend].includes(domid)
      : one.device === device;
  const near = foreign.filter(isNear);
  // For the row of a device its own backend comes first.
  const wanted = device === undefined ? domid : near[0]?.backend;
  const first = ({ domid: own }: ComposerBackend) => (own === wanted ? 0 : 1);
  const backendsThat = (serves: ComposerBackend['serves']) =>
    backends
      .filter((one) => one.serves === serves)
      .sort((one, other) => first(one) - first(other))
      .map((one) => backendItem(one, nameOf));
  const group = (label: string, list: readonly Item[]): Item[] =>
    list.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }, ...list];
  const items = [
    ...group('new frontend of ours', [...backendsThat('yes'), ...backendsThat('unknown')]),
    ...group(
      'into somebody else’s ring',
      near.map((one) => foreignItem(one, nameOf)),
    ),
    ...group('an old backend', backends.length === 0 ? [] : [draftItem]),
    ...group('nothing serves there', backendsThat('no')),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Send commands of PV Calls to whom?',
    matchOnDescription: true,
    ...(whyNoForeign !== undefined && { placeHolder: whyNoForeign }),
  });
  return picked;
}

const draftItem: Item = {
  label: '$(history) In the Draft of 2016…',
  detail:
    'For a backend that publishes “version”: its page of indices has ring_order at 76, and knows order 0',
  isDraft: true,
};

function backendItem(backend: ComposerBackend, nameOf: (domid: number) => string): Item {
  return {
    label: `${icons[backend.serves]} ${plain(nameOf(backend.domid))}`,
    detail: plain(backend.text),
    backend,
  };
}

function foreignItem(foreign: ComposerForeign, nameOf: (domid: number) => string): Item {
  const { domid, backend, device, problem } = foreign;
  return {
    label: `$(warning) ${plain(`${nameOf(domid)} → ${nameOf(backend)}`)}`,
    description: plain(device),
    detail: plain(problem ?? 'Its kernel never asked for what is written there'),
    foreign,
  };
}

function ownerOf(device: string | undefined): number | undefined {
  const [, domid] = /^\/local\/domain\/([0-9]{1,5})\//.exec(device ?? '') ?? [];
  return domid === undefined ? undefined : Number(domid);
}
