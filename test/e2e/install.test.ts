/** The packaged extension in a VS Code that has nothing else: it installs, and it activates when it is needed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { useEditor } from './host';
import { installedServer } from './serverProcess';
import { Xenscope } from './xenscope';

describe('the packaged extension', () => {
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
