/** Values as files: open, edit, save, and follow what others write. */
import { eventually } from './eventually';
import { useQuietTree } from './xenscope';

describe('values as files in VS Code', () => {
  const { xenscope, shell } = useQuietTree();

  const shows = (text: string) =>
    xenscope().workbench.editor.locator('.view-lines', { hasText: text }).waitFor();

  it('opens a value, and a save is seen by xenstore-read', async () => {
    await shell().write('/files/note', 'as it was');
    const row = await xenscope().goTo('/files/note');
    await xenscope().store.choose(row, 'Open Value as Text');
    await shows('as it was');
    await xenscope().workbench.editor.locator('.view-lines').click();
    await xenscope().page.keyboard.press('Control+A');
    await xenscope().page.keyboard.type('written in the editor');
    await xenscope().page.keyboard.press('Control+S');
    await eventually(
      'xenstore-read prints what was saved',
      async () => (await shell().read('/files/note')) === 'written in the editor',
    );
    await xenscope().workbench.page.locator('.tab.active:not(.dirty)').waitFor();
  });

  it('shows what others write in the open editor', async () => {
    await shell().write('/files/note', 'from outside');
    await shows('from outside');
  });

  it('opens a value of octets as hex, and saves it', async () => {
    await shell().run('write', '/files/octets', 'a\\x01\\xffb');
    const row = await xenscope().goTo('/files/octets');
    await xenscope().store.choose(row, 'Edit Value');
    await shows('61 01 ff 62');
    const hex = xenscope().workbench.editor.locator('.view-line', { hasText: '61 01 ff 62' });
    await hex.click();
    await xenscope().page.keyboard.press('Control+A');
    await xenscope().page.keyboard.type('61 02 ff 62');
    await xenscope().page.keyboard.press('Control+S');
    await eventually(
      'xenstore-read prints the new octets',
      async () => (await shell().read('/files/octets')) === 'a\\002\\xffb',
    );
  });
});
