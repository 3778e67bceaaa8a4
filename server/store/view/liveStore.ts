/** The store itself: the current root, the generation counter and who owns how much of it. */
import type { Account, Accounts } from '../accounts';
import type { Budget } from '../budget';
import { PRIVILEGED_DOMID } from '../domains';
import { fail, type Failure } from '../failure';
import { privatePerms, type PermList } from '../permissions/permList';
import { bytesAt, bytesOfBranch, bytesOfNode, forEachEntry, forEachOwner } from '../tree/nodeBytes';
import { StoreNode, addNode, findAbove, findNode, leaf, removeNode, replaceNode } from '../tree/storeTree';
import type { StorePath } from '../tree/storePath';
import { weightOfBranch, weightOfContent, weightOfNode } from '../tree/weight';
import { withoutDomain } from '../tree/withoutDomain';
import type { WatchTable } from '../watches/watchTable';
import type { StoreView } from './storeView';

/** How much more of the tree a domain owns after a transaction. */
export interface OwnedChange {
  nodes: number;
  bytes: number;
}

export class LiveStore implements StoreView {
  #root: StoreNode = leaf('', privatePerms, 0);
  #generation = 0;
  /** Nodes written since the beginning, as C xenstored counts them, without those of commits. */
  writes = 0;

  constructor(
    private readonly watches: WatchTable,
    private readonly budget: Budget,
    private readonly accounts: Accounts,
  ) {
    this.#take(this.#root);
    accounts.of(privatePerms.ownerDomid).holdNodes(1, 0);
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
    const next = new StoreNode(value, perms, node.children, this.nextGeneration());
    this.#take(replaceNode(this.#root, path, next));
    this.writes += 1;
    this.#owns(node, path, -1);
    this.#owns(next, path, 1);
  }

  #owns(node: StoreNode, path: StorePath, by: 1 | -1): void {
    const account = this.accounts.of(node.perms.ownerDomid);
    account.holdNodes(by, account.isBound ? by * bytesAt(path, node) : 0);
  }

  add(path: StorePath, value: string, perms: PermList): void {
    const { node: above, depth } = findAbove(this.#root, path);
    const created = path.depth - depth;
    this.#take(addNode(this.#root, path, leaf(value, perms, this.nextGeneration())));
    this.writes += created + 1;
    this.#listedIn(above, path.names[depth]!, 1);
    const account = this.accounts.of(perms.ownerDomid);
    account.holdNodes(created, account.isBound ? bytesOfBranch(path, depth, value, perms) : 0);
  }

  /** A name came into a directory, or went. */
  #listedIn({ perms }: StoreNode, name: string, by: 1 | -1): void {
    this.accounts.of(perms.ownerDomid).holdNodes(0, by * (name.length + 1));
  }

  removeTree(path: StorePath): undefined {
    const node = this.find(path)!;
    const parent = this.find(path.parent)!;
    this.watches.nodeRemoved(path, node, parent);
    this.#take(removeNode(this.#root, path, this.nextGeneration()));
    this.writes += node.nodeCount + 1;
    this.#listedIn(parent, path.name, -1);
    forEachOwner(node, path.text.length, PRIVILEGED_DOMID, (ownerDomid, nodes, bytes) => {
      this.accounts.of(ownerDomid).holdNodes(-nodes, -bytes);
    });
    return undefined;
  }

  accountFor(ownerDomid: number): Account {
    return this.accounts.of(ownerDomid);
  }

  changed(path: StorePath, oldPerms?: PermList): void {
    this.watches.nodeChanged(path, this.#root, oldPerms);
  }

  ownedBy(domid: number): number {
    return this.accounts.of(domid).nodes;
  }

  roomToReplace(path: StorePath, value: string, perms: PermList): Failure | undefined {
    const old = this.find(path)!;
    const bytes = weightOfContent(value, perms) - weightOfContent(old.value, old.perms);
    return this.budget.treeFits(bytes) ? undefined : fail.ENOSPC;
  }

  roomToAdd(names: readonly string[], value: string, perms: PermList): Failure | undefined {
    return this.budget.treeFits(weightOfBranch(names, value, perms)) ? undefined : fail.ENOSPC;
  }

  /** Takes over a tree that a transaction made of this one, and who owns how much more in it. */
  adopt(root: StoreNode, ownedChange: ReadonlyMap<number, Readonly<OwnedChange>>): void {
    this.#take(root);
    for (const [domid, { nodes, bytes }] of ownedChange) this.accounts.of(domid).holdNodes(nodes, bytes);
  }

  /** Takes a domain that is gone, and owns nothing any more, out of all access lists. */
  forget(domid: number): void {
    const root = withoutDomain(this.#root, domid, this.nextGeneration(), (old, next) => {
      this.accounts.of(next.perms.ownerDomid).holdNodes(0, bytesOfNode(next) - bytesOfNode(old));
    });
    this.#take(root);
  }

  /** Counts everything again; the differences that were found, in words. For CONTROL check. */
  check(): string[] {
    const owned = new Map<number, OwnedChange>();
    let nodes = 0;
    let heldBytes = 0;
    forEachEntry(this.#root, 0, ({ perms, value, children }, bytes) => {
      nodes += 1;
      heldBytes += weightOfNode(value, perms, children.bytes);
      const sum = owned.get(perms.ownerDomid) ?? { nodes: 0, bytes: 0 };
      owned.set(perms.ownerDomid, { nodes: sum.nodes + 1, bytes: sum.bytes + bytes });
    });
    const { root } = this;
    const found: string[] = [];
    if (nodes !== root.nodeCount) found.push(`${nodes} nodes, ${root.nodeCount} counted`);
    const countedBytes = this.budget.treeBytes;
    if (heldBytes !== countedBytes) found.push(`${heldBytes} bytes, ${countedBytes} counted`);
    for (const domid of owned.keys()) this.accounts.of(domid);
    for (const account of this.accounts.all()) {
      const { domid, isBound } = account;
      const is = owned.get(domid) ?? { nodes: 0, bytes: 0 };
      if (is.nodes !== account.nodes) {
        found.push(`domain ${domid} owns ${is.nodes} nodes, ${account.nodes} counted`);
      }
      if (isBound && is.bytes !== account.nodeBytes) {
        found.push(`domain ${domid} owns nodes of ${is.bytes} bytes, ${account.nodeBytes} counted`);
      }
    }
    return found;
  }
}
