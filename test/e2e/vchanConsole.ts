/** The console of a vchan as a person uses it: opened by the picker, its parts on the page in front. */
import type { FrameLocator, Locator } from 'playwright-core';
import { eventually, stepTimeoutMs } from './eventually';
import type { Xenscope } from './xenscope';

const step = { timeout: stepTimeoutMs };

/** In a picker: the path that is proposed. */
export const asProposed = Symbol('as proposed');
/** In an input box. */
export interface Typed {
  readonly typed: string;
}
export type Answer = string | RegExp | Typed | typeof asProposed;

export class VchanConsole {
  constructor(private readonly xenscope: Xenscope) {}

  get panel(): FrameLocator {
    return this.xenscope.workbench.panel;
  }

  get field(): Locator {
    return this.panel.getByRole('textbox', { name: 'What to send' });
  }

  get log(): Locator {
    return this.panel.getByRole('list', { name: 'What passed' });
  }

  tab(name: string): Locator {
    return this.xenscope.page.getByRole('tab', { name });
  }

  verdict(text: string | RegExp): Locator {
    return this.panel.locator('.verdict').getByText(text).first();
  }

  meter(name: RegExp): Locator {
    return this.panel.getByRole('meter', { name });
  }

  press(name: string, options: { readonly timeout?: number } = {}): Promise<void> {
    return this.panel.getByRole('button', { name, exact: true }).click(options);
  }

  /** What stands in the field comes and goes a moment after what it is sent for. */
  async fieldIs(text: string): Promise<void> {
    await eventually(`“${text}” is in the field`, async () => (await this.field.inputValue()) === text);
  }

  /** Ends our end as a picker calls it. */
  async abort(how: string): Promise<void> {
    await eventually(`it is ${how}`, async () => {
      await this.xenscope.workbench.clear();
      await this.press('Abort…', step);
      await this.xenscope.workbench.quickPick(how).click(step);
      return true;
    });
  }

  /** Chooses one entry after the other; a quick pick whose focus went elsewhere is hidden, and all begins again. */
  async open(title: string, ...answers: Answer[]): Promise<void> {
    await this.openBy(() => this.xenscope.workbench.command('Xenscope: Open Vchan…'), title, ...answers);
  }

  /** The same from elsewhere, as the menu of a row. */
  async openBy(begin: () => Promise<unknown>, title: string, ...answers: Answer[]): Promise<void> {
    await this.answer(begin, answers, () => this.tab(title).waitFor(step));
    await this.panel.getByRole('heading', { level: 1, name: 'Vchan' }).waitFor();
  }

  /** Chooses until `then` is so. */
  async answer(
    begin: () => Promise<unknown>,
    answers: readonly Answer[],
    then: () => Promise<unknown>,
  ): Promise<void> {
    const { workbench, page } = this.xenscope;
    await eventually('the answers are taken', async () => {
      await workbench.clear();
      await begin();
      for (const answer of answers) {
        if (answer === asProposed) {
          await workbench.quickInput.getByText('Where is it offered?').waitFor(step);
          await page.keyboard.press('Enter');
        } else if (typeof answer === 'object' && 'typed' in answer) await workbench.answer(answer.typed);
        else await workbench.quickPick(answer).click(step);
      }
      await then();
      return true;
    });
  }

  /** Begins to record, as what the picker calls so, into a file. */
  async record(what: string, file: string): Promise<void> {
    await this.nameFile('Record into which file?', file, /vchan\.(log|bin)$/, async () => {
      await this.press('Record…');
      await this.xenscope.workbench.quickPickNamed(what).click(step);
    });
    await this.panel.getByRole('button', { name: 'Stop Recording' }).waitFor();
  }

  /** Names a file where VS Code asks for one under this title; `proposed` is what it fills in at last by itself. */
  async nameFile(
    title: string,
    file: string,
    proposed: RegExp,
    begin: () => Promise<unknown>,
  ): Promise<void> {
    const { quickInput, quickInputBox: box } = this.xenscope.workbench;
    await eventually(`${title} takes ${file}`, async () => {
      await this.xenscope.workbench.clear();
      await begin();
      await quickInput.getByText(title).waitFor(step);
      // What is typed before VS Code proposes a folder or a name is lost.
      await eventually(
        'something is proposed',
        async () => proposed.test(await box.inputValue(step)),
        stepTimeoutMs,
      );
      await box.fill(file, step);
      if ((await box.inputValue(step)) !== file) return false;
      await box.press('Enter', step);
      // A second try is asked whether it shall take the place of what the first one wrote.
      const replace = quickInput.getByRole('button', { name: 'Yes' });
      await eventually(
        'the file is taken',
        async () => {
          if (await replace.isVisible()) await replace.click(step);
          return !(await quickInput.getByText(title).isVisible());
        },
        stepTimeoutMs,
      );
      return true;
    });
  }
}
