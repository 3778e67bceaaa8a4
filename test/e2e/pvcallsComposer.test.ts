/** Commands of PV Calls by hand in the real VS Code: as client of a guest's HTTP server, as server, wrong on purpose. */
import { picture } from './artefacts';
import { ComposerPage } from './composerPage';
import { eventually, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

/** The last one is what the window had before. */
const themes = [
  ['Light Modern', 'light'],
  ['Dark High Contrast', 'high-contrast'],
  ['Dark Modern', 'dark'],
] as const;
const compose = 'Xenscope: PV Calls: Compose a Command…';
const connect = 'Xenscope: PV Calls: Connect to Address…';
/** Of the guest `shop`, in the network inside the world. */
const shop = '10.0.0.1:80';

describe('commands of PV Calls by hand, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 1 } });
  let xenscope: Xenscope;
  let composer: ComposerPage;
  const ourTab = 'Compose: web (2) → Domain-0 (0)';

  const inThemes = async (name: string) => {
    for (const [theme, kind] of themes) {
      await xenscope.workbench.setTheme(theme);
      await composer.panel.locator(`body.vscode-${kind}`).waitFor();
      await picture(xenscope.page, `${name}-${kind}`);
    }
  };

  before(async () => {
    xenscope = new Xenscope(editor());
    composer = new ComposerPage(xenscope);
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1380, height: 1200 });
    await xenscope.workbench.command('Notifications: Toggle Do Not Disturb Mode');
  });

  it('begin with a device of our own, connected to a backend that the person picks', async () => {
    await composer.open(compose, /Domain-0/, /^web/);
    await composer.status('Connected to Domain-0 (0).').waitFor();
    await composer.panel.getByText('Frontend: Connected · backend: Connected').waitFor();
  });

  it('make a socket, with the number that is suggested', async () => {
    await composer.fieldIs('Socket', '1');
    await composer.sendButton.click();
    await composer.answer(/^Open socket 1: done/).waitFor();
    await composer.socket('1').getByText('made').waitFor();
    await composer.fieldIs('Socket', '2');
  });

  it('say in place what cannot be sent, and in words what the backend refuses', async () => {
    await composer.send('CONNECT', { Address: 'shop' });
    await composer.panel.getByText(/“Address” is none of IPv4/).waitFor();
    await composer.field('Address').fill('10.0.0.1:81');
    await composer.field('Address').press('Control+Enter');
    await composer
      .answer(/^Connect socket 1 to 10\.0\.0\.1:81: nobody listens there \(ECONNREFUSED, −111\)/)
      .waitFor();
    await picture(xenscope.page, 'composer-refused');
  });

  it('connect to the HTTP server of a guest, and open its console', async () => {
    await composer.send('CONNECT', { Address: shop });
    await composer.answer(/^Connect socket 1 to 10\.0\.0\.1:80: done/).waitFor();
    await composer.socket('1').getByText('connected to 10.0.0.1:80').waitFor();
    await composer.panel.getByRole('heading', { name: /^Socket 1, connected to/ }).waitFor();
  });

  it('ask for a page by hand, and show what comes as text and as digits', async () => {
    await composer.panel.getByRole('combobox', { name: 'What comes behind a text' }).click();
    await composer.panel.getByRole('option', { name: 'Line end \\r\\n' }).click();
    await composer.consoleField.fill('GET / HTTP/1.0\nHost: shop\n');
    await composer.consoleField.press('Enter');
    await composer.log.getByText('HTTP/1.0 200 OK').waitFor();
    await composer.log.getByText('48 54 54 50 2f 31 2e 30').first().waitFor();
    await composer.panel
      .getByText(/ENOTCONN/)
      .first()
      .waitFor();
    // The page alone, from its top.
    await xenscope.workbench.command('View: Toggle Primary Side Bar Visibility');
    await composer.heading.scrollIntoViewIfNeeded();
    await inThemes('composer-http');
    await xenscope.workbench.command('View: Toggle Primary Side Bar Visibility');
  });

  it('lead to the command ring, and to what an observer sees of the device', async () => {
    await composer.press('Show Command Ring');
    await composer.panel.getByText('Requests: frontend → backend').waitFor();
    await xenscope.workbench.command('View: Close Editor');
    await composer.press('Show as Observer');
    await composer.panel.getByRole('heading', { level: 1, name: /^web \(2\) → Domain-0/ }).waitFor();
    await composer.panel.getByText('10.0.0.1:80').first().waitFor();
    await xenscope.workbench.command('View: Close Editor');
  });

  it('release the socket', async () => {
    await composer.press('Release');
    await composer.answer(/^Release socket 1: done/).waitFor();
    await composer.panel.getByText('No socket yet').waitFor();
    await composer.panel.getByText('The socket is released').first().waitFor();
  });

  it('bind, listen, poll and accept, and talk with a client that another panel connects', async () => {
    await composer.send('SOCKET');
    await composer.answer(/^Open socket 2: done/).waitFor();
    await composer.send('BIND', { Address: '10.0.0.1:8080' });
    await composer.answer(/^Bind socket 2 to 10\.0\.0\.1:8080: done/).waitFor();
    await composer.send('LISTEN');
    await composer.answer(/^Listen at socket 2, backlog 16: done/).waitFor();
    await composer.send('POLL');
    await composer.history.first().getByText('not answered yet').waitFor();
    const client = new ComposerPage(xenscope);
    await client.openAt(connect, '10.0.0.1:8080', /^database/);
    await client.consoleField.fill('hello, server');
    await client.consoleField.press('Enter');
    await client.log.getByText('hello, server').waitFor();
    await xenscope.page.getByRole('tab', { name: ourTab }).click();
    await composer.answer(/^Poll socket 2: done/).waitFor();
    await composer.send('ACCEPT');
    await composer.answer(/^Accept at socket 2 as socket 3: done/).waitFor();
    await composer.consoleOf('3').click();
    await composer.log.getByText('hello, server').waitFor();
    await composer.consoleField.fill('and back');
    await composer.consoleField.press('Enter');
    await picture(xenscope.page, 'composer-accepted');
    await composer.press('Release');
    await composer.answer(/^Release socket 3: done/).waitFor();
    await xenscope.page.getByRole('tab', { name: /database/ }).click();
    await client.log.getByText('and back').waitFor();
    await client.panel
      .getByText(/ENOTCONN/)
      .first()
      .waitFor();
    await xenscope.workbench.command('View: Close Editor');
  });

  it('take any 64 bytes, and what is wrong on purpose', async () => {
    await composer.choose('POLL');
    await composer.press('To Raw');
    const slot = composer.panel.getByRole('textbox', { name: 'The 64 bytes of the slot' });
    await composer.panel.getByText('64 of 64 bytes.').waitFor();
    await slot.fill('07 00 00 00 63');
    await composer.panel.getByText('5 of 64 bytes; the rest is filled up with zeros.').waitFor();
    await composer.panel.getByText('No command has the number 99').waitFor();
    await slot.press('Control+Enter');
    await composer.answer(/^Command 99, .*ENOTSUP, −524/).waitFor();
    await slot.fill('0x0g');
    await composer.panel.getByText('must be pairs of hexadecimal digits').waitFor();
    await composer.choose('SOCKET');
    await composer.panel.getByText('Wrong on purpose', { exact: true }).click();
    await composer.field('domain').fill('10');
    await composer.sendButton.click();
    await composer.answer(/this is not supported \(ENOTSUP, −524\)/).waitFor();
    await inThemes('composer-wrong');
  });

  it('are sent again from the history, and edited', async () => {
    const line = composer.history.filter({ hasText: 'LISTEN' }).first();
    await line.getByRole('button', { name: 'Edit LISTEN 2' }).click();
    await composer.fieldIs('Backlog', '16');
    await line.getByRole('button', { name: 'Send LISTEN 2 Again' }).click();
    await composer.answer(/^Listen at socket 2, .*\(EINVAL, −22\)/).waitFor();
  });

  it('are saved as favourites, which stay with the draft and the history when the window is loaded anew', async () => {
    await composer.choose('CONNECT');
    await composer.field('Address').fill('10.0.0.1:631');
    await composer.press('Save as Favourite…');
    await xenscope.workbench.answer('the printer');
    await composer.favourite('the printer').waitFor();
    await composer.press('Save as Favourite…');
    await xenscope.workbench.answer('a copy');
    await composer.press('Rename “a copy”');
    await xenscope.workbench.answer('another one');
    // Before another command takes the place of the question.
    await composer.favourite('another one').waitFor();
    const remove = async () => {
      await composer.press('Remove “another one”');
      await composer.favourite('another one').waitFor({ state: 'detached' });
    };
    await xenscope.workbench.command('Notifications: Toggle Do Not Disturb Mode');
    await remove();
    const told = xenscope.workbench.notification('The favourite “another one” is removed.');
    await told.getByRole('button', { name: 'Undo' }).click();
    await composer.favourite('another one').waitFor();
    await xenscope.workbench.command('Notifications: Toggle Do Not Disturb Mode');
    await remove();
    await composer.field('Address').fill('10.0.0.1:7');
    const sent = await composer.history.count();
    const loaded = xenscope.page.waitForEvent('load', { timeout: 60_000 });
    await xenscope.workbench.command('Developer: Reload Window');
    await loaded;
    await xenscope.workbench.ready();
    await composer.heading.waitFor({ timeout: 60_000 });
    await composer.status(/The window was loaded anew/).waitFor();
    await composer.favourite('the printer').waitFor();
    await composer.fieldIs('Address', '10.0.0.1:7');
    await eventually('the history is there', async () => (await composer.history.count()) === sent);
    await eventually('nothing can be sent', () => composer.sendButton.isDisabled());
    await picture(xenscope.page, 'composer-loaded-anew');
    await composer.reopen();
    await composer.favourite('the printer').click();
    await composer.fieldIs('Address', '10.0.0.1:631');
    await composer.sendButton.click();
    await composer.panel.getByText(/is missing: say which socket is meant/).waitFor();
    await composer.send('SOCKET');
    await composer.answer(/^Open socket 1: /).waitFor();
  });
});
