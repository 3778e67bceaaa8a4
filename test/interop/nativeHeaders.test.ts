/** The tables of C signatures against the headers of the installed libraries, as the compiler reads both. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { LibraryTable } from '../../native/libraries/cTypes';
import { libraryTables } from '../../native/libraries/xenLibraries';

/** One pointer of exactly the table's type for each function: another type does not compile. */
function program({ headers, functions }: LibraryTable): string {
  const includes = headers.map((header) => `#include <${header}>`);
  // Headers name some types by their struct only.
  const names = [
    'typedef struct xentoollog_logger xentoollog_logger;',
    'typedef __UINT32_TYPE__ uint32_t; typedef __UINT16_TYPE__ uint16_t; typedef __UINT64_TYPE__ uint64_t;',
  ];
  const pointers = Object.entries(functions).map(
    ([name, [result, ...args]]) => `${result} (*table_${name})(${args.join(', ')}) = ${name};`,
  );
  return [...includes, ...names, ...pointers].join('\n');
}

function compile(source: string): void {
  const strict = ['-Werror=incompatible-pointer-types', '-Werror=implicit-function-declaration'];
  execFileSync('gcc', ['-x', 'c', '-std=gnu17', '-fsyntax-only', ...strict, '-'], {
    input: source,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

describe('the tables of C signatures', () => {
  for (const table of Object.values<LibraryTable>(libraryTables)) {
    // What the compiler knows by itself has no header.
    if (table.headers.length === 0) continue;
    it(`of ${table.name} are those of its headers`, () => compile(program(table)));
  }

  it('would be found wrong', () => {
    const { gnttab } = libraryTables;
    const wrong = {
      ...gnttab,
      functions: { xengnttab_close: ['int', 'xengnttab_handle *', 'int'] },
    } as const;
    assert.throws(() => compile(program(wrong)), /incompatible/);
  });
});
