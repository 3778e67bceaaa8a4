/**
 * A persistent map from names to entries: a hash array mapped trie of 32-way branches. Finding,
 * putting and dropping cost a handful of small copies whatever the size.
 */

export class Entry<T> {
  constructor(
    readonly name: string,
    /** Where the name stands in the order of its directory. */
    readonly sequence: number,
    readonly value: T,
  ) {}
}

type Slot<T> = Entry<T> | Branch<T> | Bucket<T>;

/** `bitmap` says which of 32 slots are taken; `slots` holds only those. */
class Branch<T> {
  constructor(
    readonly bitmap: number,
    readonly slots: readonly Slot<T>[],
  ) {}
}

/** Names whose 32 bits of hash are all the same: searched one by one. */
class Bucket<T> {
  constructor(readonly entries: readonly Entry<T>[]) {}
}

export type HashTrie<T> = Branch<T>;

const BITS_PER_LEVEL = 5;
const HASH_BITS = 32;
const empty = new Branch<never>(0, []);

export function emptyTrie<T>(): HashTrie<T> {
  return empty;
}

export function findEntry<T>(trie: HashTrie<T>, name: string): Entry<T> | undefined {
  let hash = hashOf(name);
  let branch = trie;
  for (;;) {
    const bit = 1 << (hash & 31);
    if ((branch.bitmap & bit) === 0) return undefined;
    const slot = branch.slots[bitsBelow(branch.bitmap, bit)]!;
    if (slot instanceof Entry) return slot.name === name ? slot : undefined;
    if (slot instanceof Bucket) return slot.entries.find((entry) => entry.name === name);
    branch = slot;
    hash >>>= BITS_PER_LEVEL;
  }
}

/** Puts an entry in, in the place of the one with the same name if there is one. */
export function putEntry<T>(trie: HashTrie<T>, entry: Entry<T>): HashTrie<T> {
  return putAt(trie, entry, hashOf(entry.name), 0);
}

function putAt<T>(branch: Branch<T>, entry: Entry<T>, hash: number, shift: number): Branch<T> {
  const bit = 1 << ((hash >>> shift) & 31);
  const at = bitsBelow(branch.bitmap, bit);
  if ((branch.bitmap & bit) === 0) {
    return new Branch(branch.bitmap | bit, branch.slots.toSpliced(at, 0, entry));
  }
  return new Branch(branch.bitmap, branch.slots.with(at, putIn(branch.slots[at]!, entry, hash, shift)));
}

function putIn<T>(slot: Slot<T>, entry: Entry<T>, hash: number, shift: number): Slot<T> {
  if (slot instanceof Branch) return putAt(slot, entry, hash, shift + BITS_PER_LEVEL);
  if (slot instanceof Bucket) {
    const at = slot.entries.findIndex(({ name }) => name === entry.name);
    return new Bucket(at < 0 ? [...slot.entries, entry] : slot.entries.with(at, entry));
  }
  if (slot.name === entry.name) return entry;
  const deeper = shift + BITS_PER_LEVEL;
  if (deeper >= HASH_BITS) return new Bucket([slot, entry]);
  return putAt(putAt(empty as Branch<T>, slot, hashOf(slot.name), deeper), entry, hash, deeper);
}

/** The name must be in the trie. */
export function dropEntry<T>(trie: HashTrie<T>, name: string): HashTrie<T> {
  return dropAt(trie, name, hashOf(name), 0) ?? (empty as Branch<T>);
}

/** Undefined when nothing is left. */
function dropAt<T>(branch: Branch<T>, name: string, hash: number, shift: number): Branch<T> | undefined {
  const bit = 1 << ((hash >>> shift) & 31);
  const at = bitsBelow(branch.bitmap, bit);
  const rest = dropIn(branch.slots[at]!, name, hash, shift);
  if (rest) return new Branch(branch.bitmap, branch.slots.with(at, rest));
  if (branch.slots.length === 1) return undefined;
  return new Branch(branch.bitmap & ~bit, branch.slots.toSpliced(at, 1));
}

function dropIn<T>(slot: Slot<T>, name: string, hash: number, shift: number): Slot<T> | undefined {
  if (slot instanceof Entry) return undefined;
  if (slot instanceof Bucket) {
    const entries = slot.entries.filter((entry) => entry.name !== name);
    return entries.length === 1 ? entries[0] : new Bucket(entries);
  }
  const rest = dropAt(slot, name, hash, shift + BITS_PER_LEVEL);
  // A branch that leads to one entry only gives way to it, so that the trie shrinks as it grew.
  return rest?.slots.length === 1 && rest.slots[0] instanceof Entry ? rest.slots[0] : rest;
}

/** Visits every value, in no particular order. */
export function forEachValue<T>(trie: HashTrie<T>, visit: (value: T) => void): void {
  for (const slot of trie.slots) {
    if (slot instanceof Entry) visit(slot.value);
    else if (slot instanceof Branch) forEachValue(slot, visit);
    else for (const entry of slot.entries) visit(entry.value);
  }
}

/** FNV-1a. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** How many bits of `bitmap` are set below `bit`: the place of its slot. */
function bitsBelow(bitmap: number, bit: number): number {
  let bits = bitmap & (bit - 1);
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
