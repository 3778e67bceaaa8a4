/**
 * What a `xenstore:` URI names: `xenstore://<host><path>` is a node and a folder, `.value` in it
 * the value as it is, `.value.hex` the same value as a text to edit octet by octet. No name of a
 * node holds a dot, so the two never collide with one.
 */
import { failures } from '../errors';
import { isNodePath, nodeName, parentPath } from '../names';

export const scheme = 'xenstore';
export const valueFile = '.value';
const hexFile = '.value.hex';

export interface Location {
  readonly host: string;
  /** Of the node. */
  readonly path: string;
  readonly part: 'node' | 'value' | 'hex';
}

/** `foreign`: a name that can exist in no xenstore, e.g. `.git`, which editors and their extensions look for. */
export type Parsed = Location | { readonly part: 'foreign'; readonly name: string };

export function parseLocation(uri: { readonly authority: string; readonly path: string }): Parsed {
  const path = uri.path.replace(/(?<=.)\/+$/, '') || '/';
  const name = nodeName(path);
  const parent = parentPath(path) ?? '/';
  if (name === valueFile && isNodePath(parent)) return { host: uri.authority, path: parent, part: 'value' };
  if (name === hexFile && isNodePath(parent)) return { host: uri.authority, path: parent, part: 'hex' };
  if (isNodePath(path)) return { host: uri.authority, path, part: 'node' };
  return { part: 'foreign', name };
}

/** Throws the sentence that explains what a file system of nodes can hold. */
export function mustBeLocation(parsed: Parsed): Location {
  if (parsed.part === 'foreign') throw failures.notANodeFile(parsed.name);
  return parsed;
}

export function uriPath(path: string, part: Location['part']): string {
  if (part === 'node') return path;
  const folder = path === '/' ? '' : path;
  return `${folder}/${part === 'value' ? valueFile : hexFile}`;
}
