/** Xenscope's own part of the window: its views, and the ways that a person takes through them. */
import type { Locator, Page } from 'playwright-core';
import { eventually, patienceMs, stepTimeoutMs, testTimeoutMs } from './eventually';
import { exactly } from './exactly';
import { useEditor } from './host';
import type { Editor } from './host';
import { XenstoreShell } from './shell';
import type { Tree } from './treeView';
import type { Workbench } from './workbench';

const views = ['Hosts', 'Xenstore', 'Rings', 'Devices', 'PV Calls', 'Watches'] as const;
const step = { timeout: stepTimeoutMs };
/** A server and a world begin meanwhile. */
const startTimeoutMs = 2 * patienceMs;

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
    await this.store.row('local', 1).waitFor({ timeout: startTimeoutMs });
  }

  /** Gives all the room to one view: rows that are not on screen cannot be found. */
  async showOnly(title: (typeof views)[number]): Promise<void> {
    for (const other of views) if (other !== title) await this.workbench.setOpen(other, false);
    await this.workbench.setOpen(title, true);
  }

  async openOnlyRings(): Promise<void> {
    await this.open();
    await this.showOnly('Rings');
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
    const name = path.slice(path.lastIndexOf('/') + 1);
    await eventually(`${path} is selected`, async () => {
      await this.workbench.ask('Xenscope: Go to Path…', path);
      await this.workbench.quickPickNamed(path).waitFor(step);
      await this.workbench.quickInputBox.press('Enter', step);
      await this.selectedNamed(name).waitFor(step);
      return true;
    });
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
    // A hover that was lost does not come, and a slow machine needs its time for one that was not.
    let patience = stepTimeoutMs / 8;
    return eventually(`a hover with ${text}`, async () => {
      patience = Math.min(2 * patience, stepTimeoutMs);
      await this.page.mouse.move(900, 600);
      await row.locator('.label-name').hover(step);
      await hover.waitFor({ timeout: patience });
      return (await hover.textContent(step))?.replaceAll('\u00a0', ' ');
    });
  }

  /** The value beside the name, with what it means. */
  description(row: Locator): Locator {
    return row.locator('.label-description');
  }

  /** ---- the world of the simulator ---------------------------------------------------------- */

  /** In the status bar, while the world is held. */
  get heldItem(): Locator {
    return this.workbench.statusItem(/^\s*held/);
  }

  /** Each of the two is offered in one state only. */
  async hold(): Promise<void> {
    await eventually('the world is held', async () => {
      if (await this.heldItem.isVisible()) return true;
      await this.workbench.command('Xenscope: Hold the World');
      await this.heldItem.waitFor(step);
      return true;
    });
  }

  async resume(): Promise<void> {
    await eventually('the world goes on', async () => {
      if (!(await this.heldItem.isVisible())) return true;
      await this.workbench.command('Xenscope: Resume the World');
      await this.heldItem.waitFor({ state: 'hidden', ...step });
      return true;
    });
  }

  /**
   * Does something while nothing in the world moves: rows that are drawn anew lose their hover, and move
   * away from under a click. However it ends the world goes on, and a second try finds it going.
   */
  async held<T>(act: () => Promise<T>): Promise<T> {
    await this.hold();
    try {
      return await act();
    } finally {
      await this.workbench.clear();
      await this.resume();
    }
  }

  /** A quick pick whose focus goes elsewhere is hidden: then it is asked for again. */
  async setFault(fault: string, often: string): Promise<void> {
    await eventually(
      `${fault} is ${often}`,
      async () => {
        await this.workbench.pick('Xenscope: Set a Fault…', fault, often);
        // A world in which things go wrong keeps the machine busy.
        await this.workbench
          .statusItem(`${fault}: ${often.toLowerCase()}`)
          .waitFor({ timeout: patienceMs / 2 });
        return true;
      },
      2 * patienceMs,
    );
  }

  /** The fault strikes always meanwhile, and never after, however that ends. */
  async withFault<T>(fault: string, act: () => Promise<T>): Promise<T> {
    await this.setFault(fault, 'Always');
    try {
      return await act();
    } finally {
      await this.setFault(fault, 'Off');
    }
  }

  /** A guest that is gone already, as where this is tried again, is not among those that are offered. */
  async destroyGuest(name: string): Promise<void> {
    const { workbench, page } = this;
    await eventually(`${name} is destroyed`, async () => {
      await workbench.clear();
      await workbench.command('Xenscope: Destroy Guest…');
      await workbench.quickInput.getByText('Destroy: which guest?').waitFor(step);
      await workbench.quickPick('running').waitFor(step);
      await workbench.quickInputBox.fill(name, step);
      const guest = workbench.quickPickNamed(name);
      const isThere = await guest.waitFor(step).then(
        () => true,
        () => false,
      );
      if (!isThere) return page.keyboard.press('Escape').then(() => true);
      await guest.click(step);
      await workbench.dialog.getByRole('button', { name: 'Destroy' }).click(step);
      return true;
    });
  }

  async startGuest(name: string): Promise<void> {
    await this.workbench.askAndPick('Xenscope: Start Guest…', name, name);
  }
}

/** VS Code with the tree of a simulator in which nothing moves by itself, and a shell on the same store. */
export function useQuietTree(): { readonly xenscope: () => Xenscope; readonly shell: () => XenstoreShell } {
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 0 } });
  let xenscope: Xenscope;
  let shell: XenstoreShell;
  before(async function () {
    this.timeout(testTimeoutMs);
    xenscope = new Xenscope(editor());
    await xenscope.open();
    shell = await xenscope.shell();
  });
  return { xenscope: () => xenscope, shell: () => shell };
}
