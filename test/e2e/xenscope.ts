/** Xenscope's own part of the window: its views, and the ways that a person takes through them. */
import type { Locator, Page } from 'playwright-core';
import { eventually } from './eventually';
import { useEditor } from './host';
import type { Editor } from './host';
import { XenstoreShell } from './shell';
import { exactly, type Tree, type Workbench } from './workbench';

export class Xenscope {
  readonly workbench: Workbench;
  readonly page: Page;
  readonly hosts: Tree;
  readonly store: Tree;
  readonly watches: Tree;

  constructor(readonly editor: Editor) {
    this.workbench = editor.workbench;
    this.page = editor.workbench.page;
    this.hosts = this.workbench.tree('Hosts');
    this.store = this.workbench.tree('Xenstore');
    this.watches = this.workbench.tree('Watches');
  }

  /** Shows the views and waits for the first rows of the tree. */
  async open(): Promise<void> {
    await this.workbench.openContainer('Xenscope');
    // A server and a world begin meanwhile, on a machine that others keep busy.
    await this.store.row('local', 1).waitFor({ timeout: 60_000 });
  }

  /** Gives all the room to the view “Rings”: rows that are not on screen cannot be found. */
  async openOnlyRings(): Promise<void> {
    await this.open();
    for (const title of ['Hosts', 'Xenstore', 'Watches']) {
      await this.workbench.pane(title).locator('.pane-header').click();
    }
    await this.workbench.tree('Rings').rows.first().waitFor();
  }

  /** A shell whose xenstore tools talk to the host that is shown. */
  async shell(): Promise<XenstoreShell> {
    return new XenstoreShell(await this.socketPath());
  }

  /** As a person gets it: the line for a terminal, from the clipboard. */
  async socketPath(): Promise<string> {
    await this.page.evaluate(() => navigator.clipboard.writeText(''));
    await this.workbench.command('Xenscope: Copy XENSTORED_PATH Line');
    return eventually('the line with XENSTORED_PATH is in the clipboard', async () => {
      const line = await this.clipboard();
      return /^export XENSTORED_PATH='(.+)'$/.exec(line)?.[1];
    });
  }

  clipboard(): Promise<string> {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  /** Goes to a path by the palette and returns its row, which is then selected. */
  async goTo(path: string): Promise<Locator> {
    await this.workbench.ask('Xenscope: Go to Path…', path);
    await this.workbench.quickPickNamed(path).waitFor();
    await this.page.keyboard.press('Enter');
    const name = path.slice(path.lastIndexOf('/') + 1);
    await this.selectedNamed(name).waitFor();
    return this.store.row(name, path.split('/').length - 1);
  }

  /** The selected row, when it is one of this name. */
  selectedNamed(name: string): Locator {
    return this.store.pane
      .locator('[role=treeitem][aria-selected=true]')
      .filter({ has: this.page.locator('.label-name', { hasText: exactly(name) }) });
  }

  /** Rests the mouse on a row until its hover shows the text; a row that is drawn again loses its hover. */
  async hover(row: Locator, text: string): Promise<string> {
    const hover = this.workbench.hover.filter({ hasText: text });
    return eventually(`a hover with ${text}`, async () => {
      await this.page.mouse.move(900, 600);
      await row.locator('.label-name').hover();
      await hover.waitFor({ timeout: 3000 });
      return (await hover.textContent())?.replaceAll('\u00a0', ' ');
    });
  }

  /** The value beside the name, with what it means. */
  description(row: Locator): Locator {
    return row.locator('.label-description');
  }
}

/** VS Code with the tree of a simulator in which nothing moves by itself, and a shell on the same store. */
export function useQuietTree(): { readonly xenscope: () => Xenscope; readonly shell: () => XenstoreShell } {
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 0 } });
  let xenscope: Xenscope;
  let shell: XenstoreShell;
  before(async function () {
    this.timeout(60_000);
    xenscope = new Xenscope(editor());
    await xenscope.open();
    shell = await xenscope.shell();
  });
  return { xenscope: () => xenscope, shell: () => shell };
}
