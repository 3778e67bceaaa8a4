// A real VS Code in the browser: the server (workbench and extension host) that the npm package
// code-server carries, started directly. docs/development.md tells what is left out and why.
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, createConnection } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, start, stop } from './processes.mjs';
import { step, Told } from './progress.mjs';
import { cacheFolder, manifest, npm } from './setup.mjs';
import { makeTemporary, removeTemporary } from './temporary.mjs';

/** code-server 4.N carries VS Code 1.N; this is the newest that runs on the Node that we ask for. */
const serverVersion = '4.100.3';
const serverNodeMajor = 20;
const serverNodeVersion = '20.20.2';
/** Raise it when the steps of the installation change, so that older ones are made anew. */
const recipe = 2;

const platform = process.platform === 'win32' ? 'win' : process.platform;
const startTimeoutMs = 60_000;

function onPath(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));
}

/** Fills a folder under another name first, so that an interrupted installation is never taken for a whole one. */
async function once(folder, fill) {
  if (existsSync(folder)) return;
  mkdirSync(cacheFolder, { recursive: true });
  const draft = mkdtempSync(join(cacheFolder, 'draft-'));
  try {
    await fill(draft);
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // Else somebody else was quicker.
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function must(result, what) {
  const { code, output } = await result;
  if (code !== 0) throw new Told(`${what} failed:\n${output}`);
}

/** The Node that runs the server: ours when its major fits, else one from npm. */
async function suitableNode() {
  if (Number(process.versions.node.split('.')[0]) === serverNodeMajor) return process.execPath;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(cacheFolder, `${name}-${serverNodeVersion}`);
  if (!existsSync(folder)) {
    await step(`Fetching Node ${serverNodeVersion} for the VS Code server`, () =>
      once(folder, (draft) =>
        must(
          npm([
            'install',
            '--prefix',
            draft,
            '--ignore-scripts',
            '--no-save',
            `${name}@${serverNodeVersion}`,
          ]),
          'npm',
        ),
      ),
    );
  }
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

async function fillServerFolder(draft, node) {
  await must(
    npm(['pack', '--silent', `code-server@${serverVersion}`], { cwd: draft }),
    'Fetching code-server',
  );
  const archive = `code-server-${serverVersion}.tgz`;
  await must(
    run('tar', ['xzf', archive, '--strip-components=3', 'package/lib/vscode'], { cwd: draft }),
    'Unpacking code-server',
  );
  rmSync(join(draft, archive));
  // Not `npm ci`: the package's own lock file lacks a peer, and npm 11 refuses it.
  const install = ['install', '--omit=dev', '--ignore-scripts', '--no-bin-links', '--no-save'];
  await must(npm(install, { cwd: draft }), 'Installing the packages of the VS Code server');

  // Quick Open and text search call ripgrep, which its package would download; take the system's.
  const ripgrep = onPath(process.platform === 'win32' ? 'rg.exe' : 'rg');
  if (ripgrep) {
    const bin = join(draft, 'node_modules', '@vscode', 'ripgrep', 'bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(ripgrep, join(bin, 'rg'));
  }
  copyFileSync(
    fileURLToPath(new URL('fileLogger.cjs', import.meta.url)),
    join(draft, 'node_modules', '@vscode', 'spdlog', 'index.js'),
  );
  // Ends an extension host that lost its server; we end the whole group anyway.
  writeFileSync(join(draft, 'node_modules', 'native-watchdog', 'index.js'), 'exports.start = () => {};\n');
  await compileTerminal(draft, node);
}

/** The terminal needs one native module. Without a compiler there is no terminal, and all else works. */
async function compileTerminal(draft, node) {
  if (!onPath('g++') || !onPath('make') || !onPath('python3')) return;
  const prefix = dirname(dirname(node));
  const headers = existsSync(join(prefix, 'include', 'node', 'node.h')) ? { npm_config_nodedir: prefix } : {};
  const env = { ...process.env, ...headers, npm_config_yes: 'false', npm_config_loglevel: 'error' };
  env.PATH = `${dirname(node)}${delimiter}${env.PATH}`;
  // Its own last script fails on a tool that it does not need once the module is there: judge by the module.
  await npm(['rebuild', 'node-pty'], { cwd: draft, env });
}

/** Installs the server when it is not there yet: `{ node, main, version }`. */
export async function ensureVscodeServer() {
  const node = await suitableNode();
  const name = `vscode-${serverVersion}-${platform}-${process.arch}-${recipe}`;
  const folder = join(cacheFolder, name);
  if (!existsSync(folder)) {
    for (const old of existsSync(cacheFolder) ? readdirSync(cacheFolder) : []) {
      if (/^(vscode-4|draft-)/.test(old)) rmSync(join(cacheFolder, old), { recursive: true, force: true });
    }
    await step('Installing VS Code for the browser, once', () =>
      once(folder, (draft) => fillServerFolder(draft, node)),
    );
  }
  return { node, main: join(folder, 'out', 'server-main.js'), version: serverVersion.replace(/^4/, '1') };
}

/** What the server and its extensions see of our environment: nothing of npm's, of another VS Code's, of Xen's. */
function smallEnvironment(home, temporary) {
  const { PATH, LANG, SystemRoot } = process.env;
  return {
    PATH,
    LANG: LANG ?? 'C.UTF-8',
    TMPDIR: temporary,
    HOME: home,
    ...(SystemRoot ? { SystemRoot, USERPROFILE: home, TEMP: temporary } : {}),
    EXTENSIONS_GALLERY: '{}', // No marketplace is asked for anything.
  };
}

/** A port that was free a moment ago. */
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const quietSettings = {
  'security.workspace.trust.enabled': false,
  'window.title': '${activeEditorShort}${separator}Xenscope',
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'git.enabled': false,
  'files.simpleDialog.enable': true,
};

/**
 * Installs a .vsix file in a folder of extensions, for those who start more than one VS Code with it: a copy of the
 * folder is as good as another installation.
 */
export async function installVsix(file, extensions) {
  const { node, main } = await ensureVscodeServer();
  const base = makeTemporary('install');
  try {
    const env = smallEnvironment(base, base);
    await install(node, main, [...foldersOf(base, extensions), ...quietOptions], env, file);
  } finally {
    removeTemporary(base);
  }
}

const quietOptions = ['--accept-server-license-terms', '--telemetry-level', 'off'];

function foldersOf(data, extensions) {
  return ['--server-data-dir', data, '--user-data-dir', data, '--extensions-dir', extensions];
}

async function install(node, main, common, env, file) {
  const args = [main, ...common, '--install-extension', file, '--force'];
  await must(run(node, args, { env }), `Installing ${file}`);
}

/**
 * Starts VS Code on loopback behind a random token, with everything that it writes in one new temporary folder, the
 * given .vsix files installed, and a copy of the extensions that are `installed` in another folder.
 */
export async function startVscode({
  vsix = [],
  installed,
  workspace,
  settings = {},
  port,
  environment = {},
}) {
  const { node, main, version } = await ensureVscodeServer();
  const base = makeTemporary('vscode');
  let child;
  const end = async () => {
    if (child) await stop(child);
    removeTemporary(base);
  };
  try {
    const folder = (name) => {
      mkdirSync(join(base, name), { recursive: true });
      return join(base, name);
    };
    const data = folder('data');
    const { ofPerson, ofMachine } = byOwner({ ...quietSettings, ...settings });
    for (const [owner, those] of Object.entries({ User: ofPerson, Machine: ofMachine })) {
      const file = join(folder(join('data', owner)), 'settings.json');
      writeFileSync(file, JSON.stringify(those, null, 2));
    }
    const extensions = folder('extensions');
    const env = { ...smallEnvironment(folder('home'), folder('tmp')), ...environment };
    const common = [...foldersOf(data, extensions), ...quietOptions];
    if (installed) cpSync(installed, extensions, { recursive: true });
    for (const file of vsix) await install(node, main, common, env, file);

    const token = randomBytes(16).toString('hex');
    const chosenPort = port ?? (await freePort());
    const address = ['--host', '127.0.0.1', '--port', String(chosenPort), '--connection-token', token];
    child = start(node, [main, ...common, ...address], { env });
    const log = await listening(child);
    const origin = `http://127.0.0.1:${chosenPort}`;
    return {
      origin,
      version,
      base,
      extensions,
      pid: child.pid,
      exited: new Promise((resolve) => child.once('exit', resolve)),
      log,
      url: (parameters = {}) =>
        `${origin}/?${new URLSearchParams({ tkn: token, ...(workspace ? { folder: workspace } : {}), ...parameters })}`,
      stop: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * VS Code takes settings of a machine from a file of their own. In that of a person it knows them for what they are
 * only once it knows our extension, and passes over them from then on.
 */
function byOwner(settings) {
  const { properties } = manifest.contributes.configuration;
  const isOfMachine = ([name]) => properties[name]?.scope?.startsWith('machine');
  const all = Object.entries(settings);
  return {
    ofPerson: Object.fromEntries(all.filter((one) => !isOfMachine(one))),
    ofMachine: Object.fromEntries(all.filter(isOfMachine)),
  };
}

/** Waits for the server's word that it listens; returns a function that tells its latest output. */
function listening(child) {
  const keptChars = 200_000;
  let log = '';
  return new Promise((resolve, reject) => {
    const give = (text) => {
      clearTimeout(limit);
      reject(new Told(`${text}:\n${log}`));
    };
    const limit = setTimeout(() => give('The VS Code server did not start'), startTimeoutMs);
    child.once('error', (error) => give(error.message));
    child.once('exit', (code) => give(`The VS Code server ended with status ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        log = (log + text).slice(-keptChars);
        if (!/agent listening/.test(log)) return;
        clearTimeout(limit);
        resolve(() => log);
      });
    }
  });
}

/** Whether something accepts connections on a loopback port. */
export function portIsTaken(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
