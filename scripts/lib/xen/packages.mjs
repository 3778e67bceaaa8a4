// What the machine is made of, unpacked in our cache: QEMU and the tools that run here, Xen with the
// programs of its dom0, and a kernel. Fetched once; remove `.cache/xen` to take newer packages.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../processes.mjs';
import { say, step, Told } from '../progress.mjs';
import { cacheFolder } from '../setup.mjs';
import { filledOnce, markUsed, removeUnused } from './cache.mjs';
import { Debs, packageOf } from './debs.mjs';

export const xenCache = path.join(cacheFolder, 'xen');
const record = path.join(xenCache, 'packages.json');

/** Each tree by what it is for. Debian's metapackages name the Xen and the kernel of the release. */
const trees = {
  host: { names: ['qemu-system-x86', 'e2fsprogs', 'xz-utils'], keeps: /./ },
  dom0: { names: ['xen-system-amd64', 'xenstore-utils', 'busybox-static', 'libstdc++6'], keeps: /./ },
  kernel: { names: ['linux-image-amd64'], keeps: /^linux-image-\d/ },
};
/** Packages whose versions a person wants to know of. */
const tellsVersion = /^(qemu-system-x86|xen-hypervisor-[\d.]+-amd64|linux-image-\d\S*|busybox-static)$/;

/** What the record must have been made for; a pattern by its source, which JSON would leave out. */
const asked = JSON.stringify(trees, (_key, value) => (value instanceof RegExp ? value.source : value));

/** `{ folder, versions }`, where the folder has `host`, `dom0` and `kernel` in it. */
export async function ensureXenPackages() {
  const packages =
    recorded() ?? (await step('Fetching Xen, a kernel and QEMU from Debian, once', fetchPackages));
  markUsed(packages.folder);
  return packages;
}

function recorded() {
  if (!existsSync(record)) return undefined;
  const { asked: made, name, versions } = JSON.parse(readFileSync(record, 'utf8'));
  const folder = path.join(xenCache, name);
  return made === asked && existsSync(folder) ? { folder, versions } : undefined;
}

async function fetchPackages() {
  mkdirSync(xenCache, { recursive: true });
  const debs = new Debs(xenCache);
  await debs.update();
  const files = {};
  for (const [tree, { names, keeps }] of Object.entries(trees)) {
    files[tree] = (await debs.resolve(names)).filter((file) => keeps.test(file));
  }
  const names = Object.values(trees).flatMap((tree) => tree.names);
  await debs.download(names, (line) => /^(Need to get|Fetched) /.test(line) && say(`  ${line}`));

  const name = `packages-${hashOf(JSON.stringify(files))}`;
  const folder = path.join(xenCache, name);
  await filledOnce(folder, async (draft) => {
    for (const tree of Object.keys(trees)) await debs.unpack(files[tree], path.join(draft, tree));
  });
  const packages = Object.values(files).flat().map(packageOf);
  const versions = Object.fromEntries(
    packages.filter((one) => tellsVersion.test(one.name)).map((one) => [one.name, one.version]),
  );
  writeFileSync(`${record}.new`, JSON.stringify({ asked, name, versions }, null, 2));
  renameSync(`${record}.new`, record);
  removeUnused('packages-', folder);
  return { folder, versions };
}

export function hashOf(...contents) {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(content).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** The command that runs a program of a tree with the tree's own loader and libraries, whatever the machine has. */
export function commandIn(tree, program) {
  const libraries = ['lib', 'usr/lib'].map((folder) => path.join(tree, folder, 'x86_64-linux-gnu'));
  const loader = path.join(libraries[0], 'ld-linux-x86-64.so.2');
  return [
    loader,
    '--argv0',
    path.basename(program),
    '--library-path',
    libraries.join(':'),
    path.join(tree, program),
  ];
}

/** Runs such a program to its end. */
export async function runIn(tree, program, args) {
  const [loader, ...before] = commandIn(tree, program);
  const { code, output } = await run(loader, [...before, ...args]);
  if (code !== 0) throw new Told(`${path.basename(program)} failed:\n${output}`);
}
