/** A host that goes away and comes back, and a server that dies: the window stays, and nothing is reloaded. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { picture } from './artefacts';
import { eventually, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { editorServerPid, installedServer } from './serverProcess';
import { XenstoreShell } from './shell';
import { SimulatorProcess } from './simulatorProcess';
import { Xenscope } from './xenscope';

const libraries = '/opt/some xen/lib:/opt/more';

describe('losing what the tree shows', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({
    settings: { 'xenscope.simulator.pace': 0, 'xenscope.realHost.libraries': ` ${libraries}` },
  });
  let folder: string;
  let xenscope: Xenscope;
  let simulator: SimulatorProcess;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'xenscope-elsewhere-'));
    xenscope = new Xenscope(editor());
    await xenscope.open();
    simulator = new SimulatorProcess(
      installedServer(editor().vscode.extensions),
      path.join(folder, 'socket'),
    );
    await simulator.start();
  });

  after(async () => {
    await simulator?.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('was read by a server that was told where the settings want the libraries of Xen looked for', async () => {
    const script = installedServer(editor().vscode.extensions);
    const pid = await eventually('the server runs', () => editorServerPid(script));
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const told = environment.filter((line) => line.startsWith('XENSCOPE_XEN_LIBRARIES='));
    assert.deepEqual(told, [`XENSCOPE_XEN_LIBRARIES=${libraries}`], environment.join('\n'));
  });

  it('brings the tree back after the server was killed, opened as it was', async () => {
    const script = installedServer(editor().vscode.extensions);
    await xenscope.store.open('local', 'domain', '0');
    await xenscope.store.row('name', 4).waitFor();
    const before = editorServerPid(script);
    assert.ok(before, 'the server runs');

    process.kill(before, 'SIGKILL');
    await eventually('another server runs', () => {
      const now = editorServerPid(script);
      return now !== undefined && now !== before;
    });
    await xenscope.workbench.statusItem(/^\s*Simulator\s*$/).waitFor();
    for (const [level, name] of ['local', 'domain', '0'].entries()) {
      const row = xenscope.store.row(name, level + 1);
      await eventually(`${name} is open again`, () => xenscope.store.isExpanded(row));
    }
    const shell = await xenscope.shell();
    await shell.write('/local/domain/0/name', 'Reborn');
    await xenscope.description(xenscope.store.row('name', 4)).filter({ hasText: 'Reborn' }).waitFor();
  });

  it('adds a host by its socket', async () => {
    await xenscope.workbench.ask('Xenscope: Add xenstored Socket…', simulator.socketPath);
    await xenscope.workbench.quickInputBox.press('Enter');
    await xenscope.workbench.statusItem(path.basename(folder)).waitFor();
    await new XenstoreShell(simulator.socketPath).write('/seen/first', 'yes');
    await xenscope.store.row('seen', 1).waitFor();
    await xenscope.store.expand(xenscope.store.row('seen', 1));
    await xenscope.store.row('first', 2).waitFor();
  });

  it('shows a host as away, and keeps what was last seen', async () => {
    const views = ['Devices', 'PV Calls'];
    const pane = (view: string) => xenscope.workbench.pane(view);
    for (const view of views) {
      await xenscope.workbench.setOpen(view, true);
      await pane(view).locator('[role=treeitem]').first().waitFor();
    }
    await simulator.kill();
    await xenscope.workbench.statusItem('away').waitFor();
    await xenscope.store.pane.getByText(/is away/).waitFor();
    for (const view of views) {
      await pane(view).getByText('Away: what is shown is what was last seen.').waitFor();
      await pane(view).locator('[role=treeitem]').first().waitFor();
    }
    await picture(xenscope.page, 'away');
    await xenscope.showOnly('Xenstore');
    await xenscope.store.row('first', 2).waitFor();
  });

  it('comes back by itself when the host does', async () => {
    await simulator.start();
    const shell = new XenstoreShell(simulator.socketPath);
    await shell.write('/seen/again', 'yes');
    await xenscope.workbench.statusItem('away').waitFor({ state: 'detached' });
    await xenscope.store.row('again', 2).waitFor();
    await xenscope.workbench.setOpen('Devices', true);
    const devices = xenscope.workbench.pane('Devices');
    await devices.locator('[role=treeitem]').first().waitFor();
    await devices.getByText('Away: what is').waitFor({ state: 'detached' });
    await xenscope.workbench.setOpen('Devices', false);
    // The store began anew, so what was only in the old one is gone.
    await xenscope.store.row('first', 2).waitFor({ state: 'detached' });
  });
});
