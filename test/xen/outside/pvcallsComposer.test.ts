/**
 * Commands of PV Calls by hand, in the real VS Code on the emulated dom0: to our backend, which the editor opens there
 * too, and to Linux’s.
 */
import assert from 'node:assert/strict';
import { picture } from '../../e2e/artefacts';
import { ComposerPage } from '../../e2e/composerPage';
import { eventually } from '../../e2e/eventually';
import type { Xenscope } from '../../e2e/xenscope';
import { openGate, output, servePagesInDom0 } from '../support/outside';
import type { Served } from '../support/outside';
import { needsBrowser, openVsCodeOfDom0, patienceMs, type VsCodeOfDom0 } from '../support/vscodeOfDom0';

const isOxenstored = process.env['XENSCOPE_XEN_DAEMON'] === 'oxenstored';
const linuxBackend = 'pvcalls-back-mended';
const tab = 'Compose: Domain-0 (0) → Domain-0 (0)';
/** The last one is what the window had before. */
const themes = [
  ['Light Modern', 'light'],
  ['Dark Modern', 'dark'],
] as const;

// The daemon has no part in it: it runs under one of the two, and the rest of VS Code under the other.
(isOxenstored ? describe : () => undefined)('commands of PV Calls by hand in VS Code, on a real Xen', () => {
  const gate = openGate();
  let pages: Served;
  let vscode: VsCodeOfDom0;
  let xenscope: Xenscope;
  let composer: ComposerPage;
  /** Of the first device. */
  let nodes: string[];

  const workbench = () => xenscope.workbench;
  const agree = async (question: string | RegExp) => {
    const { dialog } = workbench();
    await dialog.getByText(question).first().waitFor();
    await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  };
  /** A page, asked for by hand in the console that is shown. */
  async function askForPage(): Promise<void> {
    const { panel, consoleField, log } = composer;
    await panel.getByRole('combobox', { name: 'What comes behind a text' }).click();
    await panel.getByRole('option', { name: 'Line end \\r\\n' }).click();
    await consoleField.fill('GET / HTTP/1.0\nHost: dom0\n');
    await consoleField.press('Enter');
    await log.getByText('HTTP/1.1 200 OK').waitFor();
    // Its last line is cut in two where the digits end.
    await log.getByText('e of dom0').waitFor();
  }

  before(async function () {
    needsBrowser(this);
    pages = await servePagesInDom0(gate, 'a page of dom0');
    vscode = await openVsCodeOfDom0(gate, 1200);
    xenscope = vscode.xenscope;
    composer = new ComposerPage(xenscope);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await picture(xenscope.page, 'failed-real-composer');
  });
  after(async () => {
    await vscode?.end();
    await pages?.end();
    await gate.run(['rmmod', linuxBackend]);
  });

  it('are offered where no guest has a device, as is a backend', async () => {
    await vscode.showHost();
    const toggle = async (...titles: string[]) => {
      for (const title of titles) await workbench().pane(title).locator('.pane-header').click();
    };
    await toggle('Hosts', 'Xenstore', 'Rings', 'Watches', 'Devices');
    await workbench().pane('Devices').getByText('No domain has a device now.').waitFor();
    await toggle('Devices', 'PV Calls');
    const view = workbench().pane('PV Calls');
    await view.getByText('Domain 0 serves it with the module pvcalls-back').waitFor();
    await picture(xenscope.page, 'real-composer-welcome');
    await view.getByRole('button', { name: 'Open Our Own Backend…' }).click();
    await agree('serves PV Calls');
    await composer.panel.getByText('Off: every call passes.').first().waitFor();
    await view.getByRole('button', { name: 'Compose a Command…' }).click();
    await workbench().quickPick('Xenscope’s own backend of PV Calls serves there.').click();
    await agree('Domain-0 (0) gets a new PV Calls device');
    await xenscope.page.getByRole('tab', { name: tab }).waitFor();
    await composer.status('Connected to Domain-0 (0).').waitFor();
    const path = await composer.panel.getByText(/^\/local\/domain\/0\/device\/pvcalls\//).textContent();
    nodes = path!.split(' → ');
  });

  it('are refused in words: what the allow-list does not name, and where nobody listens', async () => {
    await composer.send('SOCKET');
    await composer.answer(/^Open socket 1: done/).waitFor();
    await composer.send('CONNECT', { Address: '10.1.2.3:80' });
    await composer
      .answer(/permission denied \(EACCES, −13\).*allow-list does not name the address/)
      .waitFor();
    await picture(xenscope.page, 'real-composer-refused');
    await composer.send('CONNECT', { Address: '127.0.0.1:9' });
    await composer.answer(/nobody listens there \(ECONNREFUSED, −111\)/).waitFor();
  });

  it('connect to a server of HTTP in dom0, which gives a page that is asked for by hand', async () => {
    await composer.send('CONNECT', { Address: pages.address });
    await composer.answer(/^Connect socket 1 to 127\.0\.0\.1:\d+: done/).waitFor();
    await askForPage();
    await composer.status('Connected to Domain-0 (0).').waitFor();
    await composer.panel
      .getByText(/The other side has ended, in good order/)
      .first()
      .waitFor();
    await workbench().command('View: Toggle Primary Side Bar Visibility');
    for (const [theme, kind] of themes) {
      await workbench().setTheme(theme);
      await composer.panel.locator(`body.vscode-${kind}`).waitFor();
      await picture(xenscope.page, `real-composer-http-${kind}`);
    }
    await workbench().command('View: Toggle Primary Side Bar Visibility');
  });

  it('lead to the rings, and end with the RELEASE', async () => {
    await composer.press('Show Rings');
    await composer.heading.waitFor({ state: 'hidden' });
    const { panel } = composer;
    await panel.getByRole('heading', { level: 1, name: /^pvcalls \d+ socket 1$/ }).waitFor();
    await panel.getByText('a page of dom0').waitFor();
    await panel.getByText('GET / HTTP/1.0').waitFor();
    await picture(xenscope.page, 'real-composer-rings');
    await workbench().command('View: Close Editor');
    await composer.press('Show Command Ring');
    await panel.getByText('Requests: frontend → backend').waitFor();
    await panel
      .getByText(/ECONNREFUSED/)
      .first()
      .waitFor();
    await workbench().command('View: Close Editor');
    await composer.press('Release');
    await composer.answer(/^Release socket 1: done/).waitFor();
    await composer.press('Close');
    await composer.status('Closed: the nodes are removed').waitFor();
    for (const node of nodes) assert.equal((await gate.run(['xenstore-exists', node])).status, 1, node);
    await workbench().command('View: Close Editor');
    await composer.press('Close Backend');
    await panel.getByText('Our backend is not open').first().waitFor();
    assert.deepEqual(vscode.pageErrors(), []);
  });

  it('reach Linux’s backend as well, from an address at once', async function () {
    const module = `/suites/pvcalls/${linuxBackend}.ko`;
    // Where it could not be built, the suites in dom0 say so.
    if ((await gate.run(['test', '-e', module])).status !== 0) this.skip();
    await output(gate, 'insmod', module);
    await eventually(
      'the composer opens',
      async () => {
        await workbench().ask('Xenscope: PV Calls: Connect to Address…', pages.address);
        await xenscope.page.keyboard.press('Enter');
        await agree('Domain-0 (0) gets a new PV Calls device');
        return true;
      },
      patienceMs,
    );
    await composer.panel.getByRole('heading', { name: `connected to ${pages.address}` }).waitFor();
    await askForPage();
    await picture(xenscope.page, 'real-composer-linux');
    await composer.press('Release');
    await composer.answer(/^Release socket 1: done/).waitFor();
    await composer.press('Close');
    await composer.status('Closed: the nodes are removed').waitFor();
    await output(gate, 'rmmod', linuxBackend);
    assert.deepEqual(vscode.pageErrors(), []);
  });
});
