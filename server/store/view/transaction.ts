/**
 * A transaction as C xenstored means it: no snapshot, but an overlay of the nodes it touched, each
 * as it was at the first touch. It commits if none of them has another generation by then, so the
 * check costs what was touched and starting costs nothing.
 *
 * "Touched" is wide: failed reads of missing nodes, parents looked up for permissions or creation,
 * and the read before each write count as well.
 */
import type { Account } from '../accounts';
import type { Budget } from '../budget';
import { fail, Failure } from '../failure';
import type { PermList } from '../permissions/permList';
import { bytesAt } from '../tree/nodeBytes';
import { StoreNode, findAbove, findNode, leaf } from '../tree/storeTree';
import type { StorePath } from '../tree/storePath';
import { weightOfBranch, weightOfNode } from '../tree/weight';
import type { WatchTable } from '../watches/watchTable';
import type { LiveStore, OwnedChange } from './liveStore';
import type { StoreView } from './storeView';

interface ChildChange {
  readonly name: string;
  readonly added: boolean;
}

class Touched {
  /** As the transaction sees it; undefined when it is missing or was removed. */
  node: StoreNode | undefined;
  modified = false;
  /** What the transaction holds for it; 0 while it shares the store's own node. */
  heldBytes = 0;
  /** What the domain of the transaction holds for it: C xenstored copies each node that is touched. */
  chargedBytes = 0;
  /** Names that came and went, in order, to be done again on the store's own directory. */
  childChanges: ChildChange[] = [];
  /** What watches see at the commit: nothing, the change, or, below a removed node, only exact matches. */
  event: 'none' | 'change' | 'exact' = 'none';

  constructor(
    readonly path: StorePath,
    readonly first: StoreNode | undefined,
  ) {
    this.node = first;
  }
}

export interface TransactionHome {
  readonly store: LiveStore;
  readonly watches: WatchTable;
  readonly budget: Budget;
}

const MISSING = -1;
/** Roughly what a transaction costs, and each node that it touches, without what is written there. */
const OWN_BYTES = 500;
const TOUCHED_BYTES = 450;
const CHILD_CHANGE_BYTES = 64;

export class Transaction implements StoreView {
  readonly #touched = new Map<string, Touched>();
  readonly #ownedChange = new Map<number, OwnedChange>();
  #heldBytes = 0;
  #chargedBytes = 0;

  constructor(
    private readonly home: TransactionHome,
    /** Infinity for who has no such quota. */
    private readonly maxNodes: number,
    /** Of the domain that is bound by what it holds; undefined for who is not. */
    private readonly account?: Account,
  ) {
    home.store.nextGeneration();
    this.#hold(OWN_BYTES);
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.home.budget.transactionBytes += bytes;
  }

  #holdFor(touched: Touched, bytes: number): void {
    this.#hold(bytes - touched.heldBytes);
    touched.heldBytes = bytes;
  }

  /** Brings the domain's account up to date with the node as it is now. */
  #charge(touched: Touched): void {
    if (!this.account) return;
    const bytes = touched.node ? bytesAt(touched.path, touched.node) : 0;
    const more = bytes - touched.chargedBytes;
    touched.chargedBytes = bytes;
    this.#chargedBytes += more;
    this.account.hold(more);
  }

  read(path: StorePath): StoreNode | Failure {
    const touched = this.#touch(path, this.home.store.root);
    return touched instanceof Failure ? touched : (touched.node ?? fail.ENOENT);
  }

  readAbove(path: StorePath): { node: StoreNode; depth: number } | Failure {
    const { root } = this.home.store;
    // Below this the store has nothing, so it need not be asked level by level.
    const liveDepth = findAbove(root, path).depth;
    for (let above = path.parent; ; above = above.parent) {
      const touched = this.#touch(above, above.depth > liveDepth ? undefined : root);
      if (touched instanceof Failure) return touched;
      if (touched.node) return { node: touched.node, depth: above.depth };
    }
  }

  /** `root` is where to look for the node; undefined when it is known to be missing there. */
  #touch(path: StorePath, root: StoreNode | undefined): Touched | Failure {
    const known = this.#touched.get(path.text);
    if (known) return known;
    if (this.#touched.size >= this.maxNodes) return fail.ENOSPC;
    const bytes = TOUCHED_BYTES + path.text.length;
    if (!this.home.budget.fits(bytes)) return fail.ENOSPC;
    const touched = new Touched(path, root && findNode(root, path));
    if (this.account && touched.node && !this.account.hasRoomFor(bytesAt(path, touched.node))) {
      return fail.ENOMEM;
    }
    this.#hold(bytes);
    this.#charge(touched);
    this.#touched.set(path.text, touched);
    return touched;
  }

  /** What `read` or an earlier step touched already. */
  #known(path: StorePath): Touched {
    return this.#touched.get(path.text)!;
  }

  replace(path: StorePath, value: string, perms: PermList): void {
    const touched = this.#known(path);
    const old = touched.node!;
    this.#owns(old, path, -1);
    this.#holdFor(touched, weightOfOwn(path, value, perms));
    touched.node = new StoreNode(value, perms, old.children, this.home.store.nextGeneration());
    touched.modified = true;
    this.#charge(touched);
    this.#owns(touched.node, path, 1);
  }

  add(path: StorePath, value: string, perms: PermList): void {
    const missing = [path];
    for (let above = path.parent; !this.#known(above).node; above = above.parent) missing.push(above);
    for (const each of missing.reverse()) this.#addOne(this.#known(each), each === path ? value : '', perms);
  }

  #addOne(touched: Touched, value: string, perms: PermList): void {
    this.#holdFor(touched, weightOfOwn(touched.path, value, perms));
    touched.node = leaf(value, perms, this.home.store.nextGeneration());
    touched.modified = true;
    this.#charge(touched);
    this.#owns(touched.node, touched.path, 1);
    this.#changeChildren(touched.path, touched.node);
  }

  /**
   * Enters a child in its parent's directory, or takes it out when there is no `node`. The directory
   * may be older than the child, where others wrote in between, and already have it or never had it;
   * then the commit will fail, and until then the transaction must see something that makes sense.
   */
  #changeChildren(path: StorePath, node: StoreNode | undefined): void {
    const { name } = path;
    const parent = this.#known(path.parent);
    const { value, perms, children } = parent.node!;
    const isThere = children.get(name) !== undefined;
    if (!node && !isThere) return;
    const changed = !node
      ? children.remove(name)
      : isThere
        ? children.set(name, node)
        : children.add(name, node);
    parent.node = new StoreNode(value, perms, changed, this.home.store.nextGeneration());
    this.#hold(CHILD_CHANGE_BYTES);
    parent.childChanges.push({ name, added: node !== undefined });
    parent.modified = true;
    this.#charge(parent);
    const nameBytes = name.length + 1;
    this.#ownedChangeOf(perms.ownerDomid).bytes += node ? nameBytes : -nameBytes;
  }

  removeTree(path: StorePath): Failure | undefined {
    const going: Touched[] = [];
    const failure = this.#collect(path, going);
    if (failure) return failure;
    const parent = this.#touch(path.parent, this.home.store.root);
    if (parent instanceof Failure) return parent;
    // It was missing when the transaction first looked, and somebody made it and the node since.
    if (!parent.node) return fail.EINVAL;
    for (const touched of going) {
      this.#owns(touched.node!, touched.path, -1);
      this.#holdFor(touched, 0);
      touched.node = undefined;
      touched.modified = true;
      this.#charge(touched);
      touched.childChanges = [];
      touched.event = touched.path.text === path.text ? 'change' : 'exact';
    }
    this.#changeChildren(path, undefined);
    return undefined;
  }

  /** The subtree as the transaction sees it, children before their parent. */
  #collect(path: StorePath, into: Touched[]): Failure | undefined {
    const touched = this.#touch(path, this.home.store.root);
    if (touched instanceof Failure) return touched;
    for (const name of touched.node?.children.names() ?? []) {
      const failure = this.#collect(path.child(name), into);
      if (failure) return failure;
    }
    if (touched.node) into.push(touched);
    return undefined;
  }

  changed(path: StorePath): void {
    this.#known(path).event = 'change';
  }

  #owns(node: StoreNode, path: StorePath, by: 1 | -1): void {
    const change = this.#ownedChangeOf(node.perms.ownerDomid);
    change.nodes += by;
    change.bytes += by * bytesAt(path, node);
  }

  #ownedChangeOf(domid: number): OwnedChange {
    let change = this.#ownedChange.get(domid);
    if (!change) this.#ownedChange.set(domid, (change = { nodes: 0, bytes: 0 }));
    return change;
  }

  ownedBy(domid: number): number {
    return this.home.store.ownedBy(domid) + (this.#ownedChange.get(domid)?.nodes ?? 0);
  }

  /** All that it does is on the account of its domain until it commits. */
  accountFor(ownerDomid: number): Account {
    return this.account ?? this.home.store.accountFor(ownerDomid);
  }

  roomToReplace(path: StorePath, value: string, perms: PermList): Failure | undefined {
    const bytes = weightOfOwn(path, value, perms) - this.#known(path).heldBytes;
    return this.home.budget.fits(bytes) ? undefined : fail.ENOSPC;
  }

  roomToAdd(names: readonly string[], value: string, perms: PermList): Failure | undefined {
    return this.home.budget.fits(weightOfBranch(names, value, perms)) ? undefined : fail.ENOSPC;
  }

  /** Gives back what the transaction holds. It must not be used afterwards. */
  end(): void {
    this.home.budget.transactionBytes -= this.#heldBytes;
    this.account?.hold(-this.#chargedBytes);
    this.#touched.clear();
  }

  /** Whether another change came in between. */
  get conflicts(): boolean {
    for (const { path, first } of this.#touched.values()) {
      const now = this.home.store.find(path)?.generation ?? MISSING;
      if (now !== (first?.generation ?? MISSING)) return true;
    }
    return false;
  }

  /** Which domains own more nodes after the commit than before. */
  *grownOwners(): Generator<number> {
    for (const [domid, { nodes }] of this.#ownedChange) if (nodes > 0) yield domid;
  }

  /** Makes the changes the store's own and tells the watches. Only when there is no conflict. */
  commit(): void {
    const { store, watches } = this.home;
    const modified = [...this.#touched.values()].filter((touched) => touched.modified);
    store.adopt(this.#rebuilt(store.root, byPath(modified)), this.#ownedChange);
    for (const { path, event, first } of modified) {
      if (event === 'change') watches.nodeChanged(path, store.root, first?.perms);
      if (event === 'exact') watches.nodeChangedExactly(path, store.root, first?.perms);
    }
  }

  /**
   * The store's own subtree `node` with the changes done to it. What the transaction holds of a
   * directory may be out of date below, where others may have written since: so names come and go in
   * the store's directory, and only nodes that were modified are taken over.
   */
  #rebuilt(node: StoreNode, { touched, below }: Changes): StoreNode {
    let { children } = node;
    for (const { name, added } of touched?.childChanges ?? []) {
      children = added ? children.add(name, leaf('', node.perms, 0)) : children.remove(name);
    }
    for (const [name, changes] of below) {
      children = children.set(name, this.#rebuilt(children.get(name)!, changes));
    }
    if (!touched) return new StoreNode(node.value, node.perms, children, node.generation);
    const { value, perms } = touched.node!;
    return new StoreNode(value, perms, children, this.home.store.nextGeneration());
  }
}

/** What a node costs that the transaction has for itself. */
function weightOfOwn({ name }: StorePath, value: string, perms: PermList): number {
  return weightOfNode(value, perms, name.length + 1);
}

/** Modified nodes in the shape of the tree. */
class Changes {
  touched: Touched | undefined;
  readonly below = new Map<string, Changes>();
}

/** Removed nodes are not in it: the directory that lost them says so. */
function byPath(modified: readonly Touched[]): Changes {
  const top = new Changes();
  for (const touched of modified) {
    if (!touched.node) continue;
    let at = top;
    for (let level = 0; level < touched.path.depth; level += 1) {
      const name = touched.path.names[level]!;
      let next = at.below.get(name);
      if (!next) at.below.set(name, (next = new Changes()));
      at = next;
    }
    at.touched = touched;
  }
  return top;
}
