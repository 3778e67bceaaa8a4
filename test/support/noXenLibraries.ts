/**
 * An environment in which none of Xen's libraries can be loaded, also where they are installed: the loader
 * finds empty files of their names first, and looks no further.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { libraryTables } from '../../native/libraries/xenLibraries';

/** Not Xen's: they stay. */
const others = ['libc', 'atomic'];

export interface NoXenLibraries {
  readonly env: { readonly LD_LIBRARY_PATH: string };
  /** What each of them is called, as in `libxengnttab`. */
  readonly names: readonly string[];
  remove(): void;
}

export function noXenLibraries(): NoXenLibraries {
  const folder = mkdtempSync(path.join(tmpdir(), 'no-libraries-'));
  const tables = Object.entries(libraryTables).flatMap(([key, table]) =>
    others.includes(key) ? [] : [table],
  );
  for (const { sonames } of tables) {
    for (const soname of typeof sonames === 'function' ? sonames() : sonames) {
      if (soname !== null) writeFileSync(path.join(folder, soname), '');
    }
  }
  return {
    env: { LD_LIBRARY_PATH: folder },
    names: tables.map(({ name }) => name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
