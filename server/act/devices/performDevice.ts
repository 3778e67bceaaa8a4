/** Carries out an act on a device: all of it in one transaction, or nothing; and how it is taken back. */
import { XenscopeError } from '../../host/errors';
import type { StoreOperations } from '../../host/storeClient';
import { type WalkedNode, nodesOf, walk } from '../../model/walk';
import { childPath } from '../../wire/xsPath';
import type { DeviceEdit, Done } from '../edit';
import { type GuardOptions, maxKeptSubtreeNodes } from '../guard';
import { putBack } from '../restore';
import type { UndoEntry } from '../undoList';
import { unlessAbsent } from '../unlessAbsent';
import { changedSince } from '../words';
import type { DeviceAct, NodeChange } from './deviceAct';
import { type PlannedAct, planAct } from './deviceGuard';

export interface DeviceDone {
  readonly planned: PlannedAct;
  readonly text: string;
  readonly undo: UndoEntry;
}

/** Refused and `overtaken` acts throw, and have changed nothing. */
export async function performDevice(edit: DeviceEdit, options: GuardOptions): Promise<DeviceDone> {
  const { store, nameDomain } = options;
  const { planned, kept } = await store.transaction(async (tx) => {
    const now = await planAct(tx, edit, options);
    if ('problem' in now) throw new XenscopeError('refused', now.problem, { wayOut: now.wayOut });
    if (edit.expected && !isSame(edit.expected, now.changes)) throw movedMeanwhile(now);
    const removed = await keep(tx, now.changes);
    for (const { path, to } of now.changes) {
      await (to === undefined ? removeFromBelow(tx, path) : tx.write(path, to));
    }
    return { planned: now, kept: removed };
  });
  const { changes, device } = planned;
  const who = device ? `${device.label} of ${nameDomain(device.frontend.domid)}` : undefined;
  if (kept.length > 0) {
    const nodes = kept.reduce((sum, root) => sum + [...nodesOf(root)].length, 0);
    const text = `Removed what was left of ${who ?? edit.path}: ${nodes === 1 ? 'one node' : `${nodes} nodes`}.`;
    return { planned, text, undo: { nodes, run: () => undoRemovals(options, kept, nodes) } };
  }
  const undo = { nodes: changes.length, run: () => undoWrites(options, changes, who ?? edit.path) };
  return { planned, text: doneText(edit.act, who ?? edit.path), undo };
}

/** Folders of devices lie right below these. */
const aboveDevices = /^\/local\/domain\/[0-9]{1,5}\/(?:device\/[^/]+|backend\/[^/]+\/[^/]+)$/;
const aboveDomains = /^\/local\/domain\/[0-9]{1,5}\/backend\/[^/]+$/;

/**
 * Each device before the folder that it leaves empty: a kernel of Linux that hears only that this one is gone keeps
 * the device.
 */
async function removeFromBelow(tx: StoreOperations, path: string): Promise<void> {
  if (aboveDevices.test(path) || aboveDomains.test(path)) {
    for (const name of await tx.directory(path)) await removeFromBelow(tx, childPath(path, name));
  }
  await tx.rm(path);
}

function doneText(act: DeviceAct, who: string): string {
  switch (act.kind) {
    case 'reconnect':
      return `${who} closes, to be connected anew.`;
    case 'offline':
      return `Took ${who} offline.`;
    case 'online':
      return `Brought ${who} online.`;
    case 'forceClose':
      return `Wrote Closed at both ends of ${who}.`;
    case 'move':
      return `Moved the ${act.side} of ${who}.`;
    case 'cleanUp':
      return `Cleaned up ${who}.`;
  }
}

/** What is to be removed, as it is now, for undo. */
async function keep(tx: StoreOperations, changes: readonly NodeChange[]): Promise<WalkedNode[]> {
  const kept: WalkedNode[] = [];
  let left = maxKeptSubtreeNodes;
  for (const { path, to } of changes) {
    if (to !== undefined) continue;
    const root = await walk(tx, path, { values: true, perms: true, maxNodes: left });
    kept.push(root);
    left = Math.max(left - [...nodesOf(root)].length, 0);
  }
  return kept;
}

function isSame(expected: readonly NodeChange[], now: readonly NodeChange[]): boolean {
  const text = (changes: readonly NodeChange[]) =>
    changes.map(({ path, from, to }) => JSON.stringify([path, from ?? null, to ?? null])).join();
  return text(expected) === text(now);
}

function movedMeanwhile({ device }: PlannedAct): XenscopeError {
  const what = device ? `${device.label} has moved meanwhile` : 'What is left is not the same any more';
  return new XenscopeError('overtaken', `${what}: other nodes would be written than those that were shown.`, {
    wayOut: 'Look at it once more.',
  });
}

/** ---- the way back ---- */

async function undoWrites(
  { store }: GuardOptions,
  changes: readonly NodeChange[],
  who: string,
): Promise<Done> {
  await store.transaction(async (tx) => {
    for (const { path, to } of changes) {
      const now = (await unlessAbsent(tx.read(path)))?.toString('latin1');
      if (now === undefined) throw changedSince(`${path} is gone`);
      if (now !== to) throw changedSince(`${who} has moved on: ${path} is "${now.slice(0, 40)}" now`);
    }
    for (const { path, from } of changes) await (from === undefined ? tx.rm(path) : tx.write(path, from));
  });
  return { text: `${who} has its former states again.` };
}

async function undoRemovals(
  { store }: GuardOptions,
  kept: readonly WalkedNode[],
  nodes: number,
): Promise<Done> {
  await store.transaction(async (tx) => {
    for (const root of kept) await putBack(tx, root);
  });
  return { text: `Restored ${nodes === 1 ? 'one node' : `${nodes} nodes`}.` };
}
