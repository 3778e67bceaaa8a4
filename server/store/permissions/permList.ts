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

export interface PermEntry extends XsPerm {
  /**
   * The domain did not exist when the entry was made. It is listed and never counts, so that a
   * later domain with the same number does not inherit it.
   */
  readonly ignored: boolean;
}

export class PermList {
  readonly ownerDomid: number;
  /** The payload of a GET_PERMS reply. */
  readonly text: string;
  readonly #defaultAccess: number;

  constructor(readonly entries: readonly PermEntry[]) {
    this.ownerDomid = entries[0]!.domid;
    this.text = entries.map((entry) => `${formatXsPerm(entry)}\0`).join('');
    this.#defaultAccess = accessIn(entries[0]!);
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
    return shared([{ ...this.entries[0]!, domid }, ...this.entries.slice(1)]);
  }

  /** Without the entries of a domain that is gone. Only entries after the owner's are looked at. */
  without(domid: number): PermList {
    const rest = this.entries.filter((entry, at) => at === 0 || entry.domid !== domid);
    return rest.length === this.entries.length ? this : shared(rest);
  }
}

function accessIn({ read, write }: XsPerm): number {
  return (read ? PERM_READ : 0) | (write ? PERM_WRITE : 0);
}

/** Sharing saves memory and nothing depends on it, so the table is simply emptied when it is full. */
const MAX_SHARED_LISTS = 4096;
const sharedLists = new Map<string, PermList>();

function shared(entries: readonly PermEntry[]): PermList {
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
    entries.push({ ...perm, ignored: !domainExists(perm.domid) });
  }
  return entries.length === 0 ? undefined : shared(entries);
}

/** `n0`: domain 0 owns it, nobody else may look. */
export const privatePerms: PermList = shared([{ domid: 0, read: false, write: false, ignored: false }]);
