// `npm start`: sets up, builds, and shows the simulator's xenstore in a real VS Code: the person's
// own when `code` is on PATH, else one in the browser.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowserEditor, portOption } from './lib/browserEditor.mjs';
import { makeDemoFolder } from './lib/demo.mjs';
import { isRoot } from './lib/debian.mjs';
import { endWithChildren, run } from './lib/processes.mjs';
import { main, say, Told } from './lib/progress.mjs';
import { root, setUp } from './lib/setup.mjs';
import { currentVsix } from './lib/vsix.mjs';

const usage = `npm start [-- options]
  --browser   use VS Code in the browser even when \`code\` is on PATH
  --port N    port of VS Code in the browser (any free one otherwise)
  --check     start, see that the page answers, and end`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        browser: { type: 'boolean', default: false },
        port: { type: 'string' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return { ...values, port: portOption(values.port) };
  } catch (error) {
    throw new Told(`${error.message}\n\n${usage}`);
  }
}

/** How the person's own VS Code can be used: from this folder, by installing the package, or not. */
async function ownEditor() {
  const windows = process.platform === 'win32';
  const { code } = await run('code', ['--version'], { shell: windows, timeoutMs: 30_000 });
  if (code !== 0) return 'none';
  // Inside a remote session or WSL, `code` only passes requests on to the window.
  if (process.env.VSCODE_IPC_HOOK_CLI || process.env.WSL_DISTRO_NAME) return 'remote';
  const hasScreen = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  // As root VS Code refuses to open a window; without a screen it cannot.
  return hasScreen && !isRoot ? 'desktop' : 'none';
}

async function code(args) {
  const { code: status, output } = await run('code', args, { shell: process.platform === 'win32' });
  if (status !== 0) throw new Told(`VS Code could not be opened:\n${output}`);
}

async function openOwnEditor(kind) {
  const demo = makeDemoFolder();
  if (kind === 'desktop') {
    await code(['--new-window', `--extensionDevelopmentPath=${root}`, demo]);
    say(
      '\nVS Code opens a new window with Xenscope in it; your other windows and settings stay as they are.',
    );
  } else {
    await code(['--install-extension', await currentVsix(), '--force']);
    await code(['--new-window', demo]);
    say('\nXenscope is installed where your VS Code works, and a new window opens.');
    say('To remove it again: code --uninstall-extension xenscope.xenscope');
  }
  say('Click the Xenscope icon in the bar on the left, if its tree does not show by itself.');
}

// Ctrl-C is how one ends it, so it is no failure.
endWithChildren(0);
await main(async () => {
  const options = readOptions();
  if (options.help) return say(usage);
  await setUp();
  if (!existsSync(path.join(root, 'dist', 'extension.cjs'))) throw new Told('The build left no extension.');
  const kind = options.browser || options.check || options.port ? 'none' : await ownEditor();
  if (kind === 'none') await openBrowserEditor({ ...options, workspace: makeDemoFolder() });
  else await openOwnEditor(kind);
});
