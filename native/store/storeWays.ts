/**
 * The ways to the xenstore of this machine, which of them can be gone, and the choice, in words. The
 * socket is best: it is quick and hides nothing. The device is there where the xenstored runs in
 * another domain. The library is for comparing.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Clock, Random } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import type { Dial } from '../../server/store/byteStream';
import { dialDevice, xenbusDevices } from '../../server/store/client/deviceDial';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { XenLibraries } from '../libraries/xenLibraries';
import { dialLibrary } from './libraryDial';
import { whenReadable } from '../descriptors';

export type StoreWay = 'socket' | 'device' | 'library';

export const storeWayNames = ['socket', 'device', 'library'] as const satisfies readonly StoreWay[];

export interface FoundWay {
  readonly way: StoreWay;
  /** `denied`: it is there, and another user than this one may use it. */
  readonly state: 'usable' | 'denied' | 'absent';
  /** Its path, where it has one. */
  readonly path?: string;
  /** One sentence: what is there, or why it cannot be used. */
  readonly text: string;
}

export interface LookOptions {
  /** Where a xenstored may listen, in the order in which they are tried. */
  readonly socketPaths: readonly string[];
  readonly devicePaths?: readonly string[];
  /** Absent: not looked for, because looking loads it. */
  readonly libraries?: XenLibraries;
}

/** All ways, best first. Opens none of them. */
export async function findStoreWays(options: LookOptions): Promise<FoundWay[]> {
  const { socketPaths, devicePaths = xenbusDevices, libraries } = options;
  const ways = [await findFile('socket', socketPaths), await findFile('device', devicePaths)];
  return libraries ? [...ways, findLibrary(libraries)] : ways;
}

const names = { socket: 'the socket of a xenstored', device: 'the device of the kernel' } as const;

async function findFile(way: 'socket' | 'device', paths: readonly string[]): Promise<FoundWay> {
  let denied: FoundWay | undefined;
  for (const path of paths) {
    const state = await stateOf(path, way);
    if (state === 'usable') return { way, state, path, text: `There is ${names[way]}, ${path}.` };
    if (state === 'denied') {
      denied ??= { way, state, path, text: `This user may not open ${names[way]}, ${path}.` };
    }
  }
  return denied ?? { way, state: 'absent', text: `There is no ${paths.join(', and no ')}.` };
}

async function stateOf(path: string, way: 'socket' | 'device'): Promise<FoundWay['state']> {
  try {
    const found = await stat(path);
    if (way === 'socket' ? !found.isSocket() : found.isDirectory()) return 'absent';
    await access(path, constants.R_OK | constants.W_OK);
    return 'usable';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Of a folder that may not be looked into as well: what is in it is somebody else's.
    return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'absent';
  }
}

function findLibrary(libraries: XenLibraries): FoundWay {
  try {
    libraries.functions('store');
    return { way: 'library', state: 'usable', text: 'libxenstore is installed.' };
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    return { way: 'library', state: 'absent', text: error.message };
  }
}

export interface OpenStoreOptions extends LookOptions {
  /** `auto`: the first that can be gone, of socket and device. */
  readonly way: 'auto' | StoreWay;
  readonly clock: Clock;
}

export interface ChosenWay {
  readonly way: StoreWay;
  /** The socket, when that is the way: other programs can take it as well. */
  readonly socketPath?: string;
  /** One sentence: which way, and why. */
  readonly text: string;
  readonly dial: Dial;
}

/** Throws a XenscopeError `unsupported` when none can be gone, `refused` when only root may. */
export async function chooseStoreWay(options: OpenStoreOptions): Promise<ChosenWay> {
  const { way, clock, libraries = new XenLibraries() } = options;
  const found = await findStoreWays({ ...options, libraries: way === 'library' ? libraries : undefined });
  const wanted = way === 'auto' ? found : found.filter((one) => one.way === way);
  const chosen = wanted.find(({ state }) => state === 'usable');
  if (!chosen) throw noWay(wanted);
  switch (chosen.way) {
    case 'socket':
      return {
        way: 'socket',
        socketPath: chosen.path,
        text: `The store is reached through the xenstored's socket ${chosen.path}.`,
        dial: dialSocket(chosen.path!),
      };
    case 'device':
      return {
        way: 'device',
        text: `The store is reached through the kernel's device ${chosen.path}${why(found, way)}.`,
        dial: dialDevice(chosen.path!, whenReadable),
      };
    case 'library':
      return {
        way: 'library',
        text: 'The store is reached through libxenstore, which finds the xenstored by its own rules.',
        dial: dialLibrary(libraries, whenReadable, clock),
      };
  }
}

/** The client of this machine's store, and how it came to it. It connects by itself and retries. */
export async function openNativeStore(
  options: OpenStoreOptions & { readonly random: Random; readonly maxSilenceMs?: number },
): Promise<ChosenWay & { readonly store: StoreClient }> {
  const chosen = await chooseStoreWay(options);
  const { clock, random, maxSilenceMs } = options;
  return { ...chosen, store: openStoreClient({ dial: chosen.dial, clock, random, maxSilenceMs }) };
}

function why(found: readonly FoundWay[], way: OpenStoreOptions['way']): string {
  if (way !== 'auto') return '';
  const socket = found.find((one) => one.way === 'socket');
  return socket?.state === 'denied'
    ? ', for its socket may not be opened'
    : ', for no xenstored listens here';
}

function noWay(wanted: readonly FoundWay[]): XenscopeError {
  const text = wanted.map((one) => one.text).join(' ');
  if (wanted.some(({ state }) => state === 'denied')) {
    return new XenscopeError('refused', `The xenstore of this machine cannot be opened. ${text}`, {
      wayOut: 'It belongs to root: sudo xenscope serve --owner USER.',
    });
  }
  return new XenscopeError('unsupported', `There is no xenstore on this machine. ${text}`, {
    wayOut: 'Start a xenstored, or use the simulator.',
  });
}
