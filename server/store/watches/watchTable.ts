/** All watches of all connections, and which of them see a change. */
import { PERM_READ } from '../../wire/xsPerms';
import type { Budget } from '../budget';
import type { PermList, Subject } from '../permissions/permList';
import { findNode, type StoreNode } from '../tree/storeTree';
import type { StorePath } from '../tree/storePath';
import { WatchTrie, type WatchTrieNode } from './watchTrie';

/** Where events go: the connection that set the watch. */
export interface Watcher extends Subject {
  sendEvent(path: string, token: string): void;
}

export interface Watch {
  readonly watcher: Watcher;
  /** Undefined for a special name. */
  readonly path: StorePath | undefined;
  /** The absolute path or the special name. */
  readonly text: string;
  readonly token: string;
  /** Length of what is cut off the front of event paths: `/local/domain/N/`, or 0. */
  readonly prefixLength: number;
  /** Counts up over all watches: the order of registration. */
  readonly serial: number;
}

/** The access lists that decide who sees a change; the parent is looked up only when it matters. */
interface Visibility {
  readonly perms: PermList | undefined;
  readonly oldPerms: PermList | undefined;
  parentPerms(): PermList | undefined;
}

export class WatchTable {
  readonly #trie = new WatchTrie<Watch>();
  readonly #special = new Map<string, Set<Watch>>();
  #serial = 0;

  constructor(private readonly budget: Budget) {}

  nextSerial(): number {
    return (this.#serial += 1);
  }

  hasRoomFor(text: string, token: string): boolean {
    return this.budget.fits(watchWeightBytes(text, token));
  }

  add(watch: Watch): void {
    this.budget.watchBytes += watchWeightBytes(watch.text, watch.token);
    if (watch.path) return this.#trie.add(watch.path, watch);
    const others = this.#special.get(watch.text);
    if (others) others.add(watch);
    else this.#special.set(watch.text, new Set([watch]));
  }

  remove(watch: Watch): void {
    this.budget.watchBytes -= watchWeightBytes(watch.text, watch.token);
    if (watch.path) return this.#trie.remove(watch.path, watch);
    const others = this.#special.get(watch.text);
    others?.delete(watch);
    if (others?.size === 0) this.#special.delete(watch.text);
  }

  /** `@introduceDomain`, `@releaseDomain`. */
  specialHappened(name: string, perms: PermList): void {
    for (const watch of this.#special.get(name) ?? []) {
      if (perms.accessOf(watch.watcher) & PERM_READ) send(watch, name);
    }
  }

  /** A node was written, created, given other permissions (`oldPerms`), or removed by a transaction. */
  nodeChanged(path: StorePath, root: StoreNode, oldPerms: PermList | undefined): void {
    const watches = this.#trie.along(path);
    if (watches.length === 0) return;
    const perms = findNode(root, path)?.perms;
    const parentPerms = (): PermList | undefined => perms && findNode(root, path.parent)?.perms;
    fire(inOrder(watches), path.text, { perms, oldPerms, parentPerms });
  }

  /** As nodeChanged, but only watches of exactly this path see it. */
  nodeChangedExactly(path: StorePath, root: StoreNode, oldPerms: PermList | undefined): void {
    const watches = this.#trie.find(path)?.watches;
    if (!watches) return;
    const perms = findNode(root, path)?.perms;
    const parentPerms = (): PermList | undefined => perms && findNode(root, path.parent)?.perms;
    fire(watches, path.text, { perms, oldPerms, parentPerms });
  }

  /**
   * A subtree is about to go: each node below tells those who watch exactly it, deepest first, then
   * the subtree's root tells everybody who watches it or something above.
   */
  nodeRemoved(path: StorePath, node: StoreNode, parent: StoreNode): void {
    const watched = this.#trie.find(path);
    if (watched) removedBelow(watched, path, node);
    const watches = this.#trie.along(path);
    if (watches.length > 0) fire(inOrder(watches), path.text, removal(node, parent));
  }
}

function removedBelow(watched: WatchTrieNode<Watch>, path: StorePath, node: StoreNode): void {
  if (!watched.below) return;
  for (const [name, below] of watchedChildren(watched.below, node)) {
    const child = node.children.get(name)!;
    const childPath = path.child(name);
    removedBelow(below, childPath, child);
    if (below.watches) fire(below.watches, childPath.text, removal(child, node));
  }
}

type Watched = [name: string, trieNode: WatchTrieNode<Watch>];

/** The children that are watched, or have something watched below them, in the order of the directory. */
function watchedChildren(below: ReadonlyMap<string, WatchTrieNode<Watch>>, node: StoreNode): Watched[] {
  const there = [...below].filter(([name]) => node.children.get(name) !== undefined);
  if (there.length <= 1) return there;
  const names = node.children.names();
  return names.flatMap((name): Watched[] => (below.has(name) ? [[name, below.get(name)!]] : []));
}

function removal(node: StoreNode, parent: StoreNode): Visibility {
  return { perms: node.perms, oldPerms: undefined, parentPerms: () => parent.perms };
}

/** Within one connection events come in the order in which the watches were set. */
function inOrder(watches: Watch[]): Watch[] {
  return watches.sort((one, other) => one.serial - other.serial);
}

function fire(watches: Iterable<Watch>, path: string, visibility: Visibility): void {
  for (const watch of watches) if (maySee(watch.watcher, visibility)) send(watch, path);
}

function maySee(watcher: Watcher, { perms, oldPerms, parentPerms }: Visibility): boolean {
  if (oldPerms && oldPerms.accessOf(watcher) & PERM_READ) return true;
  if (!perms) return false;
  if (perms.accessOf(watcher) & PERM_READ) return true;
  return ((parentPerms()?.accessOf(watcher) ?? 0) & PERM_READ) !== 0;
}

function send({ watcher, token, prefixLength }: Watch, path: string): void {
  watcher.sendEvent(prefixLength === 0 ? path : path.slice(prefixLength), token);
}

/** The path of the event that every watch gives at once. */
export function initialEventPath({ text, prefixLength }: Watch): string {
  return text.slice(prefixLength);
}

/** Roughly what a watch costs: a trie node per component in the worst case. */
export function watchWeightBytes(text: string, token: string): number {
  let components = 1;
  for (let at = text.indexOf('/', 1); at > 0; at = text.indexOf('/', at + 1)) components += 1;
  return 256 + 400 * components + text.length + token.length;
}
