/**
 * A transaction as C xenstored means it: no snapshot, but an overlay of the nodes it touched, each
 * as it was at the first touch. It commits if none of them has another generation by then, so the
 * check costs what was touched and starting costs nothing.
 *
 * "Touched" is wide: failed reads of missing nodes, parents looked up for permissions or creation,
 * and the read before each write count as well.
 */
import { fail, Failure } from '../failure';
import type { PermList } from '../permissions/permList';
import { limits } from '../quotas';
import { StoreNode, leaf } from '../tree/storeTree';
import type { StorePath } from '../tree/storePath';
import type { WatchTable } from '../watches/watchTable';
import type { LiveStore } from './liveStore';
import type { StoreView } from './storeView';

interface ChildChange {
  readonly name: string;
  readonly added: boolean;
}

class Touched {
  /** As the transaction sees it; undefined when it is missing or was removed. */
  node: StoreNode | undefined;
  modified = false;
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
  /** Of all transactions together. */
  touchedNodes: number;
  /** Bytes of values that transactions wrote and did not commit yet. */
  uncommittedBytes: number;
}

const MISSING = -1;

export class Transaction implements StoreView {
  readonly #touched = new Map<string, Touched>();
  readonly #ownedChange = new Map<number, number>();
  #writtenBytes = 0;

  constructor(
    private readonly home: TransactionHome,
    /** Infinity for who has no such quota. */
    private readonly maxNodes: number,
  ) {
    home.store.nextGeneration();
  }

  read(path: StorePath): StoreNode | Failure {
    const touched = this.#touch(path);
    return touched instanceof Failure ? touched : (touched.node ?? fail.ENOENT);
  }

  #touch(path: StorePath): Touched | Failure {
    const known = this.#touched.get(path.text);
    if (known) return known;
    if (this.#touched.size >= this.maxNodes) return fail.ENOSPC;
    if (this.home.touchedNodes >= limits.maxTouchedNodes) return fail.ENOSPC;
    this.home.touchedNodes += 1;
    const touched = new Touched(path, this.home.store.find(path));
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
    this.#account(old.perms.ownerDomid, -1);
    this.#account(perms.ownerDomid, 1);
    touched.node = new StoreNode(value, perms, old.children, this.home.store.nextGeneration());
    touched.modified = true;
    this.#countWritten(value);
  }

  /** Counts every write anew: an overwritten value is given back at the end of the transaction. */
  #countWritten(value: string): void {
    this.#writtenBytes += value.length;
    this.home.uncommittedBytes += value.length;
  }

  add(path: StorePath, value: string, perms: PermList): void {
    const touched = this.#known(path);
    touched.node = leaf(value, perms, this.home.store.nextGeneration());
    touched.modified = true;
    this.#account(perms.ownerDomid, 1);
    this.#countWritten(value);
    this.#changeChildren(path, touched.node);
  }

  /** Enters a child in its parent's directory, or takes it out when there is no `node`. */
  #changeChildren(path: StorePath, node: StoreNode | undefined): void {
    const { name } = path;
    const parent = this.#known(path.parent);
    const { value, perms, children } = parent.node!;
    const changed = node ? children.add(name, node) : children.remove(name);
    parent.node = new StoreNode(value, perms, changed, this.home.store.nextGeneration());
    parent.childChanges.push({ name, added: node !== undefined });
    parent.modified = true;
  }

  removeTree(path: StorePath): Failure | undefined {
    const going: Touched[] = [];
    const failure = this.#collect(path, going) ?? this.#parentTouched(path);
    if (failure) return failure;
    for (const touched of going) {
      this.#account(touched.node!.perms.ownerDomid, -1);
      touched.node = undefined;
      touched.modified = true;
      touched.childChanges = [];
      touched.event = touched.path.text === path.text ? 'change' : 'exact';
    }
    this.#changeChildren(path, undefined);
    return undefined;
  }

  #parentTouched(path: StorePath): Failure | undefined {
    const parent = this.#touch(path.parent);
    return parent instanceof Failure ? parent : undefined;
  }

  /** The subtree as the transaction sees it, children before their parent. */
  #collect(path: StorePath, into: Touched[]): Failure | undefined {
    const touched = this.#touch(path);
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

  #account(ownerDomid: number, by: number): void {
    this.#ownedChange.set(ownerDomid, (this.#ownedChange.get(ownerDomid) ?? 0) + by);
  }

  ownedBy(domid: number): number {
    return this.home.store.ownedBy(domid) + (this.#ownedChange.get(domid) ?? 0);
  }

  roomFor(nodes: number, valueBytes: number): Failure | undefined {
    const { store, touchedNodes, uncommittedBytes } = this.home;
    return store.roomFor(nodes + touchedNodes, valueBytes + uncommittedBytes);
  }

  /** Gives back what the transaction holds. It must not be used afterwards. */
  end(): void {
    this.home.touchedNodes -= this.#touched.size;
    this.home.uncommittedBytes -= this.#writtenBytes;
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
    for (const [domid, by] of this.#ownedChange) if (by > 0) yield domid;
  }

  /** Makes the changes the store's own and tells the watches. Only when there is no conflict. */
  commit(): void {
    const { store, watches } = this.home;
    const modified = [...this.#touched.values()].filter((touched) => touched.modified);
    // Shorter paths first: a parent's directory is brought up to date before its children are filled.
    const ordered = modified.toSorted((one, other) => one.path.text.length - other.path.text.length);
    for (const touched of ordered) this.#apply(touched);
    for (const { path, event, first } of modified) {
      if (event === 'change') watches.nodeChanged(path, store.root, first?.perms);
      if (event === 'exact') watches.nodeChangedExactly(path, store.root, first?.perms);
    }
  }

  #apply({ path, node, childChanges }: Touched): void {
    if (!node) return;
    const { store } = this.home;
    for (const { name, added } of childChanges) {
      const child = path.child(name);
      if (added) store.add(child, '', node.perms);
      else store.detach(child, store.find(child)!);
    }
    const now = store.find(path)!;
    store.put(path, now, new StoreNode(node.value, node.perms, now.children, store.nextGeneration()));
  }
}
