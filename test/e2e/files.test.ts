/** Values as files: open, edit, save, and follow what others write. */
import { eventually, patienceMs, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useQuietTree } from './xenscope';

describe('values as files in VS Code', function () {
  this.timeout(testTimeoutMs);
  const { xenscope, shell } = useQuietTree();

  const shows = (text: string, timeout = patienceMs) =>
    xenscope().workbench.editor.locator('.view-lines', { hasText: text }).waitFor({ timeout });

  /** Types a new text over all of the editor, which shows the old one, until it is there, and saves. */
  async function save(old: string, text: string): Promise<void> {
    const { workbench, page } = xenscope();
    await shows(old);
    await eventually(`${text} is typed`, async () => {
      await workbench.editor.locator('.view-lines').click({ timeout: stepTimeoutMs });
      await page.keyboard.press('Control+A');
      await page.keyboard.type(text);
      await shows(text, stepTimeoutMs);
      return true;
    });
    await page.keyboard.press('Control+S');
  }

  it('opens a value, and a save is seen by xenstore-read', async () => {
    await shell().write('/files/note', 'as it was');
    const row = await xenscope().goTo('/files/note');
    await xenscope().store.choose(row, 'Open Value as Text');
    await save('as it was', 'written in the editor');
    await eventually(
      'xenstore-read prints what was saved',
      async () => (await shell().read('/files/note')) === 'written in the editor',
    );
    await xenscope().workbench.page.locator('.tab.active:not(.dirty)').waitFor();
  });

  it('shows what others write in the open editor', async () => {
    let times = 0;
    // VS Code passes over what others write in the moment in which it saves.
    await eventually('it is shown', async () => {
      const text = `from outside, ${++times}`;
      await shell().write('/files/note', text);
      await shows(text, stepTimeoutMs);
      return true;
    });
  });

  it('opens a value of octets as hex, and saves it', async () => {
    await shell().run('write', '/files/octets', 'a\\x01\\xffb');
    const row = await xenscope().goTo('/files/octets');
    await xenscope().store.choose(row, 'Edit Value');
    await save('61 01 ff 62', '61 02 ff 62');
    await eventually(
      'xenstore-read prints the new octets',
      async () => (await shell().read('/files/octets')) === 'a\\002\\xffb',
    );
  });
});
