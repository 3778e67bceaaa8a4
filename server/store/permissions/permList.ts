/**
 * Access lists. They never change and are shared: most nodes of a store have one of a few lists.
 * The rules are those of docs/misc/xenstore.txt, "Permissions": the first entry is the owner with
 * the default for domains not listed, then the first entry that fits counts.
 */
import { PERM_READ, PERM_WRITE, formatXsPerm, parseXsPerm, type XsPerm } from '../../wire/xsPerms';

export const OWNS = 4;
export const FULL_ACCESS = PERM_READ | PERM_WRITE | OWNS;

/** Who asks: what a connection tells of itself. */
export interface Subject {
  readonly domid: number;
  /** Privileged connections pass every check. */
  readonly privileged: boolean;
  /** SET_TARGET: the domain whose rights this one has as well. */
  readonly targetDomid: number | undefined;
}

/** A class, because objects that are copied by spreading them take five times the memory. */
class PermEntry implements XsPerm {
  readonly domid: number;
  readonly read: boolean;
  readonly write: boolean;

  constructor(
    { domid, read, write }: XsPerm,
    /**
     * The domain did not exist when the entry was made. It is listed and never counts, so that a
     * later domain with the same number does not inherit it.
     */
    readonly ignored: boolean,
  ) {
    this.domid = domid | 0;
    this.read = read;
    this.write = write;
  }
}

export class PermList {
  readonly ownerDomid: number;
  /** The payload of a GET_PERMS reply. */
  readonly text: string;
  /** The domains that entries after the owner's name, as bits of mentionBit, or-ed. */
  readonly mentions: number;
  readonly #defaultAccess: number;

  constructor(readonly entries: readonly PermEntry[]) {
    this.ownerDomid = entries[0]!.domid;
    this.text = entries.map((entry) => `${formatXsPerm(entry)}\0`).join('');
    this.#defaultAccess = accessIn(entries[0]!);
    let mentions = 0;
    for (let at = 1; at < entries.length; at += 1) mentions |= mentionBit(entries[at]!.domid);
    this.mentions = mentions;
  }

  /** What `subject` may do: PERM_READ, PERM_WRITE and OWNS as bits. */
  accessOf(subject: Subject): number {
    const { domid, targetDomid, privileged } = subject;
    if (privileged || this.ownerDomid === domid || this.ownerDomid === targetDomid) return FULL_ACCESS;
    for (let at = 1; at < this.entries.length; at += 1) {
      const entry = this.entries[at]!;
      if (entry.ignored) continue;
      if (entry.domid === domid || entry.domid === targetDomid) return accessIn(entry);
    }
    return this.#defaultAccess;
  }

  ownedBy(domid: number): PermList {
    if (domid === this.ownerDomid) return this;
    const [owner, ...others] = this.entries;
    return shared([new PermEntry({ ...owner!, domid }, owner!.ignored), ...others]);
  }

  /** Without the entries of a domain that is gone. Only entries after the owner's are looked at. */
  without(domid: number): PermList {
    const rest = this.entries.filter((entry, at) => at === 0 || entry.domid !== domid);
    return rest.length === this.entries.length ? this : shared(rest);
  }
}

/** One bit of 32 for each domain: two may share one, so a bit means "maybe", and none means "no". */
export function mentionBit(domid: number): number {
  return 1 << (domid & 31);
}

function accessIn({ read, write }: XsPerm): number {
  return (read ? PERM_READ : 0) | (write ? PERM_WRITE : 0);
}

/**
 * Sharing saves memory and nothing depends on it: long lists, which are rare and would weigh too much
 * in the table, are not in it, and it is simply emptied when it is full.
 */
const MAX_SHARED_LISTS = 4096;
const MAX_SHARED_ENTRIES = 8;
const sharedLists = new Map<string, PermList>();

function shared(entries: readonly PermEntry[]): PermList {
  if (entries.length > MAX_SHARED_ENTRIES) return new PermList(entries);
  const key = entries.map((entry) => formatXsPerm(entry) + (entry.ignored ? '!' : '')).join();
  const known = sharedLists.get(key);
  if (known) return known;
  if (sharedLists.size >= MAX_SHARED_LISTS) sharedLists.clear();
  const list = new PermList(entries);
  sharedLists.set(key, list);
  return list;
}

/** Undefined when an entry is malformed or there is none. */
export function parsePermList(
  texts: readonly string[],
  domainExists: (domid: number) => boolean,
): PermList | undefined {
  const entries: PermEntry[] = [];
  for (const text of texts) {
    const perm = parseXsPerm(text);
    if (!perm) return undefined;
    entries.push(new PermEntry(perm, !domainExists(perm.domid)));
  }
  return entries.length === 0 ? undefined : shared(entries);
}

/** `n0`: domain 0 owns it, nobody else may look. */
export const privatePerms: PermList = shared([new PermEntry({ domid: 0, read: false, write: false }, false)]);
