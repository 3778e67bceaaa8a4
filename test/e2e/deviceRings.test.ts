/** The ring of a device in the real VS Code: its row beside the others, and its panel with what lies in its slots. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { picture } from './artefacts';
import { eventually, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

describe('device rings in VS Code', function () {
  this.timeout(testTimeoutMs);
  // Guests read and write their disks now and then.
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 10 } });
  let xenscope: Xenscope;
  let rings: Locator;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1500, height: 1200 });
    await xenscope.workbench.widenSideBar(430);
    rings = xenscope.workbench.pane('Rings');
  });

  const panel = () => xenscope.workbench.panel;
  const row = (label: string) => rings.locator(`[role=treeitem][aria-label^="${label} ring of "]`).first();
  const table = (name: string) => panel().getByRole('table', { name });

  async function open(owner: string, ring: string, picture = /Requests: frontend → backend/): Promise<void> {
    const entry = new RegExp(`${owner}.${ring}.*domain`);
    await xenscope.workbench.askAndPick('Xenscope: Open Ring…', `${owner} ${ring}`, entry);
    await panel().getByRole('heading', { level: 1, name: ring }).waitFor();
    await panel().getByRole('img', { name: picture }).waitFor();
  }

  it('stand below their domain, behind its other rings, and say what is in flight', async () => {
    const disk = row('vbd 51712');
    await disk.waitFor();
    const label = await disk.getAttribute('aria-label');
    assert.match(label ?? '', /(not used|\d+ of 32 requests in flight)/);
    const kinds = await rings
      .locator('[role=treeitem][aria-level="2"]')
      .evaluateAll((rows) => rows.map((one) => one.getAttribute('aria-label')!.split(' ring of ')[0]!));
    assert.ok(kinds.indexOf('xenstore') < kinds.indexOf('vbd 51712'), kinds.join());
    const hover = await xenscope.hover(disk, 'Lent to domain 0');
    assert.match(hover ?? '', /req_prod 0x[0-9a-f]{8}, rsp_prod 0x[0-9a-f]{8}/);
    await picture(xenscope.page, 'device-rings-view');
  });

  it('show in their panel what was asked and answered, field by field', async () => {
    await open('web', 'vbd 51712');
    await table('Answered last, newest first').getByText('done').first().waitFor();
    const answered = await table('Answered last, newest first').locator('tbody tr').first().textContent();
    assert.match(answered ?? '', /id \d+ operation (read|write) \([01]\) status done \(0\)/);
    const field = table('Answered last, newest first')
      .locator('.field')
      .filter({ hasText: 'status' })
      .first();
    assert.equal(await field.getAttribute('title'), 'status: How it went.');
    await panel()
      .getByText(/requests and .* responses since Xenscope began to look/)
      .waitFor();
    await panel()
      .getByText(/Lent to domain 0 under grant \d+; event channel \d+\./)
      .waitFor();
    assert.equal(await panel().getByRole('button', { name: 'Reconnect…' }).count(), 0);
    await panel().getByRole('button', { name: 'What Am I Looking At?' }).click();
    await panel()
      .getByText(/It is a ring of 32 slots/)
      .waitFor();
    await panel()
      .getByText(/its own affair and lies in no shared word/)
      .waitFor();
    await picture(xenscope.page, 'device-ring-explained');
    await panel().getByRole('button', { name: 'What Am I Looking At?' }).click();
  });

  it('tell posted buffers from requests', async () => {
    await open('web', 'vif 0 queue 0 rx');
    await table('Posted, oldest first').locator('tbody tr').first().waitFor();
    const first = await table('Posted, oldest first').locator('tbody tr').first().textContent();
    assert.match(first ?? '', /id \d+ gref \d+/);
    await panel().locator('.used', { hasText: 'slots hold posted buffers' }).waitFor();
  });

  it('of a shared folder show its messages in both directions', async () => {
    await open('database', '9pfs 0', /From the guest \(out\): frontend → backend/);
    const asked = table('Just read from the ring “out”');
    const answered = table('Just read from the ring “in”');
    await asked.getByText('Tread').first().waitFor();
    await answered.getByText('Rread').first().waitFor();
    await eventually('a walk is told', async () => {
      const walk = await asked.locator('tbody tr').filter({ hasText: 'Twalk' }).first().textContent();
      return /^Twalk\d+\d+fid \d+ to fid \d+: “[^”]+”( \/ “[^”]+”)*$/.test(walk ?? '');
    });
    for (const [name, theme] of [
      ['light', 'Light Modern'],
      ['dark', 'Dark Modern'],
    ] as const) {
      await xenscope.workbench.setTheme(theme);
      await panel().locator(`body.vscode-${name}`).waitFor();
      await xenscope.workbench.quiet();
      await picture(xenscope.page, `device-ring-9pfs-${name}`);
    }
  });

  it('are readable in every theme', async () => {
    await open('web', 'vbd 51712');
    await panel().getByText('The page in hexadecimal').click();
    for (const [name, theme] of [
      ['dark', 'Dark Modern'],
      ['light', 'Light Modern'],
      ['high-contrast', 'Dark High Contrast'],
    ] as const) {
      await xenscope.workbench.setTheme(theme);
      await panel().getByRole('heading', { level: 1, name: 'vbd 51712' }).waitFor();
      const told = panel().getByText('This view only looks.');
      if (!(await told.isVisible()))
        await panel().getByRole('button', { name: 'What Am I Looking At?' }).click();
      await told.waitFor();
      await panel().getByRole('button', { name: 'What Am I Looking At?' }).click();
      await xenscope.workbench.quiet();
      await picture(xenscope.page, `device-ring-${name}`);
    }
  });
});
