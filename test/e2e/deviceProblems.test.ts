/** What is wrong with a device, in Problems of the real VS Code while no view shows it, and the way to its row. */
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useQuietTree } from './xenscope';

const step = { timeout: stepTimeoutMs };

describe('problems of devices in VS Code', function () {
  this.timeout(testTimeoutMs);
  const { xenscope, shell } = useQuietTree();
  const backendId = '/local/domain/1/device/vbd/51712/backend-id';
  const problems = () =>
    xenscope()
      .page.locator('.markers-panel')
      .getByText(/vbd 51712 of net-driver \(1\): the frontend says that its backend is in domain 9/);

  it('are told in Problems, lead to the row of the device, and go when they are mended', async () => {
    const { workbench, page } = xenscope();
    await shell().write(backendId, '9');
    // Its rows are drawn anew when others come.
    await eventually('Problems tells of the device, and leads to its document', async () => {
      await workbench.command('Problems: Focus on Problems View');
      await problems().first().dblclick(step);
      await workbench.editor
        .getByText(/vbd.51712.of.net-driver.\(1\).on.Simulator/)
        .first()
        .waitFor(step);
      return true;
    });
    await workbench.editor.getByText('Show Device', { exact: true }).first().waitFor();
    await page.setViewportSize({ width: 1200, height: 740 });
    await workbench.quiet();
    for (const [theme, file] of [
      ['Light Modern', 'devices-problem-light'],
      ['Dark Modern', 'devices-problem-document'],
    ] as const) {
      await workbench.setTheme(theme);
      await picture(page, file);
    }
    await workbench.editor.getByText('Show Device', { exact: true }).first().click();
    const row = workbench
      .pane('Devices')
      .locator('[role=treeitem][aria-selected=true][aria-label^="vbd 51712 of net-driver "]');
    await row.waitFor();
    await picture(page, 'devices-problem-row');
    await workbench.command('Problems: Focus on Problems View');
    await page.locator('.markers-panel').getByText('names-another').first().click();
    await row.waitFor();
    await shell().write(backendId, '0');
    await workbench.command('Problems: Focus on Problems View');
    await problems().first().waitFor({ state: 'hidden' });
  });
});
