/** The command composer of PV Calls as a person uses it: opened by the picker, its parts on the page in front. */
import type { FrameLocator, Locator } from 'playwright-core';
import { eventually, stepTimeoutMs } from './eventually';
import type { Xenscope } from './xenscope';

const step = { timeout: stepTimeoutMs };

export class ComposerPage {
  constructor(private readonly xenscope: Xenscope) {}

  get panel(): FrameLocator {
    return this.xenscope.workbench.panel;
  }

  /** Runs a command, chooses one entry after the other, and waits for the page. */
  async open(command: string, ...answers: (string | RegExp)[]): Promise<void> {
    const { workbench } = this.xenscope;
    await eventually('the composer opens', async () => {
      await workbench.clear();
      await workbench.command(command);
      for (const answer of answers) await workbench.quickPick(answer).click(step);
      await this.heading.waitFor(step);
      return true;
    });
  }

  /** The same from an address to the console of a connected socket. */
  async openAt(command: string, address: string, ...answers: (string | RegExp)[]): Promise<void> {
    const { workbench } = this.xenscope;
    await eventually('the composer opens', async () => {
      await workbench.clear();
      await workbench.ask(command, address);
      await workbench.quickInputBox.press('Enter', step);
      for (const answer of answers) await workbench.quickPick(answer).click(step);
      await this.heading.waitFor(step);
      return true;
    });
    await this.panel.getByRole('heading', { name: `connected to ${address}` }).waitFor();
  }

  consoleOf(id: string): Locator {
    return this.panel.getByRole('button', { name: `Console of socket ${id}` });
  }

  get heading(): Locator {
    return this.panel.getByRole('heading', { level: 1, name: 'PV Calls Composer' });
  }

  /** What is said of the session. */
  status(text: string | RegExp): Locator {
    return this.panel.locator('main > .verdict').getByText(text).first();
  }

  /** How the last command ended. */
  answer(text: string | RegExp): Locator {
    return this.panel.locator('.answer .verdict').getByText(text).first();
  }

  field(label: string): Locator {
    return this.panel.locator('.form').getByRole('textbox', { name: label, exact: true });
  }

  /** What stands in a field comes there a moment after it was set. */
  async fieldIs(label: string, value: string): Promise<void> {
    await eventually(`“${label}” is ${value}`, async () => (await this.field(label).inputValue()) === value);
  }

  button(name: string): Locator {
    return this.panel.getByRole('button', { name, exact: true });
  }

  press(name: string): Promise<void> {
    return this.button(name).click();
  }

  /** Opens the session again, once more where the host was not there yet. */
  async reopen(): Promise<void> {
    await eventually('the session is open again', async () => {
      const again = this.button('Open Again');
      if (await again.isEnabled()) await again.click(step);
      await this.status('Connected to Domain-0 (0).').waitFor(step);
      return true;
    });
  }

  get sendButton(): Locator {
    return this.panel.locator('.form').getByRole('button', { name: 'Send', exact: true });
  }

  /** Chooses a command, fills its form, and sends it. */
  async send(command: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.choose(command);
    for (const [label, value] of Object.entries(fields)) await this.field(label).fill(value);
    await this.sendButton.click();
  }

  choose(command: string): Promise<void> {
    return this.panel.getByRole('radio', { name: command, exact: true }).click();
  }

  /** The row of a socket. */
  socket(id: string): Locator {
    return this.panel
      .getByRole('table', { name: 'Sockets' })
      .getByRole('row')
      .filter({ has: this.xenscope.page.locator('th[scope=row]', { hasText: new RegExp(`^${id}$`) }) });
  }

  get history(): Locator {
    return this.panel.getByRole('table', { name: 'What was sent, newest first' }).locator('tbody tr');
  }

  get consoleField(): Locator {
    return this.panel.getByRole('textbox', { name: 'What to send' });
  }

  get log(): Locator {
    return this.panel.getByRole('list', { name: 'What passed' });
  }

  favourite(name: string): Locator {
    return this.panel.getByRole('list', { name: 'Favourites' }).getByRole('button', { name, exact: true });
  }
}
