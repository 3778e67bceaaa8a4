/** VS Code's window as a person uses it: commands, trees, menus, inputs, editors, notifications. */
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { eventually, stepTimeoutMs } from './eventually';
import { exactly } from './exactly';
import { Tree } from './treeView';

const startTimeoutMs = 120_000;
const step = { timeout: stepTimeoutMs };
/** To within so many pixels edges are where they were dragged to: views have lowest heights, and rows. */
const dragTolerance = 20;

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
    await this.page.locator('.monaco-workbench .statusbar').waitFor({ timeout: startTimeoutMs });
  }

  /** Loads the window anew, and waits until it is there. */
  async reload(): Promise<void> {
    await this.page.evaluate('window.isOld = true');
    await this.command('Developer: Reload Window');
    await eventually('the window is another one', async () => !(await this.page.evaluate('window.isOld')));
    await this.ready();
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
      await this.quickInputBox.fill(`>${title}`, step);
      await row.click(step);
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
      await this.quickInput.getByText(title, { exact: true }).waitFor({ state: 'hidden', ...step });
      return this.type(text);
    });
  }

  /** The same, and chooses one of what is offered then. */
  async askAndPick(title: string, text: string, choice: string | RegExp): Promise<void> {
    await eventually(`${title} offers ${choice} for ${text}`, async () => {
      await this.ask(title, text);
      const entry = typeof choice === 'string' ? this.quickPickNamed(choice) : this.quickPick(choice);
      await entry.click(step);
      return true;
    });
  }

  /** Runs a command, and chooses from one list after the other. */
  async pick(title: string, ...choices: string[]): Promise<void> {
    await eventually(`${title} takes ${choices.join(', ')}`, async () => {
      await this.command(title);
      await this.quickInput.getByText(title, { exact: true }).waitFor({ state: 'hidden', ...step });
      for (const choice of choices) {
        await this.quickInputBox.fill(choice, step);
        const entry = this.quickPickNamed(choice);
        await entry.waitFor(step);
        // What is typed leads to the first entry that has it, which may be another one.
        const isFirst = await entry.and(this.page.locator('.focused')).isVisible();
        await (isFirst ? this.quickInputBox.press('Enter', step) : entry.click(step));
      }
      return true;
    });
  }

  /** Types into the quick input that is open and accepts. */
  async answer(text: string): Promise<void> {
    await eventually(`${text} is typed`, () => this.type(text));
    await this.quickInputBox.press('Enter');
  }

  private async type(text: string): Promise<boolean> {
    await this.quickInputBox.fill(text, step);
    return (await this.quickInputBox.inputValue(step)) === text;
  }

  /** ---- views ------------------------------------------------------------------------------- */

  async openContainer(title: string): Promise<void> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name: title });
    await eventually(`${title} is open`, async () => {
      if ((await tab.getAttribute('aria-expanded', step)) === 'true') return true;
      await tab.click(step);
      return false;
    });
  }

  /** A view's pane by its title. */
  pane(title: string): Locator {
    return this.page.locator('.pane').filter({ has: this.page.locator('.pane-header', { hasText: title }) });
  }

  /** Opens or folds a view. */
  async setOpen(title: string, isOpen: boolean): Promise<void> {
    const header = this.pane(title).locator('.pane-header');
    const wanted = header.and(this.page.locator(`[aria-expanded=${isOpen}]`));
    await eventually(`${title} is ${isOpen ? 'open' : 'folded'}`, async () => {
      if (await wanted.isVisible()) return true;
      await header.click(step);
      await wanted.waitFor(step);
      return true;
    });
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
    await eventually(`the side bar is ${width} wide`, async () => {
      const box = await boxOf(this.page.locator('.part.sidebar'));
      if (Math.abs(box.width - width) < dragTolerance) return true;
      await this.drag(box.x + box.width, box.y + box.height / 2, box.x + width, box.y + box.height / 2);
      return false;
    });
  }

  /** Drags the lower edge of a view there where it is so high; the views below it may leave it higher. */
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

  /** Closes what lies over the window and waits for an answer: questions, menus, quick inputs. */
  async clear(): Promise<void> {
    await eventually('nothing lies over the window', async () => {
      for (const part of [this.dialog, this.menu, this.quickInput]) {
        if (!(await part.first().isVisible())) continue;
        await this.page.keyboard.press('Escape');
        return false;
      }
      return true;
    });
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
    await this.askAndPick('Preferences: Color Theme', name, new RegExp(name));
    await this.quickInput.waitFor({ state: 'hidden' });
  }
}
