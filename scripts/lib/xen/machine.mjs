// The machine that the tests of a real Xen run in: made once and kept in the cache, until its
// packages, the files of `test/xen/machine` or Node change.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { whyNotDebian12 } from '../debian.mjs';
import { run } from '../processes.mjs';
import { step, Told } from '../progress.mjs';
import { filledOnce, markUsed, removeUnused } from './cache.mjs';
import { machineFiles, makeImages } from './images.mjs';
import { commandIn, ensureXenPackages, hashOf, xenCache } from './packages.mjs';

/** Raise it when images are made in another way, so that older ones are made anew. */
const recipe = 5;

/** One sentence that says why the machine cannot be made here; undefined where it can. */
export async function whyNoMachine() {
  // Others that have apt, and other releases, have packages of other names and versions.
  const needs = 'A real Xen is emulated from the packages of Debian 12 on x86-64';
  const other = whyNotDebian12();
  if (other) return `${needs}, and ${other}`;
  for (const program of ['apt-get', 'dpkg', 'setpriv', 'nice']) {
    const { code } = await run(program, ['--version']);
    if (code === 127) return `${needs}; ${program} is not on the PATH`;
  }
  return undefined;
}

/** `{ folder, packages, versions }`: where the images and the unpacked packages are. */
export async function ensureMachine() {
  const why = await whyNoMachine();
  if (why) throw new Told(`${why}.`);
  const { folder: packages, versions } = await ensureXenPackages();
  const files = readdirSync(machineFiles).sort();
  const texts = files.map((file) => readFileSync(path.join(machineFiles, file)));
  const node = readFileSync(process.execPath);
  const name = `machine-${hashOf(String(recipe), path.basename(packages), ...files, ...texts, node)}`;
  const folder = path.join(xenCache, name);
  if (!existsSync(folder)) {
    await nodeFits(packages);
    await step('Making the images of Xen, dom0 and a guest', () =>
      filledOnce(folder, (draft) => makeImages({ packages, node: process.execPath, folder: draft })),
    );
    removeUnused('machine-', folder);
  }
  markUsed(folder);
  return { folder, packages, versions };
}

/** dom0 has the libraries of its Debian and no others. */
async function nodeFits(packages) {
  const [loader, ...args] = commandIn(path.join(packages, 'dom0'), process.execPath);
  args[args.length - 1] = process.execPath;
  const { code, output } = await run(loader, [...args, '--version']);
  if (code !== 0) throw new Told(`This Node does not run on the libraries of dom0's Debian:\n${output}`);
}
