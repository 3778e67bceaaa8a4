/** Finds one library and binds all functions of its table, or says what is missing. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadKoffi } from '../koffi';
import { koffiType } from './cTypes';
import type { Bound, LibraryTable } from './cTypes';

/** What comes after it are the words of the system's loader. */
const koffiSays = /^Failed to load shared library: /;

type Koffi = ReturnType<typeof loadKoffi>;
type LibraryHandle = ReturnType<Koffi['load']>;

export type LibraryState<T extends LibraryTable> =
  | { readonly kind: 'loaded'; readonly path: string; readonly functions: Bound<T> }
  /** No file of that name can be loaded; `tried` says why for each. */
  | { readonly kind: 'missing'; readonly tried: readonly string[] }
  /** It is there and lacks functions: it is of another version than the table. */
  | { readonly kind: 'incomplete'; readonly path: string; readonly missingSymbols: readonly string[] };

/**
 * `folders` are searched before the system's places. Throws a XenscopeError `unsupported` where koffi
 * does not run.
 */
export function loadLibrary<T extends LibraryTable>(table: T, folders: readonly string[]): LibraryState<T> {
  const koffi = loadKoffi();
  const tried: string[] = [];
  const sonames = typeof table.sonames === 'function' ? table.sonames() : table.sonames;
  for (const file of candidates(sonames, folders)) {
    const library = open(koffi, file, tried);
    if (library) return bindAll(table, library, placeOf(file));
  }
  return { kind: 'missing', tried };
}

/** A name without a folder is looked for by the system's loader. */
function candidates(sonames: readonly (string | null)[], folders: readonly string[]): (string | null)[] {
  const inFolders = folders.flatMap((folder) =>
    sonames.filter((soname) => soname !== null).map((soname) => path.resolve(folder, soname)),
  );
  return [...inFolders.filter((file) => existsSync(file)), ...sonames];
}

function open(koffi: Koffi, file: string | null, tried: string[]): LibraryHandle | undefined {
  try {
    return koffi.load(file);
  } catch (error) {
    const words = (error instanceof Error ? error.message : String(error)).replace(koffiSays, '');
    tried.push(file !== null && words.includes(file) ? words : `${file}: ${words}`);
    return undefined;
  }
}

function bindAll<T extends LibraryTable>(table: T, library: LibraryHandle, file: string): LibraryState<T> {
  const functions: Record<string, unknown> = {};
  const missingSymbols: string[] = [];
  for (const [name, [result, ...args]] of Object.entries(table.functions)) {
    try {
      functions[name] = library.func(name, koffiType(result), args.map(koffiType));
    } catch {
      missingSymbols.push(name);
    }
  }
  if (missingSymbols.length > 0) return { kind: 'incomplete', path: file, missingSymbols };
  return { kind: 'loaded', path: file, functions: functions as Bound<T> };
}

/** The file that was really loaded for a name, with its full version. */
function placeOf(file: string | null): string {
  if (file === null) return 'this process';
  const stem = path.basename(file);
  try {
    const maps = readFileSync('/proc/self/maps', 'utf8');
    for (const [, place] of maps.matchAll(/\s(\/.*)$/gm)) {
      if (place === file || (!file.includes('/') && isVersionOf(path.basename(place!), stem))) return place!;
    }
  } catch {
    // No such file on this system: the name must do.
  }
  return file;
}

/** `libxenstore.so.4.0` is what lies behind `libxenstore.so.4`. */
function isVersionOf(name: string, soname: string): boolean {
  return name === soname || name.startsWith(`${soname}.`);
}
