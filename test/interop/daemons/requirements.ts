/** What the interop tests need from the machine, and what they do where it is missing. */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

/** Where Debian's package xen-utils-4.17 puts the daemons and their tests. */
export const XEN_BIN = '/usr/lib/xen-4.17/bin';

const tools = ['ls', 'read', 'write', 'rm', 'list', 'exists', 'chmod', 'watch'].map(
  (name) => `xenstore-${name}`,
);
const needs: readonly { what: string; package: string; isThere: () => boolean }[] = [
  { what: 'Linux', package: 'none', isThere: () => process.platform === 'linux' },
  ...['xenstored', 'oxenstored', 'test-xenstore'].map((name) => ({
    what: `${XEN_BIN}/${name}`,
    package: 'xen-utils-4.17',
    isThere: () => isExecutable(`${XEN_BIN}/${name}`),
  })),
  ...tools.map((name) => ({ what: name, package: 'xenstore-utils', isThere: () => isOnPath(name) })),
  { what: 'xenctrl.h', package: 'libxen-dev', isThere: () => existsSync('/usr/include/xenctrl.h') },
  { what: 'gcc', package: 'gcc', isThere: () => isOnPath('gcc') },
];

/** One sentence that names everything that is missing; undefined when nothing is. */
export function missingForDaemons(): string | undefined {
  const missing = needs.filter(({ isThere }) => !isThere());
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map((need) => need.package))].filter((name) => name !== 'none');
  const advice = packages.length > 0 ? ` (Debian packages: ${packages.join(', ')})` : '';
  return `missing here: ${missing.map(({ what }) => what).join(', ')}${advice}`;
}

/**
 * A `describe` whose tests need Debian's daemons. Without them it is reported as skipped, with what
 * is missing in its title; with CI=true that is a failure, because there nothing may be left out.
 */
export function describeWithDaemons(title: string, define: () => void): void {
  const missing = missingForDaemons();
  if (missing === undefined) {
    describe(title, define);
    return;
  }
  describe(`${title}: ${missing}`, () => {
    it('runs', function () {
      if (process.env['CI'] === 'true') throw new Error(`With CI=true nothing may be skipped; ${missing}.`);
      this.skip();
    });
  });
}

function isOnPath(name: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).concat('/usr/sbin');
  return folders.some((folder) => folder !== '' && isExecutable(path.join(folder, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
