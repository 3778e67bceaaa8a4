/**
 * The rules of xenstore paths: docs/misc/xenstore.txt, and what C xenstored enforces where the
 * text and the code differ (core.c is_valid_nodename).
 */
import { XS_REL_PATH_MAX_BYTES } from './xsMessage';

const pathPattern = /^\/(?:[A-Za-z0-9\-_@]+(?:\/[A-Za-z0-9\-_@]+)*)?$/;
const domainPrefixPattern = /^\/local\/domain\/[0-9]{1,5}\//;

/** A name for a happening that is no node, e.g. `@releaseDomain`: it can be watched and has permissions. */
export function isSpecialPath(path: string): boolean {
  return path.startsWith('@');
}

/** The length that servers limit to 2048: the path without a leading `/local/domain/N/`. */
export function limitedPathBytes(path: string): number {
  const prefix = domainPrefixPattern.exec(path);
  return prefix ? path.length - prefix[0].length : path.length;
}

/** Whether an absolute path may name a node. */
export function isNodePath(path: string): boolean {
  return pathPattern.test(path) && limitedPathBytes(path) <= XS_REL_PATH_MAX_BYTES;
}

/** Whether a text may be one component of a path. */
export function isNodeName(name: string): boolean {
  return /^[A-Za-z0-9\-_@]+$/.test(name);
}

/** `/local/domain/<domid>`, where a domain's relative paths begin. */
export function domainPath(domid: number): string {
  return `/local/domain/${domid}`;
}

/** Undefined for the root. */
export function parentPath(path: string): string | undefined {
  if (path === '/') return undefined;
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

export function childPath(path: string, name: string): string {
  return path === '/' ? `/${name}` : `${path}/${name}`;
}

/** The last component; empty for the root. */
export function nodeName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether `path` is `ancestor` or lies below it. */
export function isAtOrBelow(path: string, ancestor: string): boolean {
  if (ancestor === '/') return path.startsWith('/');
  return path.startsWith(ancestor) && (path.length === ancestor.length || path[ancestor.length] === '/');
}
