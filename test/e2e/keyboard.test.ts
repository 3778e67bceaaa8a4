/** The tree without a mouse: find it, walk it, change a value, and come back. */
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { exactly } from './exactly';
import { useQuietTree } from './xenscope';

const step = { timeout: stepTimeoutMs };

describe('the tree by keyboard alone', function () {
  this.timeout(testTimeoutMs);
  const { xenscope, shell } = useQuietTree();

  before(async () => {
    await xenscope().page.mouse.move(900, 600);
  });

  const press = (key: string) => xenscope().page.keyboard.press(key);
  const focused = (name: string) =>
    xenscope()
      .store.pane.locator('.monaco-list:focus-within .monaco-list-row.focused')
      .filter({ has: xenscope().page.locator('.label-name', { hasText: exactly(name) }) });

  const focusedIndex = () =>
    xenscope()
      .store.pane.locator('.monaco-list:focus-within .monaco-list-row.focused')
      .getAttribute('data-index', step);

  async function commandByKeys(title: string): Promise<void> {
    const chosen = xenscope()
      .workbench.quickInput.locator('.monaco-list-row.focused')
      .filter({ has: xenscope().page.getByText(title, { exact: true }) });
    // The palette is hidden where the focus goes elsewhere; what was typed into it stays in it.
    await eventually(`the palette offers ${title}`, async () => {
      await xenscope().workbench.clear();
      await press('F1');
      await xenscope().workbench.quickInputBox.waitFor(step);
      await xenscope().page.keyboard.type(title);
      await chosen.waitFor(step);
      return true;
    });
    await press('Enter');
  }

  /** Moves the focus down to a name among those that follow. */
  async function downTo(name: string): Promise<void> {
    await eventually(`the focus reaches ${name}`, async () => {
      if (await focused(name).isVisible()) return true;
      const from = await focusedIndex();
      await press('ArrowDown');
      // The next key only when the one before has done its work: there is no way back.
      await eventually('the focus moves', async () => (await focusedIndex()) !== from, stepTimeoutMs);
      return false;
    });
  }

  /** Opens the focused row, and waits until what it holds is there. On an open one the key goes on to its first child. */
  async function open(name: string, childLevel: number): Promise<void> {
    await focused(name).waitFor();
    if (!(await focused(name).and(xenscope().page.locator('[aria-expanded=true]')).isVisible()))
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
    await eventually('F2 asks for a value', async () => {
      await press('F2');
      await xenscope().workbench.quickInputBox.waitFor(step);
      return true;
    });
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
    await focused('0').and(xenscope().page.locator('[aria-label*="has children"]')).waitFor();
  });
});
