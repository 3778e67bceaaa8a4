/** What the interop tests need from the machine, and what they do where it is missing. */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

/** Where Debian's package xen-utils-4.17 puts the daemons and their tests. */
export const XEN_BIN = '/usr/lib/xen-4.17/bin';

const tools = ['ls', 'read', 'write', 'rm', 'list', 'exists', 'chmod', 'watch'].map(
  (name) => `xenstore-${name}`,
);
interface Need {
  readonly what: string;
  readonly package: string;
  readonly isThere: () => boolean;
}

const linux: Need = { what: 'Linux', package: 'none', isThere: () => process.platform === 'linux' };
const gcc: Need = { what: 'gcc', package: 'gcc', isThere: () => isOnPath('gcc') };
const header = (name: string, from: string): Need => ({
  what: name,
  package: from,
  isThere: () => existsSync(`/usr/include/${name}`),
});

const daemonNeeds: readonly Need[] = [
  linux,
  ...['xenstored', 'oxenstored', 'test-xenstore'].map((name) => ({
    what: `${XEN_BIN}/${name}`,
    package: 'xen-utils-4.17',
    isThere: () => isExecutable(`${XEN_BIN}/${name}`),
  })),
  ...tools.map((name) => ({ what: name, package: 'xenstore-utils', isThere: () => isOnPath(name) })),
  header('xenctrl.h', 'libxen-dev'),
  header('stdio.h', 'libc6-dev'),
  gcc,
];

const guestNeeds: readonly Need[] = [
  linux,
  header('xen/io/xs_wire.h', 'libxen-dev'),
  header('stdio.h', 'libc6-dev'),
  gcc,
];

const curl: Need = { what: 'curl', package: 'curl', isThere: () => isOnPath('curl') };

const root: Need = { what: 'the rights of root', package: 'none', isThere: () => process.getuid?.() === 0 };

/** One sentence that names everything that is missing; undefined when nothing is. */
export function missingForDaemons(): string | undefined {
  return missingOf(daemonNeeds);
}

function missingOf(needs: readonly Need[]): string | undefined {
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
export function describeWithDaemons(title: string, define: (this: Mocha.Suite) => void): void {
  describeUnless(missingForDaemons(), title, define);
}

/** The same for the guest that is compiled from the header of Debian's libxen-dev. */
export function describeWithRingGuest(title: string, define: (this: Mocha.Suite) => void): void {
  describeUnless(missingOf(guestNeeds), title, define);
}

/** With Debian's curl. */
export function describeWithCurl(title: string, define: (this: Mocha.Suite) => void): void {
  describeUnless(missingOf([curl]), title, define);
}

/** With the daemons, and as root: a server for another user is started. */
export function describeAsRootWithDaemons(title: string, define: (this: Mocha.Suite) => void): void {
  describeUnless(missingOf([root, ...daemonNeeds]), title, define);
}

/** A test that needs root. Without it it is skipped and counted so, or fails, like the above. */
export function itAsRoot(title: string, run: () => Promise<void>): void {
  const missing = missingOf([root]);
  if (missing === undefined) it(title, run);
  else skipped(`${title}: ${missing}`, missing);
}

function describeUnless(
  missing: string | undefined,
  title: string,
  define: (this: Mocha.Suite) => void,
): void {
  if (missing === undefined) {
    describe(title, define);
    return;
  }
  describe(`${title}: ${missing}`, () => skipped('runs', missing));
}

function skipped(title: string, missing: string): void {
  it(title, function () {
    if (process.env['CI'] === 'true') throw new Error(`With CI=true nothing may be skipped; ${missing}.`);
    this.skip();
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
