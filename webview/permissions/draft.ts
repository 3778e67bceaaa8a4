/** The permissions as a person edits them: an owner, everybody else, and domains of their own. */
import type { Domain, Perm } from '../../server/rpc/api';

export interface Access {
  read: boolean;
  write: boolean;
}

export interface Draft {
  owner: number;
  everyoneElse: Access;
  domains: Map<number, Access>;
}

/** Ordinary domains end below DOMID_FIRST_RESERVED. */
export const maxDomid = 0x7fef;

/** The first entry holds the owner and what every domain not listed may do. */
export function draftOf(perms: readonly Perm[]): Draft {
  const [first, ...rest] = perms;
  const domains = new Map<number, Access>();
  for (const { domid, read, write } of rest) {
    // The store goes by the first entry of a domain; a second one has no effect.
    if (!domains.has(domid)) domains.set(domid, { read, write });
  }
  return {
    owner: first?.domid ?? 0,
    everyoneElse: { read: first?.read ?? false, write: first?.write ?? false },
    domains,
  };
}

export function permsOf({ owner, everyoneElse, domains }: Draft): Perm[] {
  return [
    { domid: owner, ...everyoneElse },
    ...[...domains].map(([domid, access]) => ({ domid, read: access.read, write: access.write })),
  ];
}

export function samePerms(left: readonly Perm[], right: readonly Perm[]): boolean {
  return permWords(left) === permWords(right);
}

/** As the tools of the field write them: `n0 r3 b5`. */
export function permWords(perms: readonly Perm[]): string {
  return perms
    .map(({ domid, read, write }) => `${read ? (write ? 'b' : 'r') : write ? 'w' : 'n'}${domid}`)
    .join(' ');
}

export function chmodLine(path: string, perms: readonly Perm[]): string {
  return `xenstore-chmod ${path} ${permWords(perms)}`;
}

export function domainLabel(domid: number, domains: readonly Domain[]): string {
  const name = domains.find((domain) => domain.domid === domid)?.name;
  return name ? `${name} (${domid})` : `domain ${domid}`;
}

/** The number of a domain that can be added, or a sentence about why not. */
export function addable(typed: string, draft: Draft): number | string {
  const text = typed.trim();
  if (!/^\d{1,5}$/.test(text) || Number(text) > maxDomid) {
    return `A domain is a number from 0 to ${maxDomid}.`;
  }
  const domid = Number(text);
  if (domid === draft.owner) return `Domain ${domid} is the owner, who may do everything already.`;
  if (draft.domains.has(domid)) return `Domain ${domid} is in the table already.`;
  return domid;
}
