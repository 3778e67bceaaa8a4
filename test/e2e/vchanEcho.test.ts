/** A vchan to a guest that echoes, in the real VS Code: as a newcomer opens it, until the guest is gone and back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { VchanConsole } from './vchanConsole';
import { Xenscope } from './xenscope';

const step = { timeout: stepTimeoutMs };
const fileBytes = 30_000;

/** The last one is what the window had before. */
const themes = [
  ['Light Modern', 'light'],
  ['Dark High Contrast', 'high-contrast'],
  ['Dark Modern', 'dark'],
] as const;

describe('a vchan to an echo, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({
    // Guests ask each other every few seconds then.
    settings: { 'xenscope.simulator.pace': 3 },
    files: { 'notes.txt': 'line of a file\n'.repeat(fileBytes / 15) },
  });
  let xenscope: Xenscope;
  let vchan: VchanConsole;
  const echo = 'Vchan: work (9)';
  const offer = 'data/vchan/0/echo';

  const received = () => vchan.log.locator('li.received');
  const fileOf = (name: string) => path.join(editor().workspace, name);

  async function send(text: string): Promise<void> {
    await vchan.field.fill(text);
    await vchan.field.press('Enter');
  }

  before(async () => {
    xenscope = new Xenscope(editor());
    vchan = new VchanConsole(xenscope);
    await xenscope.page.setViewportSize({ width: 1400, height: 1100 });
    await xenscope.openOnlyRings();
    await xenscope.workbench.command('Notifications: Toggle Do Not Disturb Mode');
  });

  it('is opened from the row of the guest that offers it', async () => {
    const rings = xenscope.workbench.tree('Rings');
    await xenscope.page.mouse.move(900, 600);
    // Rows that are not on screen cannot be found: only the domains remain.
    await rings.scrollToTop();
    await xenscope.page.keyboard.press('Control+ArrowLeft');
    await vchan.openBy(() => rings.choose(rings.row('work', 1), 'Open Vchan…'), echo, offer);
    await vchan.verdict(/^Open to work/).waitFor();
    await vchan.panel.getByText('Domain-0 (0) as client, to work (9)').waitFor();
  });

  it('gives back text and digits, which stand side by side', async () => {
    await send('hello, echo');
    await received().getByText('68 65 6c 6c 6f 2c 20 65 63 68 6f').waitFor();
    await received().getByText('hello, echo').waitFor();
    await vchan.panel.getByRole('combobox', { name: 'How it is typed' }).click();
    await vchan.panel.getByRole('option', { name: 'Hexadecimal' }).click();
    await send('de ad be ef');
    await received().getByText('de ad be ef').waitFor();
    await xenscope.workbench.quiet();
    await picture(xenscope.page, 'vchan-console');
  });

  it('records both directions of what passes, a whole file among it', async () => {
    const log = fileOf('vchan.log');
    await vchan.record('Text and hexadecimal', log);
    await vchan.nameFile('Send which file?', fileOf('notes.txt'), /\/$/, () => vchan.press('Send File…'));
    await vchan.panel.getByText('notes.txt: Sent 30,000 bytes.').waitFor();
    await vchan.panel.getByText(/^30,015 bytes in [\d,]+ reads/).waitFor();
    await vchan.press('Stop Recording');
    await vchan.panel.getByText(`Recorded in ${log}.`).waitFor();
    await picture(xenscope.page, 'vchan-echo');
    const text = readFileSync(log, 'latin1');
    const bytesOf = (way: string) =>
      [...text.matchAll(new RegExp(`^# \\S+ ${way} (\\d+) bytes?$`, 'gm'))].reduce(
        (sum, [, bytes]) => sum + Number(bytes),
        0,
      );
    assert.deepEqual([bytesOf('sent'), bytesOf('received')], [fileBytes, fileBytes]);
    assert.match(text, /\| line of a file/);
  });

  it('is watched where others have one, from the row of its ring: what both sides write, as it passes', async () => {
    const rings = xenscope.workbench.tree('Rings');
    await rings.expand(rings.row('work', 1));
    const watched = 'Vchan: vault (10) ↔ work (9)';
    await vchan.openBy(() => rings.choose(rings.row('vchan with vault', 2), 'Watch Vchan…'), watched);
    await vchan.verdict(/^Listening to vault \(10\) and work \(9\)/).waitFor();
    await vchan.field.waitFor({ state: 'hidden' });
    for (const [way, title] of [
      ['sent', 'vault (10) → work (9): 17 bytes'],
      ['received', 'work (9) → vault (10): 17 bytes'],
    ] as const) {
      const passed = vchan.log.locator(`li.${way}`).first();
      await passed.getByText('is anybody there').waitFor();
      await passed.getByText('69 73 20 61 6e 79 62 6f 64 79').waitFor();
      await passed.getByText(title).waitFor();
    }
    await vchan.panel
      .getByText(/^\d+ bytes in at least \d+ writes?; all seen$/)
      .first()
      .waitFor();
    for (const [theme, name] of themes) {
      await xenscope.workbench.setTheme(theme);
      await vchan.panel.locator(`body.vscode-${name}`).waitFor();
      await picture(xenscope.page, `vchan-watched-${name}`);
    }
  });

  it('is recorded in one direction while it is watched', async () => {
    const raw = fileOf('to-work.bin');
    await vchan.record('Raw bytes to the server', raw);
    // What is waited for is what passes from now on.
    await vchan.press('Clear');
    await vchan.log.locator('li.sent').first().getByText('is anybody there').waitFor();
    await vchan.press('Stop Recording');
    await vchan.panel.getByText(`Recorded in ${raw}.`).waitFor();
    assert.match(readFileSync(raw, 'latin1'), /^(is anybody there\?)+$/);
    await xenscope.workbench.command('View: Close Editor');
  });

  it('fills its ring to us while we do not read', async () => {
    await vchan.press('Stop Reading');
    await send('41 '.repeat(1000));
    await vchan.meter(/^From work.* 1,000 of 4,096 bytes/).waitFor();
    await vchan.press('Read Again');
    await vchan.meter(/^From work.* 0 of 4,096 bytes/).waitFor();
  });

  it('is closed, and opened again', async () => {
    await vchan.press('Close');
    await vchan.verdict('Closed: pages and doorbell are given back.').waitFor();
    await vchan.press('Reopen');
    await vchan.verdict(/^Open to work/).waitFor();
  });

  it('keeps what was typed while the server is started again', async () => {
    await vchan.field.fill('77 68 69 6c 65');
    await xenscope.workbench.command('Xenscope: Restart Server');
    await vchan.verdict('What was typed stays; Reopen when it runs again.').waitFor();
    await picture(xenscope.page, 'vchan-server-away');
    await vchan.press('Reopen');
    await vchan.verdict(/^Open to work/).waitFor();
    await vchan.fieldIs('77 68 69 6c 65');
    await vchan.press('Send');
    await received().getByText('77 68 69 6c 65').waitFor();
  });

  it('says that the guest is gone, and why it cannot be opened again', async () => {
    await vchan.press('Show Ring');
    await vchan.panel.getByRole('table', { name: 'Words of the page' }).waitFor();
    await xenscope.destroyGuest('work');
    await vchan.verdict(/no longer has this page/).waitFor();
    await vchan.tab(echo).click();
    await vchan.panel
      .getByText(/work \(9\).* has (left|ended)|the domain has ended/)
      .first()
      .waitFor();
    await picture(xenscope.page, 'vchan-guest-gone');
    await vchan.press('Reopen');
    await vchan.verdict(/No vchan is offered at .*: there is no such node/).waitFor();
    await picture(xenscope.page, 'vchan-not-offered');
  });

  it('is there again with the guest, under its new number', async () => {
    await xenscope.startGuest('work');
    const { workbench } = xenscope;
    await eventually(
      'it is offered again',
      async () => {
        await workbench.clear();
        await workbench.command('Xenscope: Open Vchan…');
        await workbench.quickPick('Connect to another path…').waitFor(step);
        // What came too late for the list does not come into it.
        if (!(await workbench.quickPick(offer).isVisible())) return false;
        await workbench.quickPick(offer).click(step);
        return true;
      },
      90_000,
    );
    await vchan.verdict(/^Open to work/).waitFor();
    await send('once more');
    await received().getByText('once more').waitFor();
    await vchan.abort('Vanished');
    await vchan.verdict(/vanished, and nobody was told/).waitFor();
  });
});
