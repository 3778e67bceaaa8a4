/** Acts by hand on one host: judged by the guard, carried out, explained when refused, taken back. */
import { XenscopeError, isStoreError } from '../host/errors';
import type { Clock } from '../host/clock';
import type { StoreOperations } from '../host/storeClient';
import { capital, permsText } from '../model/permsText';
import { previewValue } from '../model/preview';
import { type WalkedNode, nodesOf, walk } from '../model/walk';
import { parentPath } from '../wire/xsPath';
import type { XsPerm } from '../wire/xsPerms';
import { awaitReconnect } from './devices/awaitReconnect';
import { judgeDevice } from './devices/deviceGuard';
import { performDevice } from './devices/performDevice';
import type { DeviceEdit, Done, Edit, NodeEdit, Verdict } from './edit';
import { explain } from './explain';
import {
  type GuardOptions,
  final,
  isOvertaken,
  judge,
  maxKeptSubtreeNodes,
  samePerms,
  tooManyToKeep,
} from './guard';
import { putBack } from './restore';
import { UndoList } from './undoList';
import { unlessAbsent } from './unlessAbsent';
import { changedSince } from './words';

/** Paths whose removal could not be kept; the oldest is forgotten, and found out again. */
const maxRestlessPaths = 100;
const tooRestless = 'it does not stay the same for long enough to be kept';

export interface ActOptions extends GuardOptions {
  readonly clock: Clock;
  /** Whether nobody on the host can move now, so that waiting does not count. */
  readonly isHeld: () => boolean;
}

export class Acts {
  readonly #options: ActOptions;
  readonly #undos = new UndoList();
  /** What a removal found too restless to be kept: the person is told before the next one. */
  readonly #restless = new Set<string>();

  constructor(options: ActOptions) {
    this.#options = options;
  }

  async preview(edit: Edit): Promise<Verdict> {
    if (edit.kind === 'device') return judgeDevice(edit, this.#options);
    const verdict = await judge(edit, this.#options);
    const isRestless = edit.kind === 'remove' && this.#restless.has(edit.path);
    if (!isRestless || verdict.verdict === 'refuse' || verdict.isFinal) return verdict;
    return final(verdict, tooRestless);
  }

  /**
   * `confirmed`: a person has read the verdict and agreed. A refusal stands in any case. `signal`: nobody waits
   * any longer for what takes long; what was written stays.
   */
  async perform(edit: Edit, confirmed: boolean, signal?: AbortSignal): Promise<Done> {
    const { verdict, text, details, overtaken, isFinal } = await this.preview(edit);
    if (verdict === 'refuse') throw new XenscopeError('refused', text, { wayOut: details.at(-1) });
    if (verdict === 'confirm' && !confirmed) {
      throw new XenscopeError(overtaken ? 'overtaken' : 'refused', text, { wayOut: 'Confirm it first.' });
    }
    if (edit.kind === 'remove' && isFinal && !edit.knownFinal) {
      throw finalByNow(edit.path, this.#restless.has(edit.path) ? tooRestless : tooManyToKeep);
    }
    try {
      return await (edit.kind === 'device' ? this.#device(edit, signal) : this.#perform(edit, confirmed));
    } catch (error) {
      throw await explain(error, edit, this.#options.store, this.#options.nameDomain);
    }
  }

  async undo(undoId: number): Promise<Done> {
    const entry = this.#undos.get(undoId);
    if (!entry) throw new XenscopeError('refused', 'This can no longer be taken back.');
    const done = await entry.run();
    this.#undos.drop(undoId);
    return done;
  }

  #perform(edit: NodeEdit, confirmed: boolean): Promise<Done> {
    switch (edit.kind) {
      case 'write':
        return this.#write(edit, confirmed);
      case 'remove':
        return this.#remove(edit.path, edit.knownFinal === true);
      case 'setPerms':
        return this.#setPerms(edit);
    }
  }

  /** ---- devices ---- */

  async #device(edit: DeviceEdit, signal: AbortSignal | undefined): Promise<Done> {
    const { planned, text, undo } = await performDevice(edit, this.#options);
    // A device that comes back by itself leaves nothing to take back.
    if (edit.act.kind !== 'reconnect') return { text, undoId: this.#undos.add(undo) };
    return { text: await awaitReconnect(planned.device!, { ...this.#options, ...(signal && { signal }) }) };
  }

  /** ---- write ---- */

  async #write(edit: NodeEdit & { kind: 'write' }, confirmed: boolean): Promise<Done> {
    const { path, value, create } = edit;
    const { store } = this.#options;
    // Nobody was asked about a node that came up after the guard had looked.
    const expected = edit.expected === undefined && create && !confirmed ? null : edit.expected;
    const before = await store.transaction(async (tx) => {
      const old = await readIfThere(tx, path);
      if (old && expected !== undefined && isOvertaken(old, expected, value))
        throw overtaken(`${path} was changed meanwhile: it is ${quote(old)} now.`);
      if (!old && !create) throw new XenscopeError('store', `${path} is gone.`, { storeError: 'ENOENT' });
      const firstMissing = old ? undefined : await firstMissingNode(tx, path);
      await tx.write(path, value);
      return { old, firstMissing };
    });
    if (before.old) {
      const { old } = before;
      const undoId = this.#undos.add({ nodes: 1, run: () => this.#undoWrite(path, value, old) });
      return { text: `Wrote ${quote(value)} to ${path}.`, undoId };
    }
    const created = before.firstMissing!;
    const undoId = this.#undos.add({ nodes: 1, run: () => this.#undoCreate(path, value, created) });
    return { text: `Created ${path}.`, undoId };
  }

  async #undoWrite(path: string, written: Buffer, old: Buffer): Promise<Done> {
    await this.#options.store.transaction(async (tx) => {
      await refuseUnlessValue(tx, path, written);
      await tx.write(path, old);
    });
    return { text: `${path} is ${quote(old)} again.` };
  }

  /** `created` is the topmost node that came with `path`. */
  async #undoCreate(path: string, written: Buffer, created: string): Promise<Done> {
    await this.#options.store.transaction(async (tx) => {
      await refuseUnlessValue(tx, path, written);
      const below = await tx.directory(path);
      if (below.length > 0) throw changedSince(`${path} has got children`);
      await tx.rm(await topmostEmptied(tx, path, created));
    });
    return { text: `Removed ${path} again.` };
  }

  /** ---- remove ---- */

  /** `knownFinal`: the person knows that there is perhaps no way back. */
  async #remove(path: string, knownFinal: boolean): Promise<Done> {
    const { store } = this.#options;
    let kept: WalkedNode | undefined;
    try {
      await store.transaction(
        async (tx) => {
          kept = await walk(tx, path, { values: true, perms: true, maxNodes: maxKeptSubtreeNodes });
          await tx.rm(path);
        },
        { attempts: 5 },
      );
    } catch (error) {
      // Too big to keep, or never quiet.
      const tooBig = error instanceof XenscopeError && error.code === 'limit';
      if (!tooBig && !isStoreError(error, 'EAGAIN')) throw error;
      if (!knownFinal) throw tooBig ? finalByNow(path, tooManyToKeep) : this.#wouldBeFinal(path);
      kept = undefined;
      await store.rm(path);
    }
    this.#restless.delete(path);
    if (!kept) return { text: `Removed ${path} and all below it; this cannot be taken back.` };
    const root = kept;
    const nodes = [...nodesOf(root)].length;
    const undoId = this.#undos.add({ nodes, run: () => this.#undoRemove(root, nodes) });
    return {
      text: nodes === 1 ? `Removed ${path}.` : `Removed ${path} and ${countNodes(nodes - 1)} below it.`,
      undoId,
    };
  }

  #wouldBeFinal(path: string): XenscopeError {
    const [oldest] = this.#restless;
    if (this.#restless.size >= maxRestlessPaths) this.#restless.delete(oldest!);
    this.#restless.add(path);
    return new XenscopeError(
      'refused',
      `${path} was not removed: it keeps changing, so that this could not be taken back.`,
      { wayOut: 'Remove it again to do so without a way back.' },
    );
  }

  async #undoRemove(root: WalkedNode, nodes: number): Promise<Done> {
    const { path } = root;
    const foreign = await this.#options.store.transaction((tx) => putBack(tx, root));
    const text =
      nodes === 1 ? `Restored ${path}.` : `Restored ${path} and ${countNodes(nodes - 1)} below it.`;
    if (foreign === 0) return { text };
    return {
      text: `${text} ${capital(countNodes(foreign))} got other permissions, because their owner is gone.`,
    };
  }

  /** ---- permissions ---- */

  async #setPerms({ path, perms, expected }: NodeEdit & { kind: 'setPerms' }): Promise<Done> {
    const { store, nameDomain } = this.#options;
    const old = await store.transaction(async (tx) => {
      const before = await tx.getPerms(path);
      if (expected && !samePerms(before, expected) && !samePerms(before, perms))
        throw overtaken(`The permissions of ${path} were changed meanwhile.`);
      await tx.setPerms(path, perms);
      return before;
    });
    const undoId = this.#undos.add({ nodes: 1, run: () => this.#undoSetPerms(path, perms, old) });
    return { text: `Changed the permissions of ${path}. ${permsText(perms, nameDomain).join(' ')}`, undoId };
  }

  async #undoSetPerms(path: string, set: readonly XsPerm[], old: readonly XsPerm[]): Promise<Done> {
    await this.#options.store.transaction(async (tx) => {
      const now = await unlessAbsent(tx.getPerms(path));
      if (!now) throw changedSince(`${path} is gone`);
      if (!samePerms(now, set)) throw changedSince(`The permissions of ${path} were changed again`);
      await tx.setPerms(path, old);
    });
    return { text: `${path} has its former permissions again.` };
  }
}

async function refuseUnlessValue(tx: StoreOperations, path: string, written: Buffer): Promise<void> {
  const now = await readIfThere(tx, path);
  if (!now) throw changedSince(`${path} is gone`);
  if (!now.equals(written)) throw changedSince(`${path} was written again: it is ${quote(now)} now`);
}

function overtaken(what: string): XenscopeError {
  return new XenscopeError('overtaken', what, { wayOut: 'Look at it before you replace it.' });
}

/** Since the person was asked, or since the guard looked. */
function finalByNow(path: string, why: string): XenscopeError {
  return new XenscopeError(
    'overtaken',
    `${path} was not removed: by now this could not be taken back, because ${why}.`,
    {
      wayOut: 'Remove it again to do so without a way back.',
    },
  );
}

/** The topmost ancestor of `path` that does not exist; `path` itself when its parent does. */
async function firstMissingNode(tx: StoreOperations, path: string): Promise<string> {
  let missing = path;
  for (let at = parentPath(path)!; at !== '/' && !(await readIfThere(tx, at)); at = parentPath(at)!)
    missing = at;
  return missing;
}

/** The highest node up to `created` that holds nothing but the way down to `path`. */
async function topmostEmptied(tx: StoreOperations, path: string, created: string): Promise<string> {
  let top = path;
  while (top !== created) {
    const parent = parentPath(top)!;
    const siblings = await tx.directory(parent);
    const value = await readIfThere(tx, parent);
    if (siblings.length > 1 || !value || value.length > 0) break;
    top = parent;
  }
  return top;
}

function readIfThere(tx: StoreOperations, path: string): Promise<Buffer | undefined> {
  return unlessAbsent(tx.read(path));
}

function countNodes(count: number): string {
  return count === 1 ? 'one node' : `${count} nodes`;
}

function quote(value: Buffer): string {
  return value.length === 0 ? 'nothing' : `"${previewValue(value)}"`;
}
