/** The packaged extension in a VS Code that has nothing else: it installs, and it activates when it is needed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { noXenLibraries } from '../support/noXenLibraries';
import { root } from './artefacts';
import { testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { installedServer } from './serverProcess';
import { Xenscope } from './xenscope';

/** A program linked to libxenevtchn, as far as one needs no compiler: the loader finds the library by its name. */
const bindChannel = `
  const library = require(process.argv[1]).load('libxenevtchn.so.1');
  const open = library.func('void *xenevtchn_open(void *logger, unsigned int flags)');
  const bind = library.func('int xenevtchn_bind_unbound_port(void *handle, uint32_t domid)');
  console.log('the port ' + bind(open(null, 0), 0) + ' of alice');
`;

describe('the packaged extension', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor();

  it('is installed', () => {
    assert.match(installedServer(editor().vscode.extensions), /xenscope\.xenscope-[\d.]+/);
  });

  if (process.platform === 'linux') {
    it('finds its native parts where it was installed, and says what is off and what there is instead', async () => {
      const script = installedServer(editor().vscode.extensions);
      const told = await new Promise<string>((resolve) =>
        execFile(process.execPath, [script, 'doctor', 'host'], (_error, stdout) => resolve(stdout)),
      );
      assert.match(told, /^ +ok +koffi +\d/m);
      assert.match(told, /Off: this machine as a real host\.\s+The simulator shows all there is to see/);
    });

    it('says of each library of Xen that is not there what is off, and that nothing else is', async () => {
      const script = installedServer(editor().vscode.extensions);
      const { env, names, remove } = noXenLibraries();
      const told = await new Promise<string>((resolve) =>
        execFile(
          process.execPath,
          [script, 'doctor', 'host'],
          { env: { ...process.env, ...env } },
          (_error, stdout) => resolve(stdout),
        ),
      );
      remove();
      for (const name of names)
        assert.match(told, new RegExp(`^ +-- +${name} +The library ${name} cannot be loaded: `, 'm'));
      assert.match(told, /Off: grants: the rings of guests, and sharing pages\./);
      assert.match(told, /switches off what is said there, and nothing else\.\n$/);
    });
  }

  if (process.platform === 'linux') {
    it('runs programs in a world, through the libraries that it brings', async () => {
      const script = installedServer(editor().vscode.extensions);
      const dist = path.dirname(script);
      const runInWorld = (...command: string[]) =>
        new Promise<{ stdout: string; stderr: string }>((resolve) =>
          execFile(
            process.execPath,
            [script, 'run', '--serve', '--pace', '0', '-d', 'alice', '--', ...command],
            { timeout: 120_000 },
            (_error, stdout, stderr) => resolve({ stdout, stderr }),
          ),
        );
      const { stdout, stderr } = await runInWorld('xenstore-read', 'name');
      assert.equal(stdout, 'alice\n');
      if (!existsSync(path.join(root, 'dist', 'xensim'))) {
        assert.match(stderr, /built without a C compiler/);
        return;
      }
      assert.equal(stderr, '');
      const bound = await runInWorld(
        process.execPath,
        '-e',
        bindChannel,
        path.join(dist, 'node_modules', 'koffi', 'indirect.cjs'),
      );
      assert.match(bound.stdout, /^the port \d+ of alice\n$/, bound.stderr);
    });
  }

  it('activates when its view is opened, and says how long that took', async () => {
    const xenscope = new Xenscope(editor());
    await xenscope.open();
    await xenscope.workbench.command('Developer: Show Running Extensions');
    const row = xenscope.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'Xenscope' });
    const time = row.locator('.activation-time');
    await time.filter({ hasText: /Activation: \d+ms/ }).waitFor();
    console.log(`· ${(await time.textContent())?.trim()} for the extension, by VS Code's own clock`);
    assert.doesNotMatch((await time.textContent()) ?? '', /Startup/);
  });
});
