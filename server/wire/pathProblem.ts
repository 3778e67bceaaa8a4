/** Why a text is no path of a node, in one sentence for the person who wrote it. */
import { XS_REL_PATH_MAX_BYTES } from './xsMessage';
import { isNodeName, isNodePath, isSpecialPath, limitedPathBytes } from './xsPath';

const allowed = 'Allowed are letters, digits and - _ @';

/** Undefined when it is one. */
export function pathProblem(path: string): string | undefined {
  if (isNodePath(path)) return undefined;
  if (path === '') return 'The path is empty.';
  if (isSpecialPath(path)) return `${path} names a happening, not a node: it can only be watched.`;
  if (!path.startsWith('/')) return `The path "${shorten(path)}" does not begin with a slash.`;
  return formProblem(path);
}

/** The same where a path may also be relative to the directory of a domain. */
export function relativePathProblem(path: string): string | undefined {
  if (path === '' || path.startsWith('/') || isSpecialPath(path)) return pathProblem(path);
  return isNodePath(`/${path}`) ? undefined : formProblem(path);
}

function formProblem(path: string): string {
  if (path.endsWith('/')) return `The path "${shorten(path)}" ends with a slash.`;
  if (path.includes('//')) return `The path "${shorten(path)}" has two slashes in a row.`;
  const wrong = path
    .replace(/^\//, '')
    .split('/')
    .find((name) => !isNodeName(name));
  if (wrong !== undefined) return nameProblem(wrong)!;
  return `The path has ${limitedPathBytes(path)} characters; a store takes at most ${XS_REL_PATH_MAX_BYTES}.`;
}

export function nameProblem(name: string): string | undefined {
  if (name === '') return 'The name is empty.';
  const wrong = [...name].find((character) => !isNodeName(character));
  if (wrong === undefined) return undefined;
  return `A name in the store cannot contain ${calledCharacter(wrong)}. ${allowed}.`;
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
