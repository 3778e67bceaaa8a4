/** The packaged extension in a VS Code that has nothing else: it installs, and it activates when it is needed. */
import assert from 'node:assert/strict';
import { useEditor } from './host';
import { installedServer } from './serverProcess';
import { Xenscope } from './xenscope';

describe('the packaged extension', () => {
  const editor = useEditor();

  it('is installed', () => {
    assert.match(installedServer(editor().vscode.extensions), /xenscope\.xenscope-[\d.]+/);
  });

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
