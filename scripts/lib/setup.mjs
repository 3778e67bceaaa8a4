// Brings a fresh checkout to the point where its own tools run: packages from the lock file, then a
// build. Uses Node's own modules only. What is up to date already is left alone.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCompiler } from './compiler.mjs';
import { run } from './processes.mjs';
import { say, step, Told } from './progress.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const cacheFolder = path.join(root, '.cache');
export const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** The hash of what dist/ was built from. */
export const buildStamp = path.join(root, 'dist', '.sources');
const builtFrom = [
  ...['server', 'native', 'extension', 'webview', 'package.json'],
  ...['scripts/build.mjs', 'scripts/lib/xensim.mjs', 'scripts/lib/compiler.mjs'],
];

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Told(
    `Xenscope needs Node 20.19 or newer, and this is ${process.versions.node}: install a newer one and try again.`,
  );
}

/** npm as a program that can be started without a shell on every system. */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath;
  const env = { ...process.env, npm_config_loglevel: 'error', npm_config_update_notifier: 'false' };
  if (cli && /\.c?js$/.test(cli)) return run(process.execPath, [cli, ...args], { env, ...options });
  const shell = process.platform === 'win32';
  return run(shell ? 'npm.cmd' : 'npm', args, { env, shell, ...options });
}

/** Whether what npm recorded of the last install is what the lock file asks for. */
function packagesAreCurrent() {
  try {
    const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
    const record = path.join(root, 'node_modules', '.package-lock.json');
    const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
    return Object.entries(wanted).every(([folder, { version, optional, peer }]) => {
      if (folder === '') return true;
      const found = installed[folder];
      return found ? found.version === version : Boolean(optional || peer);
    });
  } catch {
    return false; // Not installed yet, or interrupted while it was.
  }
}

export async function ensurePackages() {
  if (packagesAreCurrent()) return;
  await step('Installing the packages of the lock file', async () => {
    const { code, output } = await npm(['ci', '--ignore-scripts'], { cwd: root });
    if (code !== 0) throw new Told(`npm ci failed:\n${output}`);
  });
}

function* filesUnder(place) {
  const full = path.join(root, place);
  if (!existsSync(full)) return;
  if (!/\.\w+$/.test(place)) {
    const entries = readdirSync(full, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isDirectory() || entry.isFile()) yield* filesUnder(`${place}/${entry.name}`);
    }
  } else {
    yield place;
  }
}

/** Of all that dist/ is made from, and of whether there is a C compiler: one that comes later has work to do. */
export function sourcesHash() {
  const hash = createHash('sha256');
  hash.update(findCompiler().command ? 'with C\0' : 'without C\0');
  for (const place of builtFrom) {
    for (const file of filesUnder(place)) {
      hash.update(`${file}\0`).update(readFileSync(path.join(root, file)));
    }
  }
  return hash.digest('hex');
}

/** Builds unless dist/ comes from exactly these sources. */
export async function ensureBuilt() {
  const hash = sourcesHash();
  if (existsSync(buildStamp) && readFileSync(buildStamp, 'utf8') === hash) return;
  let told = '';
  await step('Building', async () => {
    const { code, output } = await run(process.execPath, ['scripts/build.mjs'], { cwd: root });
    if (code !== 0) throw new Told(`The build failed:\n${output}`);
    told = output.trim();
    mkdirSync(path.dirname(buildStamp), { recursive: true });
    writeFileSync(buildStamp, hash);
  });
  // What it does without.
  if (told !== '') say(told);
}

export async function setUp() {
  requireNode();
  await ensurePackages();
  await ensureBuilt();
}
