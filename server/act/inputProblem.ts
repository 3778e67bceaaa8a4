/** Why the store would refuse what a person typed, in one sentence; undefined when it would not. */
import { XS_PAYLOAD_MAX_BYTES, XS_REL_PATH_MAX_BYTES } from '../wire/xsMessage';
import { isNodeName, isNodePath, isSpecialPath, limitedPathBytes } from '../wire/xsPath';
import type { XsPerm } from '../wire/xsPerms';

const allowed = 'Allowed are letters, digits and - _ @';

export function pathProblem(path: string): string | undefined {
  if (isNodePath(path)) return undefined;
  if (path === '') return 'The path is empty.';
  if (isSpecialPath(path)) return `${path} names a happening, not a node: it can only be watched.`;
  if (!path.startsWith('/')) return `The path "${shorten(path)}" does not begin with a slash.`;
  if (path.endsWith('/')) return `The path "${shorten(path)}" ends with a slash.`;
  if (path.includes('//')) return `The path "${shorten(path)}" has two slashes in a row.`;
  const wrong = path
    .slice(1)
    .split('/')
    .find((name) => !isNodeName(name));
  if (wrong !== undefined) return nameProblem(wrong);
  return `The path has ${limitedPathBytes(path)} characters; a store takes at most ${XS_REL_PATH_MAX_BYTES}.`;
}

export function nameProblem(name: string): string | undefined {
  if (name === '') return 'The name is empty.';
  const wrong = [...name].find((character) => !isNodeName(character));
  if (wrong === undefined) return undefined;
  return `A name in the store cannot contain ${calledCharacter(wrong)}. ${allowed}.`;
}

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

function calledCharacter(character: string): string {
  if (character === ' ') return 'a space';
  if (character === '/') return 'a slash';
  if (character === '.') return 'a dot';
  const code = character.codePointAt(0)!;
  if (code < 0x20 || code === 0x7f) return `the control character \\x${code.toString(16).padStart(2, '0')}`;
  return `"${character}"`;
}

function shorten(path: string): string {
  return path.length > 80 ? `${path.slice(0, 79)}…` : path;
}
