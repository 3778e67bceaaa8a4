/** The console of a vchan in the real VS Code: two ends against each other, sent, received, killed, and opened again. */
import assert from 'node:assert/strict';
import type { FrameLocator } from 'playwright-core';
import { picture } from './artefacts';
import { eventually } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

/** The last one is what the window had before. */
const themes = [
  ['Light Modern', 'light'],
  ['Dark High Contrast', 'high-contrast'],
  ['Dark Modern', 'dark'],
] as const;

/** The path that is proposed. */
const asProposed = Symbol('as proposed');

describe('a vchan by hand, in VS Code', function () {
  this.timeout(120_000);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 0 } });
  let xenscope: Xenscope;

  const panel = (): FrameLocator =>
    xenscope.page.frameLocator('iframe.webview.ready:visible').last().frameLocator('iframe#active-frame');
  const tab = (name: string) => xenscope.page.getByRole('tab', { name });
  const verdict = (text: string | RegExp) => panel().locator('.verdict').getByText(text).first();
  const field = () => panel().getByRole('textbox', { name: 'What to send' });
  const press = (name: string) => panel().getByRole('button', { name, exact: true }).click();
  const log = () => panel().getByRole('list', { name: 'What passed' });
  const meter = (name: RegExp) => panel().getByRole('meter', { name });

  /** Chooses one entry after the other; a quick pick whose focus went elsewhere is hidden, and all begins again. */
  async function open(title: string, ...answers: (string | RegExp | typeof asProposed)[]): Promise<void> {
    const { workbench, page } = xenscope;
    await eventually('the panel of the vchan opens', async () => {
      await workbench.command('Xenscope: Open Vchan…');
      for (const answer of answers) {
        if (answer === asProposed) {
          await workbench.quickInput.getByText('Where is it offered?').waitFor({ timeout: 5000 });
          await page.keyboard.press('Enter');
        } else await workbench.quickPick(answer).click({ timeout: 5000 });
      }
      await tab(title).waitFor({ timeout: 10_000 });
      return true;
    });
    await panel().getByRole('heading', { level: 1, name: 'Vchan' }).waitFor();
  }

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1400, height: 1100 });
  });

  it('is offered by one domain, and says who has to come', async () => {
    await open(
      'Vchan: database',
      'Offer a vchan',
      /^web/,
      /^database/,
      asProposed,
      '1 KiB to the server',
      'Persistent',
    );
    await verdict(/Nobody has come yet: database/).waitFor();
    await picture(xenscope.page, 'vchan-waiting');
  });

  it('is connected to by the other, from the list of what is offered', async () => {
    await open('Vchan: web', /Connect to web/);
    await verdict(/Open to web/).waitFor();
    await panel().getByText('as client, to web', { exact: false }).waitFor();
  });

  it('carries what is typed, as text and as digits, and keeps what cannot be sent', async () => {
    await field().fill('hello, database');
    await field().press('Enter');
    await log().getByText('68 65 6c 6c 6f').waitFor();
    assert.equal(await field().inputValue(), '');
    await panel().getByRole('combobox', { name: 'How it is typed' }).click();
    await panel().getByRole('option', { name: 'Hexadecimal' }).click();
    await field().fill('00 ff 0g');
    await panel().getByText('“g” in “0g” is no hexadecimal digit').waitFor();
    await field().press('Enter');
    assert.equal(await field().inputValue(), '00 ff 0g');
    await field().fill('00 ff 41');
    await press('Send');
    await log().getByText('00 ff 41').waitFor();
    await tab('Vchan: database').click();
    await log().getByText('hello, database').waitFor();
    await log().getByText('00 ff 41').waitFor();
  });

  it('fills when nothing is read, and empties when it is', async () => {
    await press('Stop Reading');
    await verdict(/nothing is taken out of the ring/).waitFor();
    await tab('Vchan: web').click();
    await field().fill('41 '.repeat(1500));
    await press('Send');
    await meter(/^To web.* 1,024 of 1,024 bytes/).waitFor();
    await verdict(/The ring is full/).waitFor();
    for (const [theme, name] of themes) {
      await xenscope.workbench.setTheme(theme);
      await panel().locator(`body.vscode-${name}`).waitFor();
      await picture(xenscope.page, `vchan-${name}`);
    }
    await tab('Vchan: database').click();
    await press('Read Again');
    await panel()
      .getByText(/^1,518 bytes in/)
      .waitFor();
    await tab('Vchan: web').click();
    await meter(/^To web.* 0 of 1,024 bytes/).waitFor();
    assert.equal(await field().inputValue(), '');
  });

  it('tells the other side when its peer is killed, and is opened again', async () => {
    await field().fill('4c 61 73 74');
    await press('Abort…');
    await xenscope.workbench.quickPick('Killed').click();
    await verdict(/was killed/).waitFor();
    assert.equal(await field().inputValue(), '4c 61 73 74');
    await tab('Vchan: database').click();
    await verdict(/database.* has left; the next client is waited for/).waitFor();
    await panel()
      .getByText(/The ring doctor says: .*client/)
      .waitFor();
    await picture(xenscope.page, 'vchan-peer-killed');
    await tab('Vchan: web').click();
    await press('Reopen');
    await verdict(/Open to web/).waitFor();
    await press('Send');
    await tab('Vchan: database').click();
    await log().getByText('4c 61 73 74').waitFor();
    await verdict(/Open to database/).waitFor();
  });

  it('leads to its ring, and leaves nothing when it is closed', async () => {
    await press('Show Ring');
    await panel()
      .getByRole('table', { name: 'Words of the page' })
      .getByText('the client is there')
      .waitFor();
    await xenscope.workbench.command('View: Close Editor');
    await tab('Vchan: database').click();
    await press('Close');
    await verdict(/the nodes are removed/).waitFor();
    await tab('Vchan: web').click();
    await verdict(/web.* has left/).waitFor();
  });
});
