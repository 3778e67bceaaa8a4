/** The tree without a mouse: find it, walk it, change a value, and come back. */
import { eventually } from './eventually';
import { exactly } from './exactly';
import { useQuietTree } from './xenscope';

describe('the tree by keyboard alone', () => {
  const { xenscope, shell } = useQuietTree();

  before(async function () {
    this.timeout(60_000);
    await xenscope().page.mouse.move(900, 600);
  });

  const press = (key: string) => xenscope().page.keyboard.press(key);
  const focused = (name: string) =>
    xenscope()
      .store.pane.locator('.monaco-list:focus-within .monaco-list-row.focused')
      .filter({ has: xenscope().page.locator('.label-name', { hasText: exactly(name) }) });

  async function commandByKeys(title: string): Promise<void> {
    await press('F1');
    await xenscope().workbench.quickInputBox.waitFor();
    await xenscope().page.keyboard.type(title);
    await xenscope()
      .workbench.quickInput.locator('.monaco-list-row.focused')
      .filter({ has: xenscope().page.getByText(title, { exact: true }) })
      .waitFor();
    await press('Enter');
  }

  /** Moves the focus down to a name among those that follow. */
  async function downTo(name: string): Promise<void> {
    await eventually(`the focus reaches ${name}`, async () => {
      if (await focused(name).isVisible()) return true;
      await press('ArrowDown');
      return false;
    });
  }

  /** Opens the focused row, and waits until what it holds is there. */
  async function open(name: string, childLevel: number): Promise<void> {
    await focused(name).waitFor();
    await press('ArrowRight');
    await xenscope().store.pane.locator(`[role=treeitem][aria-level="${childLevel}"]`).first().waitFor();
  }

  it('walks to a node, level by level', async () => {
    await commandByKeys('Xenscope: Focus on Xenstore View');
    await xenscope().store.pane.locator('.monaco-list:focus-within').waitFor();
    await press('Home');
    for (const [index, name] of ['local', 'domain', '0'].entries()) {
      await downTo(name);
      await open(name, index + 2);
    }
    await downTo('name');
  });

  it('changes the value there and is back on the row', async () => {
    await press('Enter');
    await press('F2');
    await xenscope().workbench.quickInputBox.waitFor();
    await press('Control+A');
    await xenscope().page.keyboard.type('Typed');
    await press('Enter');
    // What is domain 0's own may ask for a confirmation first; its first button agrees.
    await eventually('xenstore-read prints it', async () => {
      if (await xenscope().workbench.dialog.isVisible()) await press('Enter');
      return (await shell().read('/local/domain/0/name')) === 'Typed';
    });
    await focused('name').waitFor();
  });

  it('closes the branch from inside', async () => {
    await press('ArrowLeft');
    await focused('0').waitFor();
    await press('ArrowLeft');
    await focused('0').and(xenscope().page.locator('[aria-expanded=false]')).waitFor();
  });

  it('speaks each row to a screen reader', async () => {
    const label = await focused('0').getAttribute('aria-label');
    if (!label?.includes('has children')) throw new Error(`the row says only: ${label}`);
  });
});
