/** Sockets of PV Calls by hand in the real VS Code: their consoles, kept pages, somebody else's ring, a new server. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { picture } from './artefacts';
import { ComposerPage } from './composerPage';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { VchanConsole } from './vchanConsole';
import { Xenscope } from './xenscope';

const fileBytes = 45_000;
/** More than lies between us and the echo while we read nothing. */
const manyBytes = 1_500_000;
/** The echo of the guest `shop`, in the network inside the world. */
const echo = '10.0.0.1:7';

describe('sockets of PV Calls by hand, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({
    settings: { 'xenscope.simulator.pace': 1 },
    files: {
      'notes.txt': 'line of a file\n'.repeat(fileBytes / 15),
      'novel.txt': 'line of a file\n'.repeat(manyBytes / 15),
    },
  });
  let xenscope: Xenscope;
  let composer: ComposerPage;

  async function send(text: string): Promise<void> {
    await composer.consoleField.fill(text);
    await composer.consoleField.press('Enter');
  }

  const isDisabled = (name: string) =>
    eventually(`${name} cannot be pressed`, () => composer.button(name).isDisabled());
  const isChosen = (command: string) =>
    composer.panel.getByRole('radio', { name: command, exact: true, checked: true }).waitFor();

  before(async () => {
    xenscope = new Xenscope(editor());
    composer = new ComposerPage(xenscope);
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1600, height: 1300 });
    await xenscope.workbench.command('Notifications: Toggle Do Not Disturb Mode');
  });

  it('are connected from an address at once, and give back text and digits', async () => {
    await composer.openAt('Xenscope: PV Calls: Connect to Address…', echo, /^web/);
    await send('hello, echo');
    await composer.log.locator('li.received').getByText('hello, echo').waitFor();
    await composer.panel.getByRole('combobox', { name: 'How it is typed' }).click();
    await composer.panel.getByRole('option', { name: 'Hexadecimal' }).click();
    await send('de ad be ef');
    await composer.log.locator('li.received').getByText('de ad be ef').waitFor();
  });

  it('give back a whole file, while both directions are recorded', async () => {
    const files = new VchanConsole(xenscope);
    const log = path.join(editor().workspace, 'socket.log');
    await files.nameFile('Record into which file?', log, /socket-1\.log$/, async () => {
      await composer.press('Record…');
      await xenscope.workbench.quickPickNamed('Text and hexadecimal').click({ timeout: stepTimeoutMs });
    });
    await composer.button('Stop Recording').waitFor();
    await files.nameFile('Send which file?', path.join(editor().workspace, 'notes.txt'), /\/$/, () =>
      composer.press('Send File…'),
    );
    await composer.panel.getByText('notes.txt: Sent 45,000 bytes.').waitFor();
    await composer.panel.getByText(/^45,015 bytes in \d+ reads$/).waitFor();
    await composer.press('Stop Recording');
    await composer.panel.getByText(`Recorded in ${log}.`).waitFor();
    const text = readFileSync(log, 'latin1');
    const bytesOf = (way: string) =>
      [...text.matchAll(new RegExp(`^# \\S+ ${way} (\\d+) bytes?$`, 'gm'))].reduce(
        (sum, [, bytes]) => sum + Number(bytes),
        0,
      );
    assert.deepEqual([bytesOf('sent'), bytesOf('received')], [fileBytes, fileBytes]);
  });

  it('fill their ring while nothing is read, and show it in the ring panel', async () => {
    await composer.press('Stop Reading');
    await send('41 '.repeat(3000));
    await composer.panel
      .getByRole('meter', { name: /^Received \(in\): 3,000 of 32,768 bytes, 9 %/ })
      .waitFor();
    await composer.socket('1').getByText('9 %').waitFor();
    await picture(xenscope.page, 'composer-console');
    await composer.press('Show Rings');
    // What only the panel of a ring has, which is not this page.
    await composer.heading.waitFor({ state: 'hidden' });
    await composer.panel.getByRole('heading', { level: 1, name: /^pvcalls \d+ socket 1$/ }).waitFor();
    // Both directions are drawn.
    await composer.panel.getByRole('img').nth(1).waitFor();
    await composer.panel
      .getByText(/3,000 of 32,768 bytes/)
      .first()
      .waitFor();
    await picture(xenscope.page, 'composer-data-rings');
    await xenscope.workbench.command('View: Close Editor');
    await composer.heading.waitFor();
    await composer.press('Read Again');
    await composer.panel.getByText(/^48,015 bytes in \d+ reads$/).waitFor();
  });

  it('stop sending a file that nobody takes, and get back what was sent of it', async () => {
    const files = new VchanConsole(xenscope);
    await composer.press('Stop Reading');
    await files.nameFile('Send which file?', path.join(editor().workspace, 'novel.txt'), /\/$/, () =>
      composer.press('Send File…'),
    );
    await composer.panel.getByRole('meter', { name: /^Sent \(out\): .* 100 %/ }).waitFor();
    await picture(xenscope.page, 'composer-sending');
    await composer.press('Stop Sending');
    const said = composer.panel.getByText(/novel\.txt: [0-9,]+ of 1,500,000 bytes lie in the ring\./);
    await said.waitFor();
    assert.match((await said.textContent())!, / Stopped\.$/);
    assert.equal(await composer.panel.locator('.composer .problem:visible').count(), 0, 'nothing is wrong');
    const [, sent] = /: ([0-9,]+) of/.exec((await said.textContent())!)!;
    await composer.press('Read Again');
    const whole = 48_015 + Number(sent!.replaceAll(',', ''));
    await composer.panel
      .getByText(new RegExp(`^${whole.toLocaleString('en-US')} bytes in \\d+ reads$`))
      .waitFor();
    await picture(xenscope.page, 'composer-stopped');
  });

  it('are released with their pages kept, which the next one takes', async () => {
    await composer.press('Release, Keep Pages');
    await composer.answer(/^Release socket 1, and keep its pages: done/).waitFor();
    await composer.send('SOCKET');
    await composer.answer(/^Open socket 2: done/).waitFor();
    await composer.choose('CONNECT');
    await composer.panel.getByRole('combobox', { name: 'Pages' }).click();
    await composer.panel.getByRole('option', { name: /kept, order 4/ }).click();
    await composer.sendButton.click();
    await composer.answer(/^Connect socket 2 to 10\.0\.0\.1:7: done/).waitFor();
    await composer.consoleOf('2').click();
    await send('21');
    await composer.log.locator('li.received').getByText('21').first().waitFor();
  });

  it('are given back without a RELEASE, as by a frontend that has forgotten them', async () => {
    await composer.press('End Sending');
    await composer.panel
      .locator('.console:visible > .verdict')
      .getByText('Nothing more is sent, and all was read; the other side learns of it with the RELEASE.')
      .waitFor();
    await isDisabled('End Sending');
    await composer.press('Abandon');
    await composer.socket('2').getByText('its rings were given back without a RELEASE').waitFor();
    await composer.panel
      .locator('.console:visible > .verdict')
      .getByText('The socket is released; what passed stays to be read.')
      .waitFor();
    await isDisabled('Abandon');
  });

  it('are reached by keys alone', async () => {
    await composer.choose('SOCKET');
    await xenscope.page.keyboard.press('ArrowRight');
    await isChosen('CONNECT');
    await xenscope.page.keyboard.press('ArrowLeft');
    await isChosen('SOCKET');
    await xenscope.page.keyboard.press('ArrowLeft');
    await isChosen('Raw');
    await composer.choose('SOCKET');
    await composer.field('Socket').press('Control+Enter');
    await composer.answer(/^Open socket 3: done/).waitFor();
  });

  it('keep what was typed while the server is started again', async () => {
    await composer.consoleField.fill('77 68 69 6c 65');
    await composer.choose('BIND');
    await composer.field('Address').fill('10.0.0.1:9999');
    await xenscope.workbench.command('Xenscope: Restart Server');
    await composer.status(/The Xenscope server ended/).waitFor();
    await composer.fieldIs('Address', '10.0.0.1:9999');
    await eventually(
      'what was typed is there',
      async () => (await composer.consoleField.inputValue()) === '77 68 69 6c 65',
    );
    await picture(xenscope.page, 'composer-server-away');
    await composer.reopen();
    await composer.send('SOCKET');
    await composer.answer(/^Open socket 1: done/).waitFor();
    await composer.choose('BIND');
    await composer.fieldIs('Address', '10.0.0.1:9999');
  });

  it('end with their device, as a crash ends them or in order', async () => {
    await composer.press('Kill');
    await composer.status(/killed/).waitFor();
    await composer.reopen();
    await composer.press('Close');
    await composer.status(/Closed/).waitFor();
    await xenscope.workbench.command('View: Close Editor');
  });

  it('say in words that a backend does not speak the draft of the protocol, where that was chosen', async () => {
    const { workbench } = xenscope;
    await eventually('the composer opens', async () => {
      await workbench.ask('Xenscope: PV Calls: Compose a Command…', 'Draft of 2016');
      for (const answer of [/In the Draft of 2016/, /^web/]) {
        await workbench.quickPick(answer).click({ timeout: stepTimeoutMs });
      }
      await composer.heading.waitFor({ timeout: stepTimeoutMs });
      return true;
    });
    await composer.panel.getByText(/, in the draft of 2016$/).waitFor();
    await composer.status(/ offers the versions .* and ours is 1/).waitFor();
    await composer.status(/This was asked in the draft of 2016, and most speak the final protocol/).waitFor();
    await picture(xenscope.page, 'composer-draft');
    await workbench.command('View: Close Editor');
  });

  it('listen at an address at once, where the program of a guest comes and is served by hand', async () => {
    const { workbench, page } = xenscope;
    // It asks shop for pages; where shop is gone, it asks whoever listens there.
    await xenscope.destroyGuest('shop');
    await eventually('the address is free, and ours', async () => {
      await workbench.ask('Xenscope: PV Calls: Listen at Address…', '10.0.0.1:80');
      await page.keyboard.press('Enter');
      await workbench.quickPick(/^web/).click({ timeout: stepTimeoutMs });
      await composer.answer(/^Accept at socket 1 as socket 2/).waitFor({ timeout: 20_000 });
      return true;
    });
    await composer.answer(/^Accept at socket 1 as socket 2: done/).waitFor({ timeout: 90_000 });
    await composer.panel.getByRole('heading', { name: /^Socket 2, accepted by socket 1/ }).waitFor();
    await composer.log
      .locator('li.received')
      .getByText(/GET \//)
      .first()
      .waitFor();
    await composer.panel.getByRole('combobox', { name: 'What comes behind a text' }).click();
    await composer.panel.getByRole('option', { name: 'Line end \\r\\n' }).click();
    await send('HTTP/1.0 200 OK\n\nby hand');
    await composer.log.locator('li.sent').getByText('by hand').waitFor();
    // It has its page, and ends the connection.
    await composer.panel
      .getByText(/The other side has ended, in good order/)
      .first()
      .waitFor();
    await picture(page, 'composer-served-guest');
    await composer.press('Release');
    await composer.answer(/^Release socket 2: done/).waitFor();
    await workbench.command('View: Close Editor');
  });

  it('can be asked for in the ring of a guest, which is marked as not ours', async () => {
    const { workbench } = xenscope;
    const view = workbench.tree('PV Calls');
    await workbench.setOpen('PV Calls', true);
    const till = view.pane.locator('[role=treeitem][aria-level="1"][aria-label^="PV Calls of till"]');
    await till.waitFor();
    await view.choose(till, 'PV Calls: Compose a Command…', async () => {
      await workbench.quickPick(/till \(15\) → Domain-0/).click({ timeout: stepTimeoutMs });
      await workbench.dialog.getByRole('button', { name: 'Open' }).waitFor({ timeout: stepTimeoutMs });
    });
    await picture(xenscope.page, 'composer-foreign-question');
    await workbench.dialog.getByRole('button', { name: 'Open' }).click();
    await composer.panel.getByText(/This is the ring of till \(15\), not one of ours/).waitFor();
    await composer.send('SOCKET', { Socket: '0x1234567890' });
    await composer.answer(/Open socket 0x1234567890: done/).waitFor();
    await picture(xenscope.page, 'composer-foreign');
    await composer.send('RELEASE', { Socket: '0x1234567890' });
    await composer.answer(/Release socket 0x1234567890: done/).waitFor();
    await composer.press('Leave');
    await composer.status('Closed: nothing more is written into this ring.').waitFor();
    await eventually('nothing can be sent', () => composer.sendButton.isDisabled());
    await xenscope.workbench.command('View: Close Editor');
  });
});
