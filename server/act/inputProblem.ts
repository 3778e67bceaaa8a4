/** Why the store would refuse what a person typed, in one sentence; undefined when it would not. */
import { XS_PAYLOAD_MAX_BYTES } from '../wire/xsMessage';
import type { XsPerm } from '../wire/xsPerms';

export function valueProblem(path: string, value: Uint8Array): string | undefined {
  const limitBytes = maxValueBytes(path);
  if (value.length <= limitBytes) return undefined;
  return `The value has ${value.length} bytes; with this path at most ${limitBytes} fit into a message to the store.`;
}

/** A request carries path, NUL and value in one payload. */
export function maxValueBytes(path: string): number {
  return XS_PAYLOAD_MAX_BYTES - path.length - 1;
}

export function permsProblem(perms: readonly XsPerm[]): string | undefined {
  if (perms.length === 0) return 'The list of permissions is empty: its first entry names the owner.';
  const wrong = perms.find(({ domid }) => !Number.isInteger(domid) || domid < 0 || domid > 0xffff);
  if (wrong) return `${wrong.domid} is no number of a domain: it must be a whole number from 0 to 65535.`;
  const twice = perms.find(({ domid }, index) => perms.findIndex((perm) => perm.domid === domid) !== index);
  return twice && `Domain ${twice.domid} occurs twice in the list; only its first entry would count.`;
}
