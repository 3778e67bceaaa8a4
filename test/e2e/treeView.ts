/** A tree view of VS Code as a person uses it. Rows that are not on screen cannot be found. */
import type { Locator } from 'playwright-core';
import { eventually, stepTimeoutMs } from './eventually';
import { exactly } from './exactly';
import type { Workbench } from './workbench';

const step = { timeout: stepTimeoutMs };

/** Rows are known by the name at their left, and by their level (1 is outermost). */
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
    return (await row.getAttribute('aria-expanded', step)) === 'true';
  }

  /** A row that is drawn anew under the mouse takes no click. */
  async expand(row: Locator): Promise<void> {
    await row.waitFor();
    await eventually(`${String(row)} is expanded`, async () => {
      if (await this.isExpanded(row)) return true;
      await row.locator('.monaco-tl-twistie').click(step);
      await row.and(this.pane.locator('[aria-expanded=true]')).waitFor(step);
      return true;
    });
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
   * when a view is drawn anew or a notification comes; and a row that is drawn anew under its menu is no
   * longer known to whoever is called. Then it is opened again, as a person would, until `then` is so.
   */
  async choose(row: Locator, title: string | RegExp, then?: () => Promise<unknown>): Promise<void> {
    const { workbench } = this;
    const entry = workbench.menuItem(title);
    let tries = 0;
    await eventually(`${title} is chosen from the menu of ${String(row)}`, async () => {
      // Not at first: with no menu open it would take away what is selected.
      if (tries++ > 0) await workbench.clear();
      await row.click({ button: 'right', ...step });
      // A menu takes no click in its first moments, so that the one that opened it does not choose.
      await entry.hover(step);
      const focused = entry.and(workbench.page.locator('.focused'));
      const isFocused = () => focused.isVisible();
      await eventually(
        'it takes one, or the menu is closed',
        async () => (await isFocused()) || !(await entry.isVisible()),
        stepTimeoutMs,
      );
      if (!(await isFocused())) return false;
      await workbench.page.keyboard.press('Enter');
      await entry.waitFor({ state: 'hidden', ...step });
      await then?.();
      return true;
    });
  }
}
