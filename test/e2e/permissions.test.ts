/** The permissions panel: named domains, a preview, and what xenstore-ls -p then says. */
import assert from 'node:assert/strict';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useQuietTree } from './xenscope';

describe('permissions in VS Code', function () {
  this.timeout(testTimeoutMs);
  const { xenscope, shell } = useQuietTree();

  const permissions = async (path: string) => {
    const parent = path.slice(0, path.lastIndexOf('/')) || '/';
    const lines = (await shell().run('ls', '-p', parent)).split('\n');
    const name = path.slice(path.lastIndexOf('/') + 1);
    return /\(([^()]*)\)\s*$/.exec(lines.find((line) => line.startsWith(`${name} =`)) ?? '')?.[1];
  };

  it('shows who may do what, and changes it', async () => {
    await shell().write('/perms/node', 'x');
    await shell().run('chmod', '/perms/node', 'n0', 'r1');
    const row = await xenscope().goTo('/perms/node');
    const page = xenscope().workbench.panel;
    const title = page.getByText('/perms/node').first();
    await xenscope().store.choose(row, 'Permissions', () => title.waitFor({ timeout: stepTimeoutMs }));
    assert.equal(await permissions('/perms/node'), 'n0,r1');

    await page.getByRole('checkbox', { name: /net-driver.* may write/ }).click();
    await page.getByText('xenstore-chmod /perms/node n0 b1').waitFor();
    await page.getByRole('button', { name: 'Apply' }).click();
    await eventually('xenstore-ls -p shows it', async () => (await permissions('/perms/node')) === 'n0,b1');
    await page.getByRole('status').filter({ hasText: '/perms/node' }).waitFor();
  });

  it('adds a domain by name', async () => {
    const page = xenscope().workbench.panel;
    await page.getByRole('button', { name: 'Add Domain' }).click();
    await page.getByText('xenstore-chmod /perms/node n0 b1 r2').waitFor();
    await page.getByRole('button', { name: 'Apply' }).click();
    await eventually(
      'xenstore-ls -p shows it',
      async () => (await permissions('/perms/node')) === 'n0,b1,r2',
    );
  });

  it('follows what somebody else does to them', async () => {
    await shell().run('chmod', '/perms/node', 'n0', 'b1', 'b2');
    const page = xenscope().workbench.panel;
    await page.getByText('xenstore-chmod /perms/node n0 b1 b2').waitFor();
    await shell().run('chmod', '/perms/node', 'n0', 'b1', 'r2');
    await page.getByText('xenstore-chmod /perms/node n0 b1 r2').waitFor();
  });

  it('takes a change of permissions back', async () => {
    await xenscope().workbench.command('Xenscope: Undo Last Change');
    await eventually('xenstore-ls -p shows it', async () => (await permissions('/perms/node')) === 'n0,b1');
  });
});
