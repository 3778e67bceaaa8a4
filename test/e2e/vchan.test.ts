/** The console of a vchan in the real VS Code: two ends against each other, sent, received, killed, and opened again. */
import assert from 'node:assert/strict';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { VchanConsole, asProposed } from './vchanConsole';
import { Xenscope } from './xenscope';

const step = { timeout: stepTimeoutMs };

/** The last one is what the window had before. */
const themes = [
  ['Light Modern', 'light'],
  ['Dark High Contrast', 'high-contrast'],
  ['Dark Modern', 'dark'],
] as const;

describe('a vchan by hand, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 0 } });
  let xenscope: Xenscope;
  let vchan: VchanConsole;

  before(async () => {
    xenscope = new Xenscope(editor());
    vchan = new VchanConsole(xenscope);
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1400, height: 1100 });
  });

  it('is offered by one domain, and says who has to come', async () => {
    await vchan.open(
      'Vchan: database',
      'Offer a vchan',
      /^web/,
      /^database/,
      asProposed,
      '1 KiB to the server',
      'Persistent',
    );
    await vchan.verdict(/Nobody has come yet: database/).waitFor();
    await picture(xenscope.page, 'vchan-waiting');
  });

  it('is connected to by the other, from the list of what is offered', async () => {
    await vchan.open('Vchan: web', /Connect to web/);
    await vchan.verdict(/Open to web/).waitFor();
    await vchan.panel.getByText('as client, to web', { exact: false }).waitFor();
  });

  it('carries what is typed, as text and as digits, and keeps what cannot be sent', async () => {
    await vchan.field.fill('hello, database');
    await vchan.field.press('Enter');
    await vchan.log.getByText('68 65 6c 6c 6f').waitFor();
    await vchan.fieldIs('');
    await vchan.panel.getByRole('combobox', { name: 'How it is typed' }).click();
    await vchan.panel.getByRole('option', { name: 'Hexadecimal' }).click();
    await vchan.field.fill('00 ff 0g');
    await vchan.panel.getByText('“g” in “0g” is no hexadecimal digit').waitFor();
    await vchan.field.press('Enter');
    assert.equal(await vchan.field.inputValue(), '00 ff 0g');
    await vchan.field.fill('00 ff 41');
    await vchan.press('Send');
    await vchan.log.getByText('00 ff 41').waitFor();
    await vchan.tab('Vchan: database').click();
    await vchan.log.getByText('hello, database').waitFor();
    await vchan.log.getByText('00 ff 41').waitFor();
  });

  it('fills when nothing is read, and empties when it is', async () => {
    await vchan.press('Stop Reading');
    await vchan.verdict(/nothing is taken out of the ring/).waitFor();
    await vchan.tab('Vchan: web').click();
    await vchan.field.fill('41 '.repeat(1500));
    await vchan.press('Send');
    await vchan.meter(/^To web.* 1,024 of 1,024 bytes/).waitFor();
    await vchan.verdict(/The ring is full/).waitFor();
    for (const [theme, name] of themes) {
      await xenscope.workbench.setTheme(theme);
      await vchan.panel.locator(`body.vscode-${name}`).waitFor();
      await picture(xenscope.page, `vchan-${name}`);
    }
    await vchan.tab('Vchan: database').click();
    await vchan.press('Read Again');
    await vchan.panel.getByText(/^1,518 bytes in/).waitFor();
    await vchan.tab('Vchan: web').click();
    await vchan.meter(/^To web.* 0 of 1,024 bytes/).waitFor();
    await vchan.fieldIs('');
  });

  it('tells the other side when its peer is killed, and is opened again', async () => {
    await vchan.field.fill('4c 61 73 74');
    await vchan.abort('Killed');
    await vchan.verdict(/was killed/).waitFor();
    await vchan.fieldIs('4c 61 73 74');
    await vchan.tab('Vchan: database').click();
    await vchan.verdict(/database.* has left; the next client is waited for/).waitFor();
    await vchan.panel.getByText(/The ring doctor says: .*client/).waitFor();
    await picture(xenscope.page, 'vchan-peer-killed');
    await vchan.tab('Vchan: web').click();
    await vchan.press('Reopen');
    await vchan.verdict(/Open to web/).waitFor();
    await vchan.press('Send');
    await vchan.tab('Vchan: database').click();
    await vchan.log.getByText('4c 61 73 74').waitFor();
    await vchan.verdict(/Open to database/).waitFor();
  });

  it('leads to its ring, and leaves nothing when it is closed', async () => {
    await vchan.press('Show Ring');
    await vchan.panel
      .getByRole('table', { name: 'Words of the page' })
      .getByText('the client is there')
      .waitFor();
    await xenscope.workbench.command('View: Close Editor');
    await vchan.tab('Vchan: database').click();
    await vchan.press('Close');
    await vchan.verdict(/the nodes are removed/).waitFor();
    await vchan.tab('Vchan: web').click();
    await vchan.verdict(/web.* has left/).waitFor();
  });

  it('takes the place of a server that was killed, once the person has read what is replaced', async () => {
    await vchan.tab('Vchan: database').click();
    await vchan.press('Reopen');
    await vchan.verdict(/Nobody has come yet/).waitFor();
    await vchan.abort('Killed');
    await vchan.verdict(/Its nodes are still in the xenstore/).waitFor();
    await vchan.press('Reopen');
    const { dialog } = xenscope.workbench;
    await dialog
      .getByText(/this one takes its place: ring-ref \d+ and event-channel \d+ are replaced/)
      .waitFor();
    await dialog.getByText(/its server has ended without cleaning up/).waitFor();
    await picture(xenscope.page, 'vchan-replaced');
    await dialog.getByRole('button', { name: 'Open' }).click();
    await vchan.verdict(/Nobody has come yet/).waitFor();
  });

  it('comes back when the window is loaded anew, with what was typed, and is opened again', async () => {
    await vchan.field.fill('not sent yet');
    await xenscope.workbench.reload();
    await vchan.verdict(/The window was loaded anew/).waitFor({ timeout: 60_000 });
    await vchan.fieldIs('not sent yet');
    await picture(xenscope.page, 'vchan-revived');
    // In the world that begins with the window its domains have to be there first.
    const open = vchan.verdict(/Nobody has come yet/);
    await eventually('it is open again', async () => {
      if (!(await open.isVisible())) await vchan.press('Reopen', step);
      await open.waitFor(step);
      return true;
    });
    await vchan.fieldIs('not sent yet');
  });
});
