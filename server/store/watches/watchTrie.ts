/**
 * Watches by path: a trie of path components, so that the watches that a change concerns are found
 * by walking the path of the change, however many others there are.
 */
import type { StorePath } from '../tree/storePath';

export class WatchTrieNode<W> {
  /** In the order of registration; made when it is needed, because most nodes have only one of the two. */
  watches: Set<W> | undefined;
  below: Map<string, WatchTrieNode<W>> | undefined;

  get isEmpty(): boolean {
    return !this.watches?.size && !this.below?.size;
  }
}

export class WatchTrie<W> {
  readonly root = new WatchTrieNode<W>();

  add(path: StorePath, watch: W): void {
    let node = this.root;
    for (let level = 0; level < path.depth; level += 1) {
      const name = path.names[level]!;
      node.below ??= new Map();
      let next = node.below.get(name);
      if (!next) node.below.set(name, (next = new WatchTrieNode()));
      node = next;
    }
    node.watches ??= new Set();
    node.watches.add(watch);
  }

  remove(path: StorePath, watch: W): void {
    const way = [this.root];
    for (let level = 0; level < path.depth; level += 1) {
      const next = way[level]!.below?.get(path.names[level]!);
      if (!next) return;
      way.push(next);
    }
    way[path.depth]!.watches?.delete(watch);
    for (let level = path.depth; level > 0 && way[level]!.isEmpty; level -= 1) {
      way[level - 1]!.below?.delete(path.names[level - 1]!);
    }
  }

  /** The trie's node for a path, if anything is watched there or below. */
  find(path: StorePath): WatchTrieNode<W> | undefined {
    let node: WatchTrieNode<W> | undefined = this.root;
    for (let level = 0; level < path.depth && node; level += 1) node = node.below?.get(path.names[level]!);
    return node;
  }

  /** The watches at the path and on the way to it, from the root down. */
  along(path: StorePath): W[] {
    const found: W[] = [];
    let node: WatchTrieNode<W> | undefined = this.root;
    for (let level = 0; node; level += 1) {
      if (node.watches) found.push(...node.watches);
      if (level === path.depth) break;
      node = node.below?.get(path.names[level]!);
    }
    return found;
  }
}
