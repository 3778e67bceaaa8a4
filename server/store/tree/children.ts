/**
 * The children of a node: a persistent map from names to values that keeps the order of
 * insertion. Replacing a value keeps the place; a name that was removed and added again goes last.
 * A few children are two flat arrays, many are a hash trie beside a list of names.
 */
import { Entry, dropEntry, emptyTrie, findEntry, forEachValue, putEntry, type HashTrie } from './hashTrie';
import { NameList } from './nameList';
import { Totals, type Subtree } from './totals';

/** Up to here a linear search through flat arrays wins. */
const MAX_FLAT = 16;
/** A large directory becomes flat again well below that, so that it does not flutter. */
const MIN_INDEXED = 8;

export interface Children<T extends Subtree> {
  readonly size: number;
  readonly totals: Totals;
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

class FlatChildren<T extends Subtree> implements Children<T> {
  constructor(
    private readonly keys: readonly string[],
    private readonly values: readonly T[],
    readonly bytes: number,
    readonly totals: Totals,
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
    const at = this.keys.indexOf(name);
    const totals = this.totals.replaced(this.values[at]!, value);
    return new FlatChildren(this.keys, this.values.with(at, value), this.bytes, totals);
  }

  add(name: string, value: T): Children<T> {
    const { keys, values, totals } = this;
    if (keys.length >= MAX_FLAT) return IndexedChildren.from(keys, values).add(name, value);
    const bytes = this.bytes + name.length + 1;
    return new FlatChildren([...keys, detached(name)], [...values, value], bytes, totals.plus(value));
  }

  remove(name: string): Children<T> {
    if (this.keys.length === 1) return noChildren();
    const at = this.keys.indexOf(name);
    const bytes = this.bytes - name.length - 1;
    const totals = this.totals.minus(this.values[at]!);
    return new FlatChildren(this.keys.toSpliced(at, 1), this.values.toSpliced(at, 1), bytes, totals);
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

class IndexedChildren<T extends Subtree> implements Children<T> {
  /** Made when it is first asked for: a directory is often listed many times between two changes. */
  #listing: string | undefined;

  private constructor(
    private readonly trie: HashTrie<T>,
    private readonly order: NameList,
    readonly size: number,
    private readonly nextSequence: number,
    readonly totals: Totals,
  ) {}

  static from<T extends Subtree>(keys: readonly string[], values: readonly T[]): IndexedChildren<T> {
    let children = new IndexedChildren<T>(emptyTrie(), NameList.empty, 0, 0, Totals.none);
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
    const { name: key, sequence, value: old } = findEntry(this.trie, name)!;
    const trie = putEntry(this.trie, new Entry(key, sequence, value));
    const totals = this.totals.replaced(old, value);
    const children = new IndexedChildren(trie, this.order, this.size, this.nextSequence, totals);
    children.#listing = this.#listing;
    return children;
  }

  add(name: string, value: T): IndexedChildren<T> {
    const { nextSequence: sequence, size, totals } = this;
    const key = detached(name);
    const trie = putEntry(this.trie, new Entry(key, sequence, value));
    const order = this.order.append(sequence, key);
    return new IndexedChildren(trie, order, size + 1, sequence + 1, totals.plus(value));
  }

  remove(name: string): Children<T> {
    const { sequence, value } = findEntry(this.trie, name)!;
    const trie = dropEntry(this.trie, name);
    const order = this.order.remove(sequence, name);
    const totals = this.totals.minus(value);
    const rest = new IndexedChildren(trie, order, this.size - 1, this.nextSequence, totals);
    return rest.size < MIN_INDEXED ? rest.#flat() : rest;
  }

  #flat(): Children<T> {
    const keys = this.names();
    const values = keys.map((key) => findEntry(this.trie, key)!.value);
    return new FlatChildren(keys, values, this.bytes, this.totals);
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

const none = new FlatChildren<never>([], [], 0, Totals.none);

export function noChildren<T extends Subtree>(): Children<T> {
  return none as Children<T>;
}

/**
 * A name cut out of a path is often a view into it, which would keep the whole path in memory for
 * as long as the node lives. V8 makes such views from 13 characters on.
 */
function detached(name: string): string {
  return name.length < 13 ? name : Buffer.from(name, 'latin1').toString('latin1');
}
