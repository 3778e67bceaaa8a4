/** Devices in the real VS Code: both ends, live, and the way to their nodes. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { picture } from './artefacts';
import { eventually } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

describe('devices in VS Code', () => {
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 1 } });
  let xenscope: Xenscope;
  let devices: Locator;

  before(async function () {
    this.timeout(60_000);
    xenscope = new Xenscope(editor());
    await xenscope.page.setViewportSize({ width: 1500, height: 1100 });
    await xenscope.open();
    // Rows that are not on screen cannot be found.
    for (const title of ['Hosts', 'Xenstore', 'Rings', 'Watches', 'Devices']) {
      await xenscope.workbench.pane(title).locator('.pane-header').click();
    }
    await xenscope.workbench.widenSideBar(480);
    devices = xenscope.workbench.pane('Devices');
  });

  const device = (label: string, owner: string) =>
    devices.locator(`[role=treeitem][aria-label^="${label} of ${owner} "]`);

  it('shows both states of each device, by the domain that uses it', async () => {
    await device('vbd 51712', 'net-driver').waitFor();
    const label = await device('vbd 51712', 'net-driver').getAttribute('aria-label');
    assert.match(label ?? '', /frontend Connected, backend Connected/);
    await device('vif 0', 'web').waitFor();
    await picture(xenscope.page, 'devices-view-dark');
  });

  it('follows a device through its dance', async () => {
    const shell = await xenscope.shell();
    const state = '/local/domain/0/backend/vbd/1/51712/state';
    await shell.write(state, '5');
    await eventually('both ends have closed', async () => {
      const label = await device('vbd 51712', 'net-driver').getAttribute('aria-label');
      return /frontend Closed, backend Closed/.test(label ?? '');
    });
    await shell.write('/local/domain/1/device/vbd/51712/state', '1');
    await eventually('it is connected anew', async () => {
      const label = await device('vbd 51712', 'net-driver').getAttribute('aria-label');
      return /frontend Connected, backend Connected/.test(label ?? '');
    });
  });

  it('leads to the nodes of an end', async () => {
    await device('vbd 51712', 'net-driver').click();
    await devices.locator('[role=treeitem]').filter({ hasText: 'Backend' }).first().click();
    await xenscope.selectedNamed('51712').waitFor();
  });
});
