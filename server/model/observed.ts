/** Which directories somebody looks at, and what was handed out of each. */
import { XenscopeError } from '../host/errors';
import { parentPath } from '../wire/xsPath';
import type { NodeRow } from './treeTypes';

export const maxObservedDirectories = 5_000;

export class Directory {
  /** All children as of the last listing, in natural order; undefined before the first. */
  names: readonly string[] | undefined;
  known: Set<string> = new Set();
  /** Listings under way: until they are done, `known` may lag behind the events. */
  listings = 0;
  /** The editor was told that it is gone, or that everything is. */
  isLost = false;
  /** The rows that were handed out, by name, as they were last sent; undefined while first read. */
  readonly shown = new Map<string, NodeRow | undefined>();

  /** Takes a new listing; true when there was one before and the names are others now. */
  relist(names: readonly string[]): boolean {
    const before = this.names && this.known;
    this.names = names;
    this.known = new Set(names);
    for (const name of this.shown.keys()) if (!this.known.has(name)) this.shown.delete(name);
    return before !== undefined && !sameSet(before, this.known);
  }

  /** Not there when it was read: should it come back, it is a new child. */
  vanished(name: string): void {
    this.shown.delete(name);
    this.known.delete(name);
  }
}

export class Observed {
  readonly #directories = new Map<string, Directory>();
  /** How many directories lie at or below a path. */
  readonly #below = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#directories.size === 0;
  }

  get paths(): IterableIterator<string> {
    return this.#directories.keys();
  }

  get entries(): IterableIterator<[string, Directory]> {
    return this.#directories.entries();
  }

  get(path: string): Directory | undefined {
    return this.#directories.get(path);
  }

  /** Whether the path, or something below it, is observed. */
  concerns(path: string): boolean {
    return this.#below.has(path);
  }

  open(path: string): Directory {
    const present = this.#directories.get(path);
    if (present) return present;
    if (this.#directories.size >= maxObservedDirectories) {
      throw new XenscopeError('limit', `${maxObservedDirectories} directories are open already.`, {
        wayOut: 'Collapse some of the tree and try again.',
      });
    }
    const directory = new Directory();
    this.#directories.set(path, directory);
    for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
      this.#below.set(at, (this.#below.get(at) ?? 0) + 1);
    }
    return directory;
  }

  close(path: string): void {
    if (!this.#directories.delete(path)) return;
    for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
      const count = this.#below.get(at)! - 1;
      if (count > 0) this.#below.set(at, count);
      else this.#below.delete(at);
    }
  }

  /** Closed by us, not by the editor, who hears of it. */
  lose(path: string): void {
    const directory = this.#directories.get(path);
    if (directory) directory.isLost = true;
    this.close(path);
  }

  loseAll(): void {
    for (const path of [...this.#directories.keys()]) this.lose(path);
  }
}

function sameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  if (left.size !== right.size) return false;
  for (const item of left) if (!right.has(item)) return false;
  return true;
}
