/**
 * The children of a node: a persistent map from names to values that keeps the order of
 * insertion. Replacing a value keeps the place; a name that was removed and added again goes last.
 * A few children are two flat arrays, many are a hash trie beside a list of names.
 */
import { Entry, dropEntry, emptyTrie, findEntry, forEachValue, putEntry, type HashTrie } from './hashTrie';
import { NameList } from './nameList';

/** Up to here a linear search through flat arrays wins. */
const MAX_FLAT = 16;
/** A large directory becomes flat again well below that, so that it does not flutter. */
const MIN_INDEXED = 8;

export interface Children<T> {
  readonly size: number;
  /** Bytes of the listing: every name and its NUL. */
  readonly bytes: number;
  get(name: string): T | undefined;
  /** Replaces the value of a name that is there. */
  set(name: string, value: T): Children<T>;
  /** Adds a name that is not there, in the last place. */
  add(name: string, value: T): Children<T>;
  /** Removes a name that is there. */
  remove(name: string): Children<T>;
  /** The names in order. */
  names(): readonly string[];
  /** Visits every value, in no particular order. */
  forEachValue(visit: (value: T) => void): void;
  /** The listing of DIRECTORY: every name followed by a NUL. */
  listing(): string;
  /**
   * Whole names of the listing from byte `offset` on, each with its NUL, as many as fit into
   * `maxBytes`. An offset inside a name gives the tail of that name.
   */
  listingPart(offset: number, maxBytes: number): string;
}

class FlatChildren<T> implements Children<T> {
  constructor(
    private readonly keys: readonly string[],
    private readonly values: readonly T[],
    readonly bytes: number,
  ) {}

  get size(): number {
    return this.keys.length;
  }

  get(name: string): T | undefined {
    const { keys } = this;
    for (let at = 0; at < keys.length; at += 1) if (keys[at] === name) return this.values[at];
    return undefined;
  }

  set(name: string, value: T): Children<T> {
    return new FlatChildren(this.keys, this.values.with(this.keys.indexOf(name), value), this.bytes);
  }

  add(name: string, value: T): Children<T> {
    if (this.keys.length >= MAX_FLAT) return IndexedChildren.from(this.keys, this.values).add(name, value);
    const bytes = this.bytes + name.length + 1;
    return new FlatChildren([...this.keys, detached(name)], [...this.values, value], bytes);
  }

  remove(name: string): Children<T> {
    if (this.keys.length === 1) return noChildren();
    const at = this.keys.indexOf(name);
    const bytes = this.bytes - name.length - 1;
    return new FlatChildren(this.keys.toSpliced(at, 1), this.values.toSpliced(at, 1), bytes);
  }

  names(): readonly string[] {
    return this.keys;
  }

  forEachValue(visit: (value: T) => void): void {
    for (const value of this.values) visit(value);
  }

  listing(): string {
    return this.keys.length === 0 ? '' : `${this.keys.join('\0')}\0`;
  }

  listingPart(offset: number, maxBytes: number): string {
    const listing = this.listing();
    if (listing.length - offset <= maxBytes) return listing.slice(offset);
    const end = listing.lastIndexOf('\0', offset + maxBytes - 1);
    return listing.slice(offset, Math.max(offset, end + 1));
  }
}

class IndexedChildren<T> implements Children<T> {
  /** Made when it is first asked for: a directory is often listed many times between two changes. */
  #listing: string | undefined;

  private constructor(
    private readonly trie: HashTrie<T>,
    private readonly order: NameList,
    readonly size: number,
    private readonly nextSequence: number,
  ) {}

  static from<T>(keys: readonly string[], values: readonly T[]): IndexedChildren<T> {
    let children = new IndexedChildren<T>(emptyTrie(), NameList.empty, 0, 0);
    keys.forEach((key, at) => (children = children.add(key, values[at]!)));
    return children;
  }

  get bytes(): number {
    return this.order.bytes;
  }

  get(name: string): T | undefined {
    return findEntry(this.trie, name)?.value;
  }

  set(name: string, value: T): Children<T> {
    const { name: key, sequence } = findEntry(this.trie, name)!;
    const trie = putEntry(this.trie, new Entry(key, sequence, value));
    const children = new IndexedChildren(trie, this.order, this.size, this.nextSequence);
    children.#listing = this.#listing;
    return children;
  }

  add(name: string, value: T): IndexedChildren<T> {
    const { nextSequence, size } = this;
    const key = detached(name);
    const trie = putEntry(this.trie, new Entry(key, nextSequence, value));
    return new IndexedChildren(trie, this.order.append(nextSequence, key), size + 1, nextSequence + 1);
  }

  remove(name: string): Children<T> {
    const { sequence } = findEntry(this.trie, name)!;
    const trie = dropEntry(this.trie, name);
    const order = this.order.remove(sequence, name);
    const rest = new IndexedChildren(trie, order, this.size - 1, this.nextSequence);
    return rest.size < MIN_INDEXED ? rest.#flat() : rest;
  }

  #flat(): Children<T> {
    const keys = this.names();
    const values = keys.map((key) => findEntry(this.trie, key)!.value);
    return new FlatChildren(keys, values, this.bytes);
  }

  names(): readonly string[] {
    const names: string[] = [];
    this.order.collect(names);
    return names;
  }

  forEachValue(visit: (value: T) => void): void {
    forEachValue(this.trie, visit);
  }

  listing(): string {
    return (this.#listing ??= `${this.names().join('\0')}\0`);
  }

  listingPart(offset: number, maxBytes: number): string {
    const names: string[] = [];
    this.order.collectFrom(offset, maxBytes, names);
    return names.length === 0 ? '' : `${names.join('\0')}\0`;
  }
}

const none = new FlatChildren<never>([], [], 0);

export function noChildren<T>(): Children<T> {
  return none as Children<T>;
}

/**
 * A name cut out of a path is often a view into it, which would keep the whole path in memory for
 * as long as the node lives. V8 makes such views from 13 characters on.
 */
function detached(name: string): string {
  return name.length < 13 ? name : Buffer.from(name, 'latin1').toString('latin1');
}
