/** Standing before the backend of PV Calls in the real VS Code: a guest's connect is held, answered by hand, then by a rule. */
import type { Locator } from 'playwright-core';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

/** The last one is what the window had before. */
const themes = [
  ['Light Modern', 'light'],
  ['Dark High Contrast', 'high-contrast'],
  ['Dark Modern', 'dark'],
] as const;

/** Guests do something every few seconds. */
const aWhile = { timeout: 120_000 };

describe('intercepting PV Calls, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 3 } });
  let xenscope: Xenscope;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1500, height: 1250 });
  });

  const tab = () => xenscope.page.getByRole('tab', { name: 'Intercept: Domain-0' });
  const panel = () => xenscope.workbench.panel;
  const verdict = (text: string | RegExp) => panel().locator('.verdict').getByText(text).first();
  const press = (name: string | RegExp) => panel().getByRole('button', { name, exact: true }).click();
  const held = () => panel().getByRole('listbox', { name: 'Held calls' });
  const log = (): Locator => panel().getByRole('log', { name: 'What happened' });
  const whoInLog = async () => new Set(await log().locator('.who').allInnerTexts());
  const field = (name: string | RegExp) => panel().getByRole('textbox', { name });

  const fieldIs = (name: string, text: string) =>
    eventually(`“${name}” is ${text}`, async () => (await field(name).inputValue()) === text);

  async function open(): Promise<void> {
    await eventually('the panel opens', async () => {
      await xenscope.workbench.command('Xenscope: PV Calls: Intercept a Backend…');
      await tab().waitFor({ timeout: stepTimeoutMs });
      return true;
    });
    await panel().getByRole('heading', { level: 1, name: 'Intercept' }).waitFor();
  }

  async function addRule(line: string): Promise<void> {
    await field('New rule').fill(line);
    await press('Add Rule');
  }

  it('opens, off, and says what it would do', async () => {
    await open();
    await verdict('Off: every call passes.').waitFor();
    await panel().getByText('PV Calls backend of Domain-0 (0) · Simulator').waitFor();
    await panel()
      .getByText(/Nothing is held while it is off/)
      .waitFor();
    await picture(xenscope.page, 'intercept-off');
  });

  it('says while a rule is typed what it does, or what is wrong with it', async () => {
    await field('New rule').fill('connect port 443 → quux');
    await panel().getByText('“quux” says nothing in a rule.', { exact: false }).waitFor();
    await press('Add Rule');
    await fieldIs('New rule', 'connect port 443 → quux');
    await addRule('connect port 7 → pass');
    await panel().getByText('CONNECT port 7 passes.').waitFor();
    await addRule('connect → hold');
    await addRule('any → pass');
    await field('Rule 3').waitFor();
  });

  it('holds a guest’s connect with all that it says, in every theme', async () => {
    await press('Turn On');
    await held()
      .getByText(/^connect socket \S+ to 10\.0\.0\.\d+:(80|631)$/)
      .first()
      .waitFor(aWhile);
    await verdict(/waits? for you/).waitFor();
    await panel().getByRole('table', { name: 'Fields of the call' }).getByText('evtchn').waitFor();
    await panel().getByText('Raw slot').click();
    for (const [theme, name] of themes) {
      await xenscope.workbench.setTheme(theme);
      await panel().locator(`body.vscode-${name}`).waitFor();
      await picture(xenscope.page, `intercept-held-${name}`);
    }
  });

  it('is answered ECONNREFUSED by hand, and the guest’s next move is told', async () => {
    const call = await panel().locator('.decide h3').innerText();
    const socket = /socket (\S+)/.exec(call)![1]!;
    await field('Errno: name, number or meaning').fill('listens there');
    await press(/^Answer ECONNREFUSED/);
    await log().getByText(`${call}: answered −111 ECONNREFUSED (nobody listens there), by hand`).waitFor();
    // It gives the socket up.
    await log().getByText(`release socket ${socket}`, { exact: true }).waitFor();
    await picture(xenscope.page, 'intercept-answered');
  });

  it('lets a rule do the same, and counts it', async () => {
    await press('Remove: rule 2');
    await field('Rule 3').waitFor({ state: 'hidden' });
    await addRule('connect port 80 → ECONNREFUSED');
    await press('Move up: rule 3');
    const row = panel().getByRole('list', { name: 'Rules' }).getByRole('listitem').nth(1);
    await row.getByText(/answered −111 ECONNREFUSED/).waitFor();
    // On a slow machine the rule before has held one more, whose guest would ask for nothing else.
    await eventually('nothing is held any more', async () => {
      if ((await held().getByRole('option').count()) === 0) return true;
      await panel().getByRole('button', { name: 'Pass', exact: true }).click({ timeout: stepTimeoutMs });
      return false;
    });
    await eventually(
      'it has hits',
      async () => /^[1-9]\d* hits?$/.test(await row.locator('.hits').innerText()),
      60_000,
    );
    await log()
      .getByText(/ECONNREFUSED .* by the rule “connect port 80/)
      .first()
      .waitFor();
    await picture(xenscope.page, 'intercept-rule');
  });

  it('shows of all that happened what became of the chosen call', async () => {
    // While all passes: of one that is held the other gets nothing to ask for.
    await eventually('both guests have asked something', async () => (await whoInLog()).size === 2, 90_000);
    // Without it everything else is held.
    await press('Remove: rule 3');
    await held().getByRole('option').first().waitFor(aWhile);
    await panel().getByRole('combobox', { name: 'Which calls are shown' }).click();
    await panel().getByRole('option', { name: 'Guest of the chosen call' }).click();
    await eventually('one guest alone is left', async () => (await whoInLog()).size === 1);
  });

  it('leaves a call without an answer, is to answer it success later, and answers an errno at once, by hand', async () => {
    const chosen = held().getByRole('option', { selected: true });
    await press('Never Answer');
    await chosen.getByText(/not answered for/).waitFor();
    await field('Delay in milliseconds').fill('3600000');
    await press('Success');
    await chosen.getByText(/, in \d+ min/).waitFor();
    await field('Delay in milliseconds').fill('');
    const text = await panel().locator('.decide h3').innerText();
    await field('Errno: name, number or meaning').fill('EINVAL');
    await press('Answer EINVAL');
    await log().getByText(`${text}: answered −22 EINVAL`, { exact: false }).first().waitFor();
  });

  it('keeps its rules over a new start of the server, and is on again', async () => {
    const call = held().getByRole('option').first();
    await call.evaluate((it) => it.setAttribute('data-before', ''));
    await xenscope.workbench.command('Xenscope: Restart Server');
    await panel()
      .locator('[data-before]')
      .waitFor({ state: 'detached', ...aWhile });
    await verdict(/^On: /).waitFor(aWhile);
    await fieldIs('Rule 1', 'connect port 7 → pass');
    await held().getByRole('option').first().waitFor(aWhile);
  });

  it('comes back when the window is loaded anew, off, with its rules and what was typed', async () => {
    await field('New rule').fill('bind → EADDR');
    await panel().getByText('“EADDR” is no error', { exact: false }).waitFor();
    const loaded = xenscope.page.waitForEvent('load', { timeout: 60_000 });
    await xenscope.workbench.command('Developer: Reload Window');
    await loaded;
    await xenscope.workbench.ready();
    await panel().getByRole('heading', { level: 1, name: 'Intercept' }).waitFor({ timeout: 60_000 });
    await verdict('Off: every call passes.').waitFor({ timeout: 60_000 });
    await fieldIs('Rule 1', 'connect port 7 → pass');
    await fieldIs('New rule', 'bind → EADDR');
    await picture(xenscope.page, 'intercept-loaded-anew');
    await field('New rule').fill('');
    await press('Turn On');
    await held().getByRole('option').first().waitFor(aWhile);
  });

  it('lets all pass when it is closed, and knows its rules when it is opened again', async () => {
    await xenscope.workbench.command('View: Close Editor');
    await tab().waitFor({ state: 'hidden' });
    await open();
    await verdict('Off: every call passes.').waitFor();
    await fieldIs('Rule 1', 'connect port 7 → pass');
    await panel().getByText('Nothing is held while it is off', { exact: false }).waitFor();
  });
});
