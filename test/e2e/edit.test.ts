/** Changing: each act by hand from the window, and Debian's tools see what it did. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useQuietTree } from './xenscope';

const step = { timeout: stepTimeoutMs };

describe('changing the store in VS Code', function () {
  this.timeout(testTimeoutMs);
  const { xenscope, shell } = useQuietTree();

  const reads = (path: string, value: string) =>
    eventually(`xenstore-read ${path} prints ${value}`, async () => (await shell().read(path)) === value);

  /** Chooses from the menu of a row what asks in a quick input. */
  const ask = (row: Locator, entry: string) =>
    xenscope().store.choose(row, entry, () => xenscope().workbench.quickInputBox.waitFor(step));

  it('edits a value in place', async () => {
    await shell().write('/edit/value', 'before');
    const row = await xenscope().goTo('/edit/value');
    await ask(row, 'Edit Value');
    await xenscope().workbench.answer('after');
    await reads('/edit/value', 'after');
    await xenscope()
      .description(row)
      .filter({ hasText: /^after$/ })
      .waitFor();
  });

  it('takes the last change back', async () => {
    await xenscope().workbench.command('Xenscope: Undo Last Change');
    await reads('/edit/value', 'before');
  });

  it('edits with F2', async () => {
    const row = await xenscope().goTo('/edit/value');
    await eventually('F2 asks for a value', async () => {
      await row.click(step);
      await xenscope().page.keyboard.press('F2');
      await xenscope().workbench.quickInputBox.waitFor(step);
      return true;
    });
    await xenscope().workbench.answer('by key');
    await reads('/edit/value', 'by key');
  });

  it('asks before it overwrites what came while one typed', async () => {
    await shell().write('/edit/value', 'seen');
    const row = await xenscope().goTo('/edit/value');
    await xenscope().description(row).filter({ hasText: 'seen' }).waitFor();
    await ask(row, 'Edit Value');
    await shell().write('/edit/value', 'theirs');
    await xenscope().workbench.answer('mine');
    const { dialog } = xenscope().workbench;
    await dialog.getByText('was changed meanwhile, from "seen" to "theirs"').waitFor();
    assert.equal(await shell().read('/edit/value'), 'theirs');
    await dialog.getByRole('button', { name: 'Overwrite' }).click();
    await reads('/edit/value', 'mine');
  });

  it('shows a value that is written as a link to a command as words', async () => {
    await shell().write('/edit/value', '[Free disk](command:workbench.action.quit)');
    await xenscope().workbench.command('Xenscope: Undo Last Change');
    const told = xenscope().workbench.notification('was written again');
    await told.filter({ hasText: '(command:workbench.action.quit)' }).waitFor();
    assert.equal(await told.locator('a', { hasText: 'Free disk' }).count(), 0, 'nothing to click on');
  });

  it('creates a child', async () => {
    if (await shell().exists('/edit/born')) await shell().run('rm', '/edit/born');
    const row = await xenscope().goTo('/edit');
    await ask(row, 'New Child');
    await xenscope().workbench.answer('born');
    await xenscope()
      .page.getByText(/Value of \/edit\/born/)
      .waitFor();
    await xenscope().workbench.answer('yes');
    await reads('/edit/born', 'yes');
    await xenscope().selectedNamed('born').waitFor();
  });

  it('refuses a name that cannot be one, while it is typed', async () => {
    const row = await xenscope().goTo('/edit');
    await ask(row, 'New Child');
    await xenscope().workbench.quickInputBox.fill('no spaces here');
    await xenscope()
      .workbench.quickInput.locator('.quick-input-message', { hasText: /letter|space|character/i })
      .waitFor();
    await xenscope().page.keyboard.press('Escape');
  });

  it('tells what goes before it deletes, and deletes', async () => {
    await shell().write('/edit/doomed/a/b', '1');
    await shell().write('/edit/doomed/c', '2');
    const row = await xenscope().goTo('/edit/doomed');
    const { dialog } = xenscope().workbench;
    const remove = () => xenscope().store.choose(row, 'Delete', () => dialog.waitFor(step));
    await remove();
    const text = (await dialog.textContent()) ?? '';
    assert.match(text, /\/edit\/doomed/);
    assert.match(text, /4 nodes|3 (nodes|children|others)/, `how many go: ${text}`);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await shell().read('/edit/doomed/c'), '2');

    await remove();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await eventually('the node is gone', async () => !(await shell().exists('/edit/doomed')));
    await row.waitFor({ state: 'detached' });
  });

  it('brings a deleted subtree back', async () => {
    await xenscope()
      .workbench.notification(/doomed/)
      .getByRole('button', { name: 'Undo' })
      .click();
    await reads('/edit/doomed/a/b', '1');
    await reads('/edit/doomed/c', '2');
  });
});
