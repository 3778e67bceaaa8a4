/** VS Code's window as a person uses it: commands, trees, menus, inputs, editors, notifications. */
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { eventually } from './eventually';

export function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}

const startTimeoutMs = 60_000;
const paletteTimeoutMs = 5_000;
const menuTimeoutMs = 5_000;

async function boxOf(part: Locator) {
  const box = await part.boundingBox();
  if (!box) throw new Error(`${String(part)} is not on screen`);
  return box;
}

export class Workbench {
  constructor(readonly page: Page) {}

  async ready(): Promise<void> {
    const bar = this.page.locator('.monaco-workbench .activitybar .action-item').first();
    await bar.waitFor({ timeout: startTimeoutMs });
    await this.page.locator('.monaco-workbench .statusbar').waitFor();
  }

  /** ---- the palette and the quick input ---------------------------------------------------- */

  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }

  get quickInputBox(): Locator {
    return this.quickInput.locator('input').first();
  }

  quickPick(text: string | RegExp): Locator {
    return this.quickInput.locator('.monaco-list-row').filter({ hasText: text }).first();
  }

  /** The entry with exactly this label. */
  quickPickNamed(label: string): Locator {
    const name = this.page.locator('.label-name', { hasText: exactly(label) });
    return this.quickInput.locator('.monaco-list-row').filter({ has: name }).first();
  }

  /** Runs a command by the title that the palette shows; asks again when something else took the focus from it. */
  async command(title: string): Promise<void> {
    const row = this.quickInput
      .locator('.monaco-list-row')
      .filter({ has: this.page.getByText(title, { exact: true }) })
      .first();
    await eventually(`the palette runs ${title}`, async () => {
      await this.page.keyboard.press('F1');
      await this.quickInputBox.fill(`>${title}`, { timeout: paletteTimeoutMs });
      await row.click({ timeout: paletteTimeoutMs });
      return true;
    });
  }

  /**
   * Runs a command that asks in a quick input, and types there. VS Code hides a quick input whose
   * focus goes elsewhere, which on a busy machine can be the palette's own closing: then ask again.
   */
  async ask(title: string, text: string): Promise<void> {
    await eventually(`${title} takes ${text}`, async () => {
      await this.command(title);
      await this.quickInput.getByText(title, { exact: true }).waitFor({ state: 'hidden' });
      await this.quickInputBox.fill(text, { timeout: paletteTimeoutMs });
      return (await this.quickInputBox.inputValue({ timeout: paletteTimeoutMs })) === text;
    });
  }

  /** Types into the quick input that is open and accepts. */
  async answer(text: string): Promise<void> {
    await this.quickInputBox.waitFor();
    await this.quickInputBox.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** ---- views ------------------------------------------------------------------------------- */

  async openContainer(title: string): Promise<void> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name: title });
    await tab.waitFor();
    if ((await tab.getAttribute('aria-expanded')) !== 'true') await tab.click();
  }

  /** A view's pane by its title. */
  pane(title: string): Locator {
    return this.page.locator('.pane').filter({ has: this.page.locator('.pane-header', { hasText: title }) });
  }

  tree(title: string): Tree {
    return new Tree(this, this.pane(title));
  }

  /** ---- the rest of the window -------------------------------------------------------------- */

  get menu(): Locator {
    return this.page.locator('.context-view .monaco-menu:visible, .monaco-menu-container:visible').last();
  }

  menuItem(title: string | RegExp): Locator {
    return this.page.locator('.monaco-menu .action-item:visible').filter({ hasText: title }).first();
  }

  notification(text: string | RegExp): Locator {
    return this.page
      .locator('.notifications-toasts .notification-list-item')
      .filter({ hasText: text })
      .first();
  }

  /** VS Code's own modal question. */
  get dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  statusItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar .statusbar-item').filter({ hasText: text }).first();
  }

  get editor(): Locator {
    return this.page.locator('.editor-instance .monaco-editor').first();
  }

  get hover(): Locator {
    return this.page.locator('.monaco-hover:visible, .workbench-hover:visible').last();
  }

  /** The page of the panel in front: those behind it are still there. */
  get panel(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready:visible').last().frameLocator('iframe#active-frame');
  }

  /** Drags the edge of the side bar until it is so wide. */
  async widenSideBar(width: number): Promise<void> {
    const box = await boxOf(this.page.locator('.part.sidebar'));
    await this.drag(box.x + box.width, box.y + box.height / 2, box.x + width, box.y + box.height / 2);
  }

  /** Drags the lower edge of a view until it is so high. */
  async shrinkView(title: string, height: number): Promise<void> {
    const box = await boxOf(this.pane(title));
    await this.drag(box.x + 20, box.y + box.height, box.x + 20, box.y + height);
  }

  private async drag(fromX: number, fromY: number, toX: number, toY: number): Promise<void> {
    await this.page.mouse.move(fromX, fromY);
    await this.page.mouse.down();
    await this.page.mouse.move(toX, toY, { steps: 5 });
    await this.page.mouse.up();
  }

  /** Nothing floats over the window: no hover, no notification, no passing word in the status bar. */
  async quiet(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
    let x = 700;
    await eventually('no hover is left', async () => {
      await this.page.mouse.move((x += 5), 15);
      return !(await this.hover.isVisible());
    });
    await this.statusItem('Copied').waitFor({ state: 'hidden' });
  }

  async setTheme(name: string): Promise<void> {
    await this.ask('Preferences: Color Theme', name);
    await this.quickPick(name).click();
    await this.quickInput.waitFor({ state: 'hidden' });
  }
}

/** A tree view. Rows are known by the name at their left, and by their level (1 is outermost). */
export class Tree {
  constructor(
    private readonly workbench: Workbench,
    readonly pane: Locator,
  ) {}

  get rows(): Locator {
    return this.pane.getByRole('treeitem');
  }

  row(name: string, level?: number): Locator {
    const rows = this.pane
      .locator(level === undefined ? '[role=treeitem]' : `[role=treeitem][aria-level="${level}"]`)
      .filter({ has: this.workbench.page.locator('.label-name', { hasText: exactly(name) }) });
    return rows.first();
  }

  async isExpanded(row: Locator): Promise<boolean> {
    return (await row.getAttribute('aria-expanded')) === 'true';
  }

  async expand(row: Locator): Promise<void> {
    await row.waitFor();
    if (!(await this.isExpanded(row))) await row.locator('.monaco-tl-twistie').click();
    await this.workbench.page.waitForFunction(
      (element) => element?.getAttribute('aria-expanded') === 'true',
      await row.elementHandle(),
    );
  }

  /** Opens one level after the other: `open('local', 'domain', '0')`. */
  async open(...names: string[]): Promise<Locator> {
    let row = this.row(names[0]!, 1);
    for (const [index, name] of names.entries()) {
      row = this.row(name, index + 1);
      await this.expand(row);
    }
    return row;
  }

  /** Scrolls to the first row and leaves the focus there; what is selected stays so. */
  async scrollToTop(): Promise<void> {
    await this.pane.locator('.monaco-list').focus();
    await this.workbench.page.keyboard.press('Home');
  }

  /**
   * Chooses an entry of the row's context menu. VS Code closes a menu whose focus goes elsewhere, as
   * when a view is drawn anew or a notification comes: then it is opened again, as a person would.
   */
  async choose(row: Locator, title: string | RegExp): Promise<void> {
    const entry = this.workbench.menuItem(title);
    let tries = 0;
    await eventually(`the menu has ${title}`, async () => {
      // Not at first: with no menu open it would take away what is selected.
      if (tries++ > 0) await this.workbench.page.keyboard.press('Escape');
      await row.click({ button: 'right', timeout: menuTimeoutMs });
      // A menu takes no click in its first moments, so that the one that opened it does not choose.
      await entry.hover({ timeout: menuTimeoutMs });
      return true;
    });
    await this.workbench.page.keyboard.press('Enter');
    await entry.waitFor({ state: 'hidden' });
  }
}
