/**
 * What a value means, judged by its path: docs/misc/xenstore-paths.pandoc and what libxl writes.
 * Only what is certain from the path is said; everything else stays a plain value.
 */
import { isNodePath, nodeName } from '../wire/xsPath';
import { xenbusStateName } from '../wire/xenbusState';
import type { Meaning } from './treeTypes';

/** How a domain is called: `web (3)`, or `domain 3` when it has no name. */
export type NameDomain = (domid: number) => string;

const deviceState = /\/(?:device|backend|console)(?:\/.*)?\/state$/;
/** libxl keeps what it wrote when it created a device, and never touches it again: no state of anything. */
const libxlCopy = /^\/libxl\/[0-9]+\/device\//;
const domidNames = new Set([
  'frontend-id',
  'backend-id',
  'target-domid',
  'domid',
  'domain-id',
  'dm-domid',
  'stubdom-id',
]);
const memoryKiB =
  /\/memory\/(?:target|static-max|static-min|videoram|hotplug-max|dynamic-max|dynamic-min|reservation)$/;
const startTime = /\/start_time$/;
const yesNoNames = new Set(['online', 'removable', 'bootable', 'discard-enable', 'discard-secure']);
const shutdownReason = /\/control\/shutdown$/;

export function meaningOf(path: string, value: Uint8Array, nameDomain: NameDomain): Meaning | undefined {
  // Nothing that is known here is long; a path may have 3072 octets.
  if (value.length === 0 || value.length > 3072) return undefined;
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
  if (text.length > 1 && text.startsWith('/') && isStorePath(path, text)) return { kind: 'path', path: text };
  if (value.length > 32) return undefined;
  return meaningOfWord(path, nodeName(path), text, nameDomain);
}

function meaningOfWord(
  path: string,
  name: string,
  text: string,
  nameDomain: NameDomain,
): Meaning | undefined {
  if (name === 'state' && deviceState.test(path)) {
    if (libxlCopy.test(path)) return { kind: 'note', text: "libxl's copy from creation" };
    const state = xenbusStateName(text);
    return state && { kind: 'state', text: state };
  }
  if (domidNames.has(name)) {
    const domid = wholeNumber(text);
    if (domid === undefined || domid > 65535) return undefined;
    return { kind: 'domain', domid, text: nameDomain(domid) };
  }
  if (memoryKiB.test(path)) {
    const kibibytes = wholeNumber(text);
    return kibibytes === undefined ? undefined : { kind: 'note', text: formatKiB(kibibytes) };
  }
  if (startTime.test(path)) return noteOfStartTime(text);
  if (yesNoNames.has(name) || name.startsWith('feature-')) return noteOfSwitch(text);
  if (shutdownReason.test(path)) return { kind: 'note', text: `asked to ${text}` };
  return undefined;
}

/** Roots under which nodes of a xenstore live; a file name such as `/dev/pts/0` is no link. */
const storeRoots = /^\/(?:local|vm|libxl|tool|backend|xapi|mh|vss|byte-order)(?:\/|$)/;

function isStorePath(path: string, text: string): boolean {
  return storeRoots.test(text) && isNodePath(text) && text !== path;
}

function wholeNumber(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

export function formatKiB(kibibytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let amount = kibibytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${Number(amount.toFixed(amount < 10 ? 2 : 1))} ${units[unit]}`;
}

/** Seconds since the epoch, with a fraction (libxl writes `1717171717.25`). */
function noteOfStartTime(text: string): Meaning | undefined {
  if (!/^[0-9]{9,11}(\.[0-9]+)?$/.test(text)) return undefined;
  const time = new Date(Number(text) * 1000).toISOString();
  return { kind: 'note', text: `${time.slice(0, 10)} ${time.slice(11, 19)} UTC` };
}

function noteOfSwitch(text: string): Meaning | undefined {
  if (text === '1') return { kind: 'note', text: 'yes' };
  if (text === '0') return { kind: 'note', text: 'no' };
  return undefined;
}
