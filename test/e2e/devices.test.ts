/** Devices in the real VS Code: both ends, live, and the way to their nodes. */
import type { Locator } from 'playwright-core';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

describe('devices in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 1 } });
  let xenscope: Xenscope;
  let devices: Locator;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.page.setViewportSize({ width: 1500, height: 1100 });
    await xenscope.open();
    await xenscope.showOnly('Devices');
    await xenscope.workbench.widenSideBar(480);
    devices = xenscope.workbench.pane('Devices');
  });

  const device = (label: string, owner: string) =>
    devices.locator(`[role=treeitem][aria-label^="${label} of ${owner} "]`);

  const disk = () => device('vbd 51712', 'net-driver');
  const stands = (states: string) =>
    disk()
      .and(devices.locator(`[aria-label*="${states}"]`))
      .waitFor();

  it('shows both states of each device, by the domain that uses it', async () => {
    await stands('frontend Connected, backend Connected');
    await device('vif 0', 'web').waitFor();
    await picture(xenscope.page, 'devices-view-dark');
  });

  it('follows a device through its dance', async () => {
    const shell = await xenscope.shell();
    const state = '/local/domain/0/backend/vbd/1/51712/state';
    await shell.write(state, '5');
    await stands('frontend Closed, backend Closed');
    await shell.write('/local/domain/1/device/vbd/51712/state', '1');
    await stands('frontend Connected, backend Connected');
  });

  it('leads to the nodes of an end', async () => {
    await xenscope.workbench.tree('Devices').expand(disk());
    const backend = devices.locator('[role=treeitem]').filter({ hasText: 'Backend' }).first();
    await eventually('the node of the backend is selected', async () => {
      await backend.click({ timeout: stepTimeoutMs });
      await xenscope.selectedNamed('51712').waitFor({ timeout: stepTimeoutMs });
      return true;
    });
  });
});
