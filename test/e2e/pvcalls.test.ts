/** PV Calls in the real VS Code: the view with the sockets of the demo's guests, the panel of a device, and the ways on. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

const step = { timeout: stepTimeoutMs };

describe('PV Calls in VS Code', function () {
  this.timeout(testTimeoutMs);
  // The customer begins its connections anew twice a minute then, and looks for its printer as often.
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 3 } });
  let xenscope: Xenscope;
  let view: Locator;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.page.setViewportSize({ width: 1560, height: 1150 });
    await xenscope.open();
    await onlyPvCalls();
    await xenscope.workbench.widenSideBar(430);
  });

  /** Rows that are not on screen cannot be found. */
  async function onlyPvCalls(): Promise<void> {
    for (const title of ['Hosts', 'Xenstore', 'Rings', 'Watches', 'PV Calls']) {
      await xenscope.workbench.pane(title).locator('.pane-header').click();
    }
    view = xenscope.workbench.pane('PV Calls');
  }

  const device = (guest: string) =>
    view.locator(`[role=treeitem][aria-level="1"][aria-label^="PV Calls of ${guest} ("]`);
  const socketsOf = (guest: string) =>
    view.locator(`[role=treeitem][aria-level="2"][aria-label*=" of ${guest} ("]`);
  const shopListening = () =>
    socketsOf('shop').and(view.locator('[aria-label*=", listening, at 10.0.0.1:80"]'));
  const panel = () => xenscope.workbench.panel;
  const grid = (name: string) => panel().getByRole('grid', { name });
  const rows = (name: string) => grid(name).locator('tbody tr:not(.spacer)');
  const detail = (name: string) => panel().getByRole('region', { name });

  async function openPanel(guest: string): Promise<void> {
    await xenscope.workbench.ask('Xenscope: Open PV Calls…', guest);
    await xenscope.workbench
      .quickPick(new RegExp(`^${guest}.*→.*domain`))
      .first()
      .click();
    await panel()
      .getByRole('heading', { level: 1, name: new RegExp(`^${guest} \\(\\d+\\) → Domain-0`) })
      .waitFor();
  }

  it('shows who has sockets through whom, and the sockets below', async () => {
    await device('till').waitFor({ timeout: 60_000 });
    assert.match((await device('till').getAttribute('aria-label')) ?? '', /served by Domain-0/);
    await shopListening().first().waitFor({ timeout: 60_000 });
    const connected = socketsOf('till').and(view.locator('[aria-label*=", connected, to 10.0.0.1:7"]'));
    await eventually(
      'the three connections to the echo are shown',
      async () => (await connected.count()) === 3,
    );
    await picture(xenscope.page, 'pvcalls-view-dark');
  });

  it('says in the hover of a socket what it is', async () => {
    await xenscope.held(async () => {
      const hover = await xenscope.hover(shopListening().first(), 'Connections come in here');
      assert.match(hover, /128 connections may wait here to be accepted/);
    });
  });

  it('opens a panel in which sockets live', async () => {
    await openPanel('till');
    await rows('Sockets').filter({ hasText: '10.0.0.1:7' }).first().waitFor();
    const passed = async () =>
      (await rows('Sockets').filter({ hasText: '10.0.0.1:7' }).allTextContents()).join();
    const before = await passed();
    await eventually('bytes pass', async () => (await passed()) !== before, 60_000);
    await eventually(
      'commands are told',
      async () => (await rows('Answered commands, newest first').count()) > 0,
      60_000,
    );
  });

  it('names the error where nobody listens, and shows the call slot by slot', async () => {
    await panel().getByRole('button', { name: 'Answer' }).waitFor();
    const refused = rows('Answered commands, newest first').filter({ hasText: 'ECONNREFUSED' }).first();
    await refused.waitFor({ timeout: 90_000 });
    await refused.click();
    const call = detail('The selected command');
    await call.getByText(/^CONNECT, request \d+: connect .*10\.0\.0\.9:631/).waitFor();
    await call.getByText(/ECONNREFUSED \(−111\): /).waitFor();
    await call.getByRole('table', { name: 'Request, field by field' }).getByText('connect (1)').waitFor();
    await call.getByText('The raw slot').first().click();
    await call
      .getByText(/^00 {2}/)
      .first()
      .waitFor();
    await panel().getByRole('button', { name: 'Pause View' }).click();
    await picture(xenscope.page, 'pvcalls-panel-dark');
  });

  it('is readable in every theme', async () => {
    for (const [name, theme, body] of [
      ['light', 'Light Modern', 'vscode-light'],
      ['high-contrast', 'Dark High Contrast', 'vscode-high-contrast'],
      ['high-contrast-light', 'Light High Contrast', 'vscode-high-contrast-light'],
      ['dark', 'Dark Modern', 'vscode-dark'],
    ] as const) {
      await xenscope.workbench.setTheme(theme);
      await panel().locator(`body.${body}`).waitFor();
      await xenscope.workbench.quiet();
      await picture(xenscope.page, `pvcalls-panel-${name}`);
      await panel().getByRole('button', { name: 'What Am I Looking At?' }).click();
      await panel().getByText('PV Calls forwards the socket functions').waitFor();
      await picture(xenscope.page, `pvcalls-panel-help-${name}`);
      await panel().getByRole('button', { name: 'What Am I Looking At?' }).click();
    }
    const told = panel().getByText(/^\d+ answered commands, the newest first/);
    const before = await told.textContent();
    await panel().getByRole('button', { name: 'Go On' }).click();
    await eventually('frames come again', async () => (await told.textContent()) !== before, 60_000);
  });

  it('opens the data rings of a socket in the panel of a ring', async () => {
    await openPanel('till');
    const socket = rows('Sockets').filter({ hasText: '10.0.0.1:7' }).first();
    // Connections begin anew now and then, and the world may be held just in between.
    await eventually(
      'the data rings of a connection are open, in a world that is held',
      async () => {
        await socket.waitFor({ timeout: 60_000 });
        await xenscope.held(async () => {
          await socket.click(step);
          await detail('The selected socket').getByText('connected').first().waitFor(step);
          await detail('The selected socket').getByRole('button', { name: 'Open Data Rings' }).click();
          await lookAtDataRings();
        });
        return true;
      },
      90_000,
    );
    await closeTo(panel().getByRole('heading', { level: 1, name: /^till/ }));
  });

  async function lookAtDataRings(): Promise<void> {
    await panel().getByRole('heading', { name: 'To the guest (in): backend → frontend' }).waitFor();
    await panel().getByRole('img').nth(1).waitFor();
    await picture(xenscope.page, 'pvcalls-data-ring-dark');
    await xenscope.workbench.setTheme('Light Modern');
    await panel().locator('body.vscode-light').waitFor();
    await picture(xenscope.page, 'pvcalls-data-ring-light');
    await xenscope.workbench.setTheme('Dark Modern');
  }

  /** Closes the editor in front, which leaves the one behind it. */
  async function closeTo(behind: Locator): Promise<void> {
    await xenscope.workbench.command('View: Close Editor');
    await behind.waitFor();
  }

  it('leads to the command ring and to the device', async () => {
    await openPanel('till');
    const ofTill = panel().getByRole('heading', { level: 1, name: /^till/ });
    await panel().getByRole('button', { name: 'Command Ring' }).click();
    await panel()
      .getByRole('img', { name: /Requests: frontend → backend/ })
      .waitFor();
    await closeTo(ofTill);
    await panel().getByRole('button', { name: 'Device', exact: true }).click();
    await panel().getByRole('heading', { level: 1, name: 'pvcalls 0' }).waitFor();
    await closeTo(ofTill);
  });

  it('comes back when the window is loaded anew, with what was typed into its filter, and with it the ring and the device', async () => {
    const filter = () => panel().getByRole('textbox', { name: 'Filter sockets' });
    await filter().fill('10.0.0.1:7');
    await panel()
      .getByText(/^3 of \d+$/)
      .waitFor({ timeout: 60_000 });
    const commandRing = () => panel().getByRole('img', { name: /Requests: frontend → backend/ });
    const device = () => panel().getByRole('heading', { level: 1, name: 'pvcalls 0' });
    const ofTill = panel().getByRole('heading', { level: 1, name: /^till \(\d+\) → Domain-0/ });
    const tab = (name: RegExp) => xenscope.page.locator('.tabs-container').getByRole('tab', { name });
    await panel().getByRole('button', { name: 'Device', exact: true }).click();
    await device().waitFor();
    await tab(/^PV Calls: till/).click();
    await ofTill.waitFor();
    await panel().getByRole('button', { name: 'Command Ring' }).click();
    await commandRing().waitFor();
    await xenscope.workbench.reload();
    // The guest connects anew in the world that begins with the window.
    await commandRing().waitFor({ timeout: 60_000 });
    await picture(xenscope.page, 'pvcalls-ring-revived');
    await closeTo(ofTill);
    await panel()
      .getByText(/^3 of \d+$/)
      .waitFor({ timeout: 60_000 });
    assert.equal(await filter().inputValue(), '10.0.0.1:7');
    await rows('Sockets').first().waitFor();
    await tab(/^pvcalls 0: till/).click();
    await device().waitFor({ timeout: 60_000 });
    await picture(xenscope.page, 'pvcalls-device-revived');
    await closeTo(ofTill);
  });

  it('opens its panel by a click on a socket, at that socket', async () => {
    await xenscope.workbench.openContainer('Xenscope');
    const socket = shopListening().first();
    await device('shop').waitFor({ timeout: 60_000 });
    await xenscope.workbench.tree('PV Calls').expand(device('shop'));
    await socket.waitFor();
    await xenscope.held(async () => {
      // What is drawn anew under a click opens nothing.
      await eventually('its panel is open', async () => {
        await socket.click(step);
        await panel().getByRole('heading', { level: 1, name: /^shop/ }).waitFor(step);
        return true;
      });
      await detail('The selected socket').getByText('Its own address is 10.0.0.1:80.').waitFor();
      await picture(xenscope.page, 'pvcalls-panel-shop-dark');
    });
  });

  it('says what it is, and how a guest has it, where nobody does', async () => {
    for (const guest of ['shop', 'till']) {
      // Not there any more when this is tried again.
      if ((await device(guest).count()) === 0) continue;
      await xenscope.workbench.ask('Xenscope: Destroy Guest…', guest);
      await xenscope.workbench.quickPick(guest).click();
      await xenscope.workbench.dialog.getByRole('button', { name: 'Destroy' }).click();
    }
    await view.getByText('No guest has a PV Calls device now.').waitFor({ timeout: 60_000 });
    await view.getByText('the guests shop and till have one').waitFor();
    await panel().getByText('There is no such PV Calls device now.').waitFor({ timeout: 60_000 });
    await panel().getByText('not seen now').waitFor();
    // It is called as it was.
    await panel()
      .getByRole('heading', { level: 1, name: /^shop \(\d+\) → Domain-0/ })
      .waitFor();
    await picture(xenscope.page, 'pvcalls-view-empty');
  });

  it('loads nothing from elsewhere, and raises no error in its pages', () => {
    assert.deepEqual([...editor().browser.blocked], []);
    assert.deepEqual([...editor().browser.pageErrors], []);
  });
});
