/**
 * A device in the real VS Code, from its panel: its dance, what stops it, the reconnect by the button of its row, and
 * the acts by hand with their questions.
 */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { picture } from './artefacts';
import { eventually, patienceMs, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import type { XenstoreShell } from './shell';
import { Xenscope } from './xenscope';

const step = { timeout: stepTimeoutMs };
const fault = 'Unseen backend';

describe('acts on devices in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 3 } });
  let xenscope: Xenscope;
  let devices: Locator;
  let shell: XenstoreShell;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.page.setViewportSize({ width: 1300, height: 1000 });
    await xenscope.open();
    shell = await xenscope.shell();
    await xenscope.showOnly('Devices');
    await xenscope.workbench.widenSideBar(480);
    devices = xenscope.workbench.pane('Devices');
  });

  const device = (label: string, owner: string) =>
    devices.locator(`[role=treeitem][aria-label^="${label} of ${owner} "]`);
  const panel = () => xenscope.workbench.panel;
  const side = (name: string) => panel().getByRole('region', { name, exact: true });
  const moves = () =>
    panel().getByRole('table', { name: 'The dance, newest move first' }).locator('tbody tr');
  const dialog = () => xenscope.workbench.dialog;
  const stands = (states: RegExp) =>
    eventually(`the device stands so: ${String(states)}`, async () =>
      states.test((await device('vif 0', 'web').getAttribute('aria-label', step)) ?? ''),
    );
  const bothConnected = /frontend Connected, backend Connected/;

  /** The button at the end of the row, which is there while the mouse is. */
  async function pressReconnect(): Promise<void> {
    const row = device('vif 0', 'web');
    await eventually('the question is asked', async () => {
      await xenscope.workbench.clear();
      await row.hover(step);
      await row.getByRole('button', { name: 'Reconnect Device…' }).click(step);
      await dialog().waitFor(step);
      return true;
    });
  }

  async function connectAnew(): Promise<void> {
    await xenscope.setFault(fault, 'Off');
    await pressReconnect();
    await dialog().getByRole('button', { name: 'Reconnect' }).click();
    await xenscope.workbench
      .notification('vif 0 of web (')
      .filter({ hasText: 'is connected anew.' })
      .waitFor();
    await stands(bothConnected);
  }

  it('begin in the panel of the device, with both ends and its rings', async () => {
    await device('vif 0', 'web').waitFor();
    await xenscope.workbench.askAndPick('Xenscope: Open Device…', 'web vif 0', /web vif 0.*domain/);
    await panel().getByRole('heading', { level: 1, name: 'vif 0' }).waitFor();
    await side('Frontend').getByText('Connected (4)').waitFor();
    await side('Backend').getByText('Waits for nothing: both are connected.').waitFor();
    await panel().getByText('Neither side has moved since Xenscope began to look.').waitFor();
    await panel()
      .getByRole('row', { name: /event-channel-tx/ })
      .first()
      .waitFor();
    await panel()
      .getByRole('link', { name: /vif 0 queue 0 tx/ })
      .waitFor();
    await picture(xenscope.page, 'device-panel-dark');
  });

  it('show each node that a reconnect writes, and stop in InitWait by a fault, with the reason', async () => {
    const label = await device('vif 0', 'web').getAttribute('aria-label');
    if (!bothConnected.test(label ?? '')) await connectAnew();
    await xenscope.setFault(fault, 'Always');
    await pressReconnect();
    await dialog()
      .getByText(/backend\/vif\/\d+\/0\/state: 4 \(Connected\) → 5 \(Closing\)/)
      .waitFor();
    await dialog()
      .getByText(/device\/vif\/0\/state: 6 \(Closed\) → 1 \(Initialising\)/)
      .waitFor();
    await picture(xenscope.page, 'device-reconnect-question');
    await dialog().getByRole('button', { name: 'Reconnect' }).click();
    await stands(/frontend Initialising, backend InitWait, the frontend has to move/);
    const waiting = xenscope.workbench.notification('Waiting until both ends are connected anew');
    await eventually('nobody waits any longer', async () => {
      if (!(await waiting.isVisible())) return true;
      await waiting.getByRole('button', { name: 'Cancel' }).click(step);
      return false;
    });
    await side('Backend').getByText('Waits for the frontend to go to Initialised (3).').waitFor();
    await side('Frontend').getByText('Has to go to Initialised (3)').waitFor();
    await panel()
      .locator('.verdict')
      .getByText(/stuck for \d+ (s|min): waits for the frontend/)
      .waitFor();
    const since = async () => (await side('Frontend').locator('.state').textContent()) ?? '';
    const first = await since();
    assert.match(first, /^Initialising \(1\) for \d+ (s|min)$/);
    await eventually('the time in the state grows', async () => (await since()) !== first, 2 * patienceMs);
    await moves().nth(3).waitFor();
    // Shown for a while as closed, then no more.
    const ring = panel().getByRole('link', { name: /vif 0 queue 0 tx/ });
    await ring.waitFor({ state: 'hidden' });
    await picture(xenscope.page, 'device-panel-stuck-dark');
  });

  it('connect it again by the button of its row', async () => {
    await connectAnew();
    await side('Frontend').getByText('Connected (4)').waitFor();
    await moves().filter({ hasText: 'Initialising → ' }).first().waitFor();
  });

  it('lead to the rings of the device', async () => {
    await panel()
      .getByRole('link', { name: /vif 0 queue 0 tx/ })
      .click();
    await panel().getByRole('heading', { level: 1, name: 'vif 0 queue 0 tx' }).waitFor();
    await xenscope.workbench.command('View: Close Editor');
    await panel().getByRole('heading', { level: 1, name: 'vif 0' }).waitFor();
  });

  it('are readable in every theme', async () => {
    for (const [name, theme] of [
      ['light', 'Light Modern'],
      ['high-contrast', 'Dark High Contrast'],
      ['high-contrast-light', 'Light High Contrast'],
      ['dark', 'Dark Modern'],
    ] as const) {
      await xenscope.workbench.setTheme(theme);
      const told = panel().getByText('They move in turns, as in a dance');
      if (!(await told.isVisible()))
        await panel().getByRole('button', { name: 'What Am I Looking At?' }).click();
      await told.waitFor();
      await xenscope.workbench.quiet();
      await picture(xenscope.page, `device-panel-help-${name}`);
      await panel().getByRole('button', { name: 'What Am I Looking At?' }).click();
      await picture(xenscope.page, `device-panel-${name}`);
    }
  });

  it('write one legal move, and take it back while nobody has moved', async () => {
    await xenscope.held(async () => {
      await side('Backend').getByRole('button', { name: '→ Closing' }).click();
      await dialog()
        .getByText(/Move the backend of vif 0 of web \(\d+\), in .*, from Connected \(4\) to Closing \(5\)\?/)
        .waitFor();
      await dialog().getByRole('button', { name: 'Write State' }).click();
      await stands(/frontend Connected, backend Closing, the frontend has to move/);
      await side('Frontend').getByRole('button', { name: '→ Closed (expected)' }).waitFor();
      await xenscope.workbench.command('Xenscope: Undo Last Change');
      await stands(bothConnected);
    });
  });

  it('clean up what a domain left that is gone', async () => {
    const left = '/local/domain/0/backend/vif/999/0';
    await shell.write(`${left}/frontend`, '/local/domain/999/device/vif/0');
    await shell.write(`${left}/frontend-id`, '999');
    await shell.write(`${left}/state`, '4');
    const gone = devices.locator('[role=treeitem][aria-level="1"]').filter({ hasText: 'Domain 999' });
    await eventually('what was left is on screen', async () => {
      await devices.locator('.monaco-list').focus(step);
      await xenscope.page.keyboard.press('End');
      return gone.isVisible();
    });
    // A row that is drawn anew under its menu names no domain: then it is asked for, as from the palette.
    await xenscope.workbench.askAndPick('Xenscope: Clean Up What a Dead Domain Left…', '999', /domain 999/);
    await dialog().getByText('/local/domain/0/backend/vif/999: removed, with all below it').waitFor();
    await dialog().getByRole('button', { name: 'Clean Up' }).click();
    await gone.waitFor({ state: 'detached' });
    await eventually('it is gone', async () => !(await shell.exists('/local/domain/0/backend/vif/999')));
  });

  it('are refused in one sentence where they make no sense', async () => {
    await xenscope.workbench.command('Xenscope: Clean Up What a Dead Domain Left…');
    await xenscope.workbench
      .notification('No domain that is gone has left a backend on Simulator.')
      .waitFor();
  });
});
