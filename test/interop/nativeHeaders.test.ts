/** The tables of C signatures against the headers of the installed libraries, as the compiler reads both. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { LibraryTable } from '../../native/libraries/cTypes';
import { domainInfo, shutdownReasons } from '../../native/libraries/domainInfo';
import { mallocTable } from '../../native/libraries/tables/libc';
import { portStatus } from '../../native/libraries/portStatus';
import { vchanStruct } from '../../native/libraries/vchanStruct';
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
  for (const table of [...Object.values<LibraryTable>(libraryTables), mallocTable]) {
    // What the compiler knows by itself has no header.
    if (table.headers.length === 0) continue;
    it(`of ${table.name} are those of its headers`, () => compile(program(table)));
  }

  it('of a domain as libxenctrl tells it are those of its header', () => {
    const { flags, emulationFlags } = domainInfo;
    const inC = (name: string) => name.replace(/[A-Z]/g, (big) => `_${big.toLowerCase()}`);
    const claims = [
      'offsetof(xc_domaininfo_t, domain) == 0 && sizeof(domid_t) == 2',
      `offsetof(xc_domaininfo_t, flags) == ${domainInfo.flagsOffset}`,
      `offsetof(xc_domaininfo_t, arch_config.emulation_flags) == ${emulationFlags.offset}`,
      `XEN_X86_EMU_LAPIC == ${emulationFlags.lapic}`,
      `sizeof(xc_domaininfo_t) <= ${domainInfo.roomBytes}`,
      `XEN_DOMINF_shutdownshift == ${domainInfo.reasonShift}`,
      ...Object.entries(flags).map(([name, bit]) => `XEN_DOMINF_${inC(name)} == ${bit}`),
      ...shutdownReasons.map((name, number) => `SHUTDOWN_${inC(name)} == ${number}`),
    ];
    const asserts = claims.map((claim) => `_Static_assert(${claim}, "");`).join('\n');
    const includes = ['stddef.h', 'xenctrl.h', 'xen/sched.h']
      .map((header) => `#include <${header}>\n`)
      .join('');
    compile(includes + asserts);
    assert.throws(() => compile(`${includes}_Static_assert(XEN_DOMINF_dying == 2, "");`), /static assertion/);
  });

  it('of the status of an event channel are those of its header', () => {
    const { bytes, domidOffset, portOffset, statusOffset, unbound, interdomain, self } = portStatus;
    const claims = [
      `sizeof(xc_evtchn_status_t) == ${bytes}`,
      `offsetof(xc_evtchn_status_t, dom) == ${domidOffset} && sizeof(domid_t) == 2`,
      `offsetof(xc_evtchn_status_t, port) == ${portOffset}`,
      `offsetof(xc_evtchn_status_t, status) == ${statusOffset}`,
      `EVTCHNSTAT_unbound == ${unbound} && EVTCHNSTAT_interdomain == ${interdomain}`,
      `DOMID_SELF == ${self}`,
    ];
    const asserts = claims.map((claim) => `_Static_assert(${claim}, "");`).join('\n');
    compile(`#include <stddef.h>\n#include <xenctrl.h>\n${asserts}`);
  });

  it('of an end of libxenvchan are those of its header', () => {
    const { bytes, ring, eventPort, flags, serverPersist, blocking } = vchanStruct;
    const { readOrder, writeOrder, xsPath } = vchanStruct;
    const claims = [
      `sizeof(struct libxenvchan) >= ${bytes}`,
      `offsetof(struct libxenvchan, ring) == ${ring}`,
      `offsetof(struct libxenvchan, event_port) == ${eventPort}`,
      // What follows the bits begins at the next pointer.
      `offsetof(struct libxenvchan, read) == ${flags} + 4`,
      `offsetof(struct libxenvchan, read.order) == ${readOrder}`,
      `offsetof(struct libxenvchan, write.order) == ${writeOrder}`,
      `offsetof(struct libxenvchan, xs_path) == ${xsPath}`,
    ];
    const asserts = claims.map((claim) => `_Static_assert(${claim}, "");`).join('\n');
    compile(`#include <stddef.h>\n#include <libxenvchan.h>\n${asserts}`);
    const program = [
      '#include <libxenvchan.h>',
      'union seen { struct libxenvchan end; int words[16]; };',
      'int main(void) {',
      '  union seen persist = {0}, waits = {0};',
      '  persist.end.server_persist = 1; waits.end.blocking = 1;',
      `  return persist.words[${flags / 4}] == ${serverPersist} && waits.words[${flags / 4}] == ${blocking} ? 0 : 1;`,
      '}',
    ];
    const folder = mkdtempSync(path.join(os.tmpdir(), 'vchan-bits-'));
    try {
      const file = path.join(folder, 'bits');
      execFileSync('gcc', ['-x', 'c', '-o', file, '-'], { input: program.join('\n') });
      execFileSync(file);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('would be found wrong', () => {
    const { gnttab } = libraryTables;
    const wrong = {
      ...gnttab,
      functions: { xengnttab_close: ['int', 'xengnttab_handle *', 'int'] },
    } as const;
    assert.throws(() => compile(program(wrong)), /incompatible/);
  });
});
