/** The permissions of a node in sentences, with the names of the domains. */
import type { XsPerm } from '../wire/xsPerms';
import type { NameDomain } from './meaning';

export function permsText(perms: readonly XsPerm[], nameDomain: NameDomain): string[] {
  const [first, ...others] = perms;
  if (!first) return ['The store told no permissions.'];
  const lines = [`Owned by ${nameDomain(first.domid)}, who may do everything.`];
  // The first entry of a domain counts, and the owner is never asked.
  const told = new Set([first.domid]);
  for (const perm of others) {
    if (told.has(perm.domid)) continue;
    told.add(perm.domid);
    const name = nameDomain(perm.domid);
    // A domain's own name is spelt as it is, also where a sentence begins.
    lines.push(`${/^domain \d/.test(name) ? capital(name) : name} ${mayText(perm)}.`);
  }
  lines.push(`Everyone else: ${everyoneText(first)}.`);
  return lines;
}

/** `may read`, `may read and write`, … */
export function mayText({ read, write }: Pick<XsPerm, 'read' | 'write'>): string {
  if (read && write) return 'may read and write';
  if (read) return 'may read';
  return write ? 'may write' : 'may do nothing';
}

function everyoneText({ read, write }: XsPerm): string {
  if (read && write) return 'read and write';
  if (read) return 'read';
  return write ? 'write' : 'nothing';
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
