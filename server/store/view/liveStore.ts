/** The store itself: the current root, the generation counter and who owns how many nodes. */
import type { Budget } from '../budget';
import { fail, type Failure } from '../failure';
import { privatePerms, type PermList } from '../permissions/permList';
import {
  StoreNode,
  addNode,
  findAbove,
  findNode,
  forEachNode,
  forEachOwner,
  leaf,
  removeNode,
  replaceNode,
} from '../tree/storeTree';
import type { StorePath } from '../tree/storePath';
import { weightOfBranch, weightOfContent, weightOfNode } from '../tree/weight';
import type { WatchTable } from '../watches/watchTable';
import type { StoreView } from './storeView';

export class LiveStore implements StoreView {
  #root: StoreNode = leaf('', privatePerms, 0);
  #generation = 0;
  readonly #owned = new Map<number, number>([[privatePerms.ownerDomid, 1]]);

  constructor(
    private readonly watches: WatchTable,
    private readonly budget: Budget,
  ) {
    this.#take(this.#root);
  }

  #take(root: StoreNode): void {
    this.#root = root;
    this.budget.treeBytes = root.heldBytes;
  }

  get root(): StoreNode {
    return this.#root;
  }

  get nodeCount(): number {
    return this.#root.nodeCount;
  }

  nextGeneration(): number {
    return (this.#generation += 1);
  }

  find(path: StorePath): StoreNode | undefined {
    return findNode(this.#root, path);
  }

  read(path: StorePath): StoreNode | Failure {
    return findNode(this.#root, path) ?? fail.ENOENT;
  }

  readAbove(path: StorePath): { node: StoreNode; depth: number } {
    return findAbove(this.#root, path);
  }

  replace(path: StorePath, value: string, perms: PermList): void {
    const node = this.find(path)!;
    this.account(node.perms.ownerDomid, -1);
    this.account(perms.ownerDomid, 1);
    const next = new StoreNode(value, perms, node.children, this.nextGeneration());
    this.#take(replaceNode(this.#root, path, next));
  }

  add(path: StorePath, value: string, perms: PermList): void {
    const created = path.depth - findAbove(this.#root, path).depth;
    this.#take(addNode(this.#root, path, leaf(value, perms, this.nextGeneration())));
    this.account(perms.ownerDomid, created);
  }

  removeTree(path: StorePath): undefined {
    const node = this.find(path)!;
    const parent = this.find(path.parent)!;
    this.watches.nodeRemoved(path, node, parent);
    this.#take(removeNode(this.#root, path, this.nextGeneration()));
    forEachOwner(node, (ownerDomid, nodes) => this.account(ownerDomid, -nodes));
    return undefined;
  }

  account(ownerDomid: number, by: number): void {
    const owned = (this.#owned.get(ownerDomid) ?? 0) + by;
    if (owned === 0) this.#owned.delete(ownerDomid);
    else this.#owned.set(ownerDomid, owned);
  }

  changed(path: StorePath, oldPerms?: PermList): void {
    this.watches.nodeChanged(path, this.#root, oldPerms);
  }

  ownedBy(domid: number): number {
    return this.#owned.get(domid) ?? 0;
  }

  roomToReplace(path: StorePath, value: string, perms: PermList): Failure | undefined {
    const old = this.find(path)!;
    const bytes = weightOfContent(value, perms) - weightOfContent(old.value, old.perms);
    return this.budget.treeFits(bytes) ? undefined : fail.ENOSPC;
  }

  roomToAdd(names: readonly string[], value: string, perms: PermList): Failure | undefined {
    return this.budget.treeFits(weightOfBranch(names, value, perms)) ? undefined : fail.ENOSPC;
  }

  /** Takes over a tree that a transaction made of this one, and who owns how many more nodes in it. */
  adopt(root: StoreNode, ownedChange: ReadonlyMap<number, number>): void {
    this.#take(root);
    for (const [domid, by] of ownedChange) this.account(domid, by);
  }

  /** Takes over a tree that differs in permissions other than owners only. */
  adoptPermissions(root: StoreNode): void {
    this.#take(root);
  }

  /** Counts everything again; the differences that were found, in words. For CONTROL check. */
  check(): string[] {
    const owned = new Map<number, number>();
    let nodes = 0;
    let heldBytes = 0;
    forEachNode(this.#root, ({ perms, value, children }) => {
      nodes += 1;
      heldBytes += weightOfNode(value, perms, children.bytes);
      owned.set(perms.ownerDomid, (owned.get(perms.ownerDomid) ?? 0) + 1);
    });
    const { root } = this;
    const found: string[] = [];
    if (nodes !== root.nodeCount) found.push(`${nodes} nodes, ${root.nodeCount} counted`);
    const countedBytes = this.budget.treeBytes;
    if (heldBytes !== countedBytes) found.push(`${heldBytes} bytes, ${countedBytes} counted`);
    for (const domid of new Set([...owned.keys(), ...this.#owned.keys()])) {
      const [is, counted] = [owned.get(domid) ?? 0, this.ownedBy(domid)];
      if (is !== counted) found.push(`domain ${domid} owns ${is} nodes, ${counted} counted`);
    }
    return found;
  }
}
