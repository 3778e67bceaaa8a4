// Linux's own two ends of PV Calls, which Debian's kernels leave out, and what a guest needs to use them: built
// from Debian's package of the kernel's sources, against the headers of the kernel that the machine boots.
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { run } from '../processes.mjs';
import { step, Told } from '../progress.mjs';
import { root } from '../setup.mjs';
import { makeTemporary, removeTemporary } from '../temporary.mjs';
import { filledOnce, markUsed, removeUnused } from './cache.mjs';
import { Debs } from './debs.mjs';
import { kernelRelease } from './kernel.mjs';
import { commandIn, hashOf, xenCache } from './packages.mjs';

/** Raise it when they are built in another way. */
const recipe = 1;

const ours = path.join(root, 'test', 'xen', 'pvcalls');
const ourSources = ['pvcalls-sockets.c', 'pvsocket.c'];
const linuxSources = ['pvcalls-front.c', 'pvcalls-front.h', 'pvcalls-back.c'];
const modules = ['pvcalls-front', 'pvcalls-back', 'pvcalls-back-mended', 'pvcalls-sockets'];
/** Of the frontend: nothing in Linux calls them, so it lets no other module have them. */
const frontendCalls = [
  'socket',
  'connect',
  'bind',
  'listen',
  'accept',
  'sendmsg',
  'recvmsg',
  'poll',
  'release',
];

/**
 * Linux's backend forgets an event that finds nothing to send: it is told of no other one, and stands still as
 * soon as its ring to the frontend is full. This line ends that.
 */
const forgets = '\tif (size == 0)\n\t\treturn false;\n';
const mended = '\tif (size == 0) {\n\t\tatomic_set(&map->write, 0);\n\t\treturn false;\n\t}\n';

/** The compiler that Debian 12 builds its kernels with, which its headers ask for by name. */
const compiler = 'gcc-12';
const toldChars = 4_000;

/** `{ folder }` with the modules and `pvsocket`, or `{ why }` they cannot be built here. */
export async function findPvCalls(packages) {
  try {
    return { folder: await ensurePvCalls(packages) };
  } catch (error) {
    if (error instanceof Told) return { why: error.message };
    throw error;
  }
}

/** `packages` are those that the machine is made of. */
async function ensurePvCalls({ folder: packages, versions }) {
  const release = kernelRelease(path.join(packages, 'kernel'));
  const version = versions[`linux-image-${release}`];
  const texts = ourSources.map((name) => readFileSync(path.join(ours, name)));
  const folder = path.join(xenCache, `pvcalls-${hashOf(String(recipe), release, version, ...texts)}`);
  if (!existsSync(folder)) {
    await programsAreThere();
    const linux = await ensureLinux({ packages, release, version });
    await step('Building Linux’s ends of PV Calls', () =>
      filledOnce(folder, (draft) => build({ linux, release, folder: draft })),
    );
    removeUnused('pvcalls-', folder);
  }
  markUsed(folder);
  return folder;
}

async function programsAreThere() {
  if (/\s/.test(xenCache))
    throw new Told(`Modules of Linux cannot be built below ${xenCache}: it has a space in it`);
  for (const [program, name] of [
    [compiler, 'gcc'],
    ['make', 'make'],
  ]) {
    const { code } = await run(program, ['--version']);
    if (code !== 0) {
      throw new Told(
        `There is no ${program} to build modules of Linux with (apt-get install ${name} libc6-dev)`,
      );
    }
  }
}

/** A folder with the `headers` to build modules against, and the few files of Linux that are built: 153 MB are fetched for it. */
async function ensureLinux({ packages, release, version }) {
  const folder = path.join(xenCache, `linux-${hashOf(String(recipe), release, version)}`);
  if (!existsSync(folder)) {
    await step('Fetching Linux’s sources and headers from Debian, once', () =>
      filledOnce(folder, (draft) => fetchLinux({ packages, release, version, folder: draft })),
    );
    removeUnused('linux-', folder);
  }
  markUsed(folder);
  return folder;
}

async function fetchLinux({ packages, release, version, folder }) {
  const debs = new Debs(xenCache);
  const fetched = path.join(folder, 'debs');
  const [series] = /^\d+\.\d+/.exec(version);
  const common = release.replace(/-amd64$/, '-common');
  const names = [`source-${series}`, `headers-${release}`, `headers-${common}`, `kbuild-${series}`];
  // A program that makes modules wants libelf1.
  const files = await debs
    .fetch([...names.map((name) => `linux-${name}=${version}`), 'libelf1'], fetched)
    .catch((error) => {
      throw new Told(
        `The sources of ${release} ${version} cannot be had: remove .cache/xen to take a newer kernel.\n${error.message}`,
      );
    });
  const isSource = (file) => file.startsWith('linux-source-');
  await debs.unpack(
    files.filter((file) => !isSource(file)),
    path.join(folder, 'headers'),
    fetched,
  );

  const unpacked = path.join(folder, 'source');
  await debs.unpack(files.filter(isSource), unpacked, fetched);
  const tree = `linux-source-${series}`;
  const archive = path.join(unpacked, 'usr/src', `${tree}.tar.xz`);
  const wanted = linuxSources.map((name) => `${tree}/drivers/xen/${name}`);
  const xz = commandIn(path.join(packages, 'host'), 'usr/bin/xz').join(' ');
  // It stops at the last of them.
  const options = ['--occurrence=1', '--strip-components=3', '-C', folder, '-I', xz];
  const { code, output } = await run('tar', ['-x', '-f', archive, ...options, ...wanted]);
  const missing = linuxSources.filter((name) => !existsSync(path.join(folder, name)));
  if (missing.length > 0)
    throw new Told(`${archive} lacks ${missing.join(' ')} (${code}):\n${output.slice(-toldChars)}`);
  for (const heavy of [fetched, unpacked]) rmSync(heavy, { recursive: true });
}

async function build({ linux, release, folder }) {
  const work = makeTemporary('pvcalls');
  try {
    for (const name of linuxSources) copyFileSync(path.join(linux, name), path.join(work, name));
    for (const name of ourSources) copyFileSync(path.join(ours, name), path.join(work, name));
    const exported = frontendCalls.map((name) => `EXPORT_SYMBOL_GPL(pvcalls_front_${name});\n`);
    appendFileSync(path.join(work, 'pvcalls-front.c'), exported.join(''));
    writeFileSync(
      path.join(work, 'pvcalls-back-mended.c'),
      mend(readFileSync(path.join(work, 'pvcalls-back.c'), 'utf8')),
    );
    writeFileSync(path.join(work, 'Makefile'), `obj-m := ${modules.map((name) => `${name}.o`).join(' ')}\n`);

    const headers = path.join(linux, 'headers', 'usr/src');
    const makefile = path.join(headers, `linux-headers-${release.replace(/-amd64$/, '-common')}`, 'Makefile');
    const place = path.join(headers, `linux-headers-${release}`);
    await succeeds('make', ['-C', place, '-f', makefile, `M=${work}`, 'KCFLAGS=-g0', 'modules'], {
      ...process.env,
      LD_LIBRARY_PATH: path.join(linux, 'headers', 'usr/lib/x86_64-linux-gnu'),
    });
    const program = path.join(work, 'pvsocket');
    await succeeds(compiler, ['-O1', '-static', '-s', '-o', program, path.join(work, 'pvsocket.c')]);
    const made = readdirSync(work).filter((name) => name.endsWith('.ko') || name === 'pvsocket');
    for (const name of made) copyFileSync(path.join(work, name), path.join(folder, name));
  } finally {
    removeTemporary(work);
  }
}

function mend(text) {
  const pieces = text.split(forgets);
  if (pieces.length === 2) return pieces.join(mended);
  throw new Told('Linux’s backend of PV Calls is not the one that is mended here: look what became of it');
}

async function succeeds(program, args, env) {
  const { code, output } = await run(program, args, { env });
  if (code !== 0)
    throw new Told(`${program} could not build Linux’s ends of PV Calls:\n${output.slice(-toldChars)}`);
}
