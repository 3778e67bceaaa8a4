// The programs that the tests run against, from Debian's packages. As root on Debian they are
// installed when they are missing; elsewhere it is said which are.
import { existsSync, readFileSync } from 'node:fs';
import { run } from './processes.mjs';
import { step, Told } from './progress.mjs';

/** Debian's tools, daemons and libraries of Xen, and what compiles programs against them. */
const forXen = ['xenstore-utils', 'xen-utils-4.17', 'libxen-dev', 'libxenmisc4.17', 'gcc', 'libc6-dev'];

/** What each kind of test needs beyond Node. */
export const needs = {
  package: ['gcc', 'libc6-dev'],
  interop: [...forXen, 'curl'],
  xen: ['chromium', 'fonts-dejavu-core', 'gcc', 'libc6-dev', 'make'],
  e2e: ['xenstore-utils', 'chromium', 'ripgrep', 'fonts-dejavu-core'],
};
/** What single tests of a kind need; without it they say so, and the others run. */
export const wants = { package: [], interop: [], xen: [], e2e: forXen };

export const onDebian = existsSync('/etc/debian_version');
const releaseFile = '/etc/os-release';
export const isRoot = process.getuid?.() === 0;

/** What is here instead of the one system that the emulated Xen is made of; undefined on Debian 12 on x86-64. */
export function whyNotDebian12({ platform, arch, release } = thisSystem()) {
  if (platform !== 'linux') return `this is ${platform}`;
  const field = (name) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1];
  if (field('ID') !== 'debian' || field('VERSION_ID') !== '12') {
    return `this is ${field('PRETTY_NAME') ?? 'another Linux'}`;
  }
  return arch === 'x64' ? undefined : `this is ${arch}`;
}

function thisSystem() {
  const release = existsSync(releaseFile) ? readFileSync(releaseFile, 'utf8') : '';
  return { platform: process.platform, arch: process.arch, release };
}

async function missing(packages) {
  const { output } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages]);
  const installed = new Set(output.split('\n').filter((line) => line.endsWith(' installed')));
  return packages.filter((name) => !installed.has(`${name} installed`));
}

/** Installs what is missing and may be installed. Returns a sentence when something is still missing. */
export async function ensureDebianPackages(packages) {
  if (!onDebian) return 'it needs programs of Debian packages, and this is not Debian';
  const absent = await missing(packages);
  if (absent.length === 0) return undefined;
  if (!isRoot) return `install ${absent.join(' ')} first (apt-get install; only root may)`;

  try {
    await step(`Installing Debian packages: ${absent.join(' ')}`, () => install(absent));
    return undefined;
  } catch (error) {
    if (error instanceof Told) return error.message;
    throw error;
  }
}

async function install(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const { code, output } = await run('apt-get', args, { env });
    if (code !== 0) throw new Told(`apt-get ${args[0]} failed: ${output}`);
  }
}
