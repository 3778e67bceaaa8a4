/**
 * The one gate for acts by hand: says before each what it will do, and whether it may be done at
 * once, after a question, or not at all. It only reads.
 */
import { XenscopeError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import type { NameDomain } from '../model/meaning';
import { permsText } from '../model/permsText';
import { previewValue } from '../model/preview';
import { type WalkedNode, nodesOf, walk } from '../model/walk';
import { pathProblem } from '../wire/pathProblem';
import { isAtOrBelow } from '../wire/xsPath';
import { formatXsPerm, type XsPerm } from '../wire/xsPerms';
import type { NodeEdit, Verdict } from './edit';
import { permsProblem, valueProblem } from './inputProblem';
import { unlessAbsent } from './unlessAbsent';

export const maxListedPaths = 12;
/** Counting goes no further; the verdict says so. */
export const maxCountedNodes = 100_000;
/** A removal of more nodes than this is done, but not kept for undo. */
export const maxKeptSubtreeNodes = 10_000;

export interface GuardOptions {
  readonly store: StoreClient;
  readonly nameDomain: NameDomain;
  /** A real host belongs to somebody: everything is asked about, and domain 0 is left alone. */
  readonly isReal: boolean;
  /** The setting that lets a person touch domain 0's own paths on a real host. */
  readonly allowDomain0Edits: () => boolean;
}

export async function judge(edit: NodeEdit, options: GuardOptions): Promise<Verdict> {
  const problem = inputProblem(edit);
  if (problem) return refuse(problem);
  const verdict = await judgeValid(edit, options);
  return verdict.verdict === 'refuse' ? verdict : onRealHost(edit, verdict, options);
}

function inputProblem(edit: NodeEdit): string | undefined {
  const problem = pathProblem(edit.path);
  if (problem) return problem;
  if (edit.kind === 'write') return valueProblem(edit.path, edit.value);
  if (edit.kind === 'setPerms') return permsProblem(edit.perms);
  return edit.path === '/' ? 'The root of the store cannot be removed.' : undefined;
}

function judgeValid(edit: NodeEdit, options: GuardOptions): Promise<Verdict> {
  switch (edit.kind) {
    case 'write':
      return judgeWrite(edit, options);
    case 'remove':
      return judgeRemove(edit.path, options);
    case 'setPerms':
      return judgeSetPerms(edit, options);
  }
}

async function judgeWrite(
  { path, value, create, expected }: NodeEdit & { kind: 'write' },
  { store }: GuardOptions,
): Promise<Verdict> {
  const now = await unlessAbsent(store.read(path));
  if (now) {
    const text = `Changes ${path} from ${quote(now)} to ${quote(value)}.`;
    // Asked for a new node, found an old one: nobody should lose its value unseen.
    if (create)
      return { ...confirm(`${path} exists already. ${text}`), ...(expected === null && { overtaken: true }) };
    if (expected && isOvertaken(now, expected, value)) {
      const was = `${path} was changed meanwhile, from ${quote(expected)} to ${quote(now)}.`;
      return { ...confirm(`${was} Writing ${quote(value)} replaces that.`), overtaken: true };
    }
    return allow(text);
  }
  if (!create) return refuse(`${path} does not exist, or no longer.`);
  return allow(`Creates ${path} with the value ${quote(value)}.`);
}

async function judgeRemove(path: string, options: GuardOptions): Promise<Verdict> {
  let root: WalkedNode | undefined;
  try {
    root = await unlessAbsent(
      walk(options.store, path, { values: false, perms: true, maxNodes: maxCountedNodes }),
    );
  } catch (error) {
    if (!(error instanceof XenscopeError) || error.code !== 'limit') throw error;
    return final(
      confirm(`Delete ${path} and the more than ${maxCountedNodes} nodes below it?`),
      tooManyToKeep,
    );
  }
  if (!root) return refuse(`${path} does not exist, or no longer.`);
  const nodes = [...nodesOf(root)];
  if (nodes.length === 1) {
    const value = await unlessAbsent(options.store.read(path));
    return allow(
      value && value.length > 0 ? `Delete ${path}, which holds ${quote(value)}?` : `Delete ${path}?`,
    );
  }
  const below = nodes.length - 1;
  const text = `Delete ${path} and the ${below === 1 ? 'one node' : `${below} nodes`} below it?`;
  const verdict = confirm(text, [...ownersText(nodes, options.nameDomain), ...listPaths(nodes.slice(1))]);
  return nodes.length > maxKeptSubtreeNodes ? final(verdict, tooManyToKeep) : verdict;
}

async function judgeSetPerms(
  { path, perms, expected }: NodeEdit & { kind: 'setPerms' },
  { store, nameDomain }: GuardOptions,
): Promise<Verdict> {
  const now = await unlessAbsent(store.getPerms(path));
  if (!now) return refuse(`${path} does not exist, or no longer.`);
  const before = permsText(now, nameDomain).map((line) => `Now: ${line}`);
  const after = permsText(perms, nameDomain).map((line) => `Then: ${line}`);
  const details = [...before, ...after];
  if (expected && !samePerms(now, expected) && !samePerms(now, perms)) {
    const text = `The permissions of ${path} were changed meanwhile. Yours replace that.`;
    return { ...confirm(text, details), overtaken: true };
  }
  return allow(`Changes who may read and write ${path}.`, details);
}

/** Whether writing `value` would destroy what somebody wrote since the person saw `expected`. */
export function isOvertaken(now: Buffer | undefined, expected: Buffer | null, value: Buffer): boolean {
  if (!now || !expected) return Boolean(now) !== Boolean(expected);
  return !now.equals(expected) && !now.equals(value);
}

export function samePerms(left: readonly XsPerm[], right: readonly XsPerm[]): boolean {
  return left.map(formatXsPerm).join(',') === right.map(formatXsPerm).join(',');
}

/** ---- real hosts ---- */

function onRealHost(edit: NodeEdit, verdict: Verdict, { isReal, allowDomain0Edits }: GuardOptions): Verdict {
  if (!isReal) return verdict;
  if (touchesDomain0(edit) && !allowDomain0Edits()) {
    return refuse(
      `${edit.path} ${edit.kind === 'remove' && !isOwnOfDomain0(edit.path) ? 'holds paths of' : 'is a path of'} domain 0 itself, and this is a real host.`,
      insistOnDomain0,
    );
  }
  return { ...verdict, verdict: 'confirm' };
}

const domain0 = '/local/domain/0';
const backends = '/local/domain/0/backend';

/** Why paths of domain 0 itself are refused on a real host, and how to insist. */
export const insistOnDomain0: readonly string[] = [
  'A wrong value there can stop the toolstack or every guest.',
  'To insist, turn on the setting "xenscope.allowDomain0Edits".',
];

export function isOwnOfDomain0(path: string): boolean {
  return isAtOrBelow(path, domain0) && !path.startsWith(`${backends}/`);
}

/** Removing an ancestor takes domain 0's paths with it. */
function touchesDomain0({ kind, path }: NodeEdit): boolean {
  return isOwnOfDomain0(path) || (kind === 'remove' && isAtOrBelow(domain0, path));
}

/** ---- words ---- */

function allow(text: string, details: readonly string[] = []): Verdict {
  return { verdict: 'allow', text, details };
}

function confirm(text: string, details: readonly string[] = []): Verdict {
  return { verdict: 'confirm', text, details };
}

export const tooManyToKeep = `no more than ${maxKeptSubtreeNodes} nodes are kept for that`;

/** The verdict on an act that there is no way back from: a person is asked in any case. */
export function final(verdict: Verdict, why: string): Verdict {
  const details = [`This cannot be taken back: ${why}.`, ...verdict.details];
  return { ...verdict, verdict: 'confirm', details, isFinal: true };
}

function refuse(text: string, details: readonly string[] = []): Verdict {
  return { verdict: 'refuse', text, details };
}

function quote(value: Uint8Array): string {
  return value.length === 0 ? 'nothing' : `"${previewValue(value)}"`;
}

function ownersText(nodes: readonly WalkedNode[], nameDomain: NameDomain): string[] {
  const counts = new Map<number, number>();
  for (const { perms } of nodes) {
    const owner = perms?.[0]?.domid;
    if (owner !== undefined) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const parts = [...counts].map(([domid, count]) => `${nameDomain(domid)} (${count})`);
  return parts.length === 0 ? [] : [`Owners: ${parts.join(', ')}.`];
}

function listPaths(nodes: readonly WalkedNode[]): string[] {
  const paths = nodes.slice(0, maxListedPaths).map(({ path }) => path);
  const left = nodes.length - paths.length;
  return left > 0 ? [...paths, `… and ${left} more`] : paths;
}
