/**
 * Where the two nodes of a vchan lie in the xenstore. Any folder will do; Qubes and MirageOS agree on
 * `data/vchan/<client>/<port>` below the server's domain, where a port is a number or a word.
 */
import { relativePathProblem } from './pathProblem';
import { domainPath } from './xsPath';

/** In the folder of a vchan: the grant of its control page, and the server's event channel, in decimal. */
export const VCHAN_RING_REF = 'ring-ref';
export const VCHAN_EVENT_CHANNEL = 'event-channel';

/**
 * libxenvchan puts the folder and `/event-channel` together in 64 bytes, and cuts off without a word what
 * does not fit: with a longer folder its two ends look for different nodes.
 */
export const VCHAN_PATH_CHARS_MAX = 49;

const portPattern = /^[a-zA-Z0-9_-]+$/;

export interface VchanPaths {
  /** As the server writes it, relative to its own domain. */
  readonly server: string;
  /** The same place as the client reads it. */
  readonly client: string;
}

/** The folder that Qubes and MirageOS use for this port; undefined when it is no such port. */
export function vchanPaths(serverDomid: number, clientDomid: number, port: string): VchanPaths | undefined {
  if (!portPattern.test(port)) return undefined;
  const server = `data/vchan/${clientDomid}/${port}`;
  return { server, client: `${domainPath(serverDomid)}/${server}` };
}

/** What is wrong with a folder for a vchan, in one sentence; undefined when it will do. */
export function vchanPathProblem(path: string): string | undefined {
  const problem = relativePathProblem(path);
  if (problem !== undefined) return problem;
  if (path.length <= VCHAN_PATH_CHARS_MAX) return undefined;
  return `The path has ${path.length} characters; libxenvchan takes at most ${VCHAN_PATH_CHARS_MAX}.`;
}

/** The number in a node, as both ends write it; undefined when it is none that means anything. */
export function parseVchanNumber(value: string): number | undefined {
  if (!/^[1-9][0-9]{0,9}$/.test(value)) return undefined;
  const number = Number(value);
  return number < 2 ** 32 ? number : undefined;
}
