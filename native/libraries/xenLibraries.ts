/**
 * All libraries of Xen that we use, each loaded when it is first needed. One object for one search
 * path; a library that is missing is an error of those who need it and of nobody else.
 */
import path from 'node:path';
import { XenscopeError } from '../../server/host/errors';
import type { Bound, LibraryTable } from './cTypes';
import { loadLibrary } from './loadLibrary';
import type { LibraryState } from './loadLibrary';
import { evtchnTable } from './tables/evtchn';
import { foreignMemoryTable } from './tables/foreignMemory';
import { gnttabTable } from './tables/gnttab';
import { atomicTable, libcTable } from './tables/libc';
import { storeTable } from './tables/store';
import { toolLogTable } from './tables/toolLog';
import { vchanTable, xenctrlTable } from './tables/versioned';

export const libraryTables = {
  libc: libcTable,
  atomic: atomicTable,
  toolLog: toolLogTable,
  store: storeTable,
  gnttab: gnttabTable,
  evtchn: evtchnTable,
  foreignMemory: foreignMemoryTable,
  xenctrl: xenctrlTable,
  vchan: vchanTable,
} as const satisfies Record<string, LibraryTable>;

export type LibraryKey = keyof typeof libraryTables;

/** Folders that are searched first, as in PATH. */
export const librariesVariable = 'XENSCOPE_XEN_LIBRARIES';

export interface XenLibrariesOptions {
  /** Searched before the system's places and after those of the environment. */
  readonly folders?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export class XenLibraries {
  readonly folders: readonly string[];
  readonly #states = new Map<LibraryKey, LibraryState<LibraryTable>>();

  constructor({ folders = [], env = process.env }: XenLibrariesOptions = {}) {
    const named = (env[librariesVariable] ?? '').split(path.delimiter).filter((folder) => folder !== '');
    this.folders = [...named, ...folders];
  }

  /** Throws a XenscopeError `unsupported` that says what is missing and what to do. */
  functions<K extends LibraryKey>(key: K): Bound<(typeof libraryTables)[K]> {
    const state = this.state(key);
    if (state.kind !== 'loaded') throw unusable(libraryTables[key], state);
    return state.functions as Bound<(typeof libraryTables)[K]>;
  }

  /** Loads it if that was not tried before. Throws only where koffi does not run. */
  state(key: LibraryKey): LibraryState<LibraryTable> {
    let state = this.#states.get(key);
    if (!state) this.#states.set(key, (state = loadLibrary(libraryTables[key], this.folders)));
    return state;
  }
}

/** What is wrong with a library, and what to do about it. */
export function unusable(
  { name, debianPackage }: LibraryTable,
  state: Exclude<LibraryState<LibraryTable>, { kind: 'loaded' }>,
): XenscopeError {
  if (state.kind === 'incomplete') {
    return new XenscopeError(
      'unsupported',
      `${state.path} lacks ${state.missingSymbols.join(', ')}: it is of another version of Xen.`,
      { wayOut: `Install the ${name} of Xen 4.17 or later, or name its folder in ${librariesVariable}.` },
    );
  }
  const cause = new Error(state.tried.join('; '));
  const broken = state.tried.find((words) => !words.includes('No such file or directory'));
  if (broken !== undefined) {
    return new XenscopeError('unsupported', `The library ${name} cannot be loaded: ${broken}.`, {
      cause,
      wayOut: `Install it anew (Debian: ${debianPackage}), or name another folder in ${librariesVariable}.`,
    });
  }
  return new XenscopeError('unsupported', `The library ${name} is missing.`, {
    cause,
    wayOut: `Install it (Debian: ${debianPackage}), or name its folder in ${librariesVariable}.`,
  });
}
