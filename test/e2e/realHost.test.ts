/**
 * The Xen of this machine: said to be missing where there is none, and shown through a server that
 * runs as root where there is one. Here its store is Debian's own xenstored, without a hypervisor.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { systemClock } from '../../server/cli/systemClock';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { describeAsRootWithDaemons } from '../interop/daemons/requirements';
import { startDaemon, type Daemon } from '../interop/daemons/startDaemon';
import { noXenLibraries } from '../support/noXenLibraries';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { RootServerProcess } from './rootServerProcess';
import { installedServer } from './serverProcess';
import { XenstoreShell } from './shell';
import { Xenscope } from './xenscope';

const machine = 'This machine’s Xen';

describeAsRootWithDaemons("this machine's Xen in VS Code", function () {
  this.timeout(testTimeoutMs);
  const folder = mkdtempSync(path.join(tmpdir(), 'xenscope-root-'));
  const socketPath = path.join(folder, 'root.sock');
  const editor = useEditor({
    settings: { 'xenscope.simulator.pace': 0, 'xenscope.realHost.serverSocket': socketPath },
  });
  let xenscope: Xenscope;
  let xenstored: Daemon;
  let shell: XenstoreShell;
  let root: RootServerProcess;
  const without = noXenLibraries();

  before(async () => {
    xenstored = await startDaemon('xenstored');
    shell = new XenstoreShell(xenstored.socketPath);
    await shell.write('/local/domain/0/name', 'Domain-0');
    await shell.write('/local/domain/7/name', 'orchid');
    await shell.write('/local/domain/0/backend/vif/7/0/state', '4');
    root = new RootServerProcess(
      installedServer(editor().vscode.extensions),
      socketPath,
      xenstored.socketPath,
      without.env,
    );
    xenscope = new Xenscope(editor());
    await xenscope.open();
  });

  after(async () => {
    await root?.kill();
    await xenstored?.stop();
    rmSync(folder, { recursive: true, force: true });
    without.remove();
  });

  const row = () => xenscope.hosts.row(machine);
  /** By the palette: a row that is drawn anew closes its menu. */
  const showHost = async (label: string) => {
    await xenscope.workbench.pick('Xenscope: Show Host…', label);
  };
  const edit = async (row: Locator, value: string) => {
    const { quickInputBox } = xenscope.workbench;
    await xenscope.store.choose(row, 'Edit Value', () => quickInputBox.waitFor({ timeout: stepTimeoutMs }));
    await xenscope.workbench.answer(value);
  };
  const described = (text: string | RegExp) =>
    xenscope.description(row()).filter({ hasText: text }).waitFor();

  it('says that there is none, and why', async () => {
    await described('none here');
    await xenscope.hover(row(), 'There is no /run/xenstored/socket');
    await picture(xenscope.page, 'no-xen');
    await showHost(machine);
    await xenscope.workbench.dialog.getByText(`${machine} is not there.`).waitFor();
    await xenscope.page.keyboard.press('Escape');
    await xenscope.workbench.dialog.waitFor({ state: 'detached' });
  });

  it('is found when a server runs as root, and shows its tree', async () => {
    await root.start();
    await described('as root');
    await xenscope.store.pane.getByRole('button', { name: 'Connect' }).click();
    await described(/^connected/);
    await xenscope.workbench.statusItem(machine).waitFor();
    await xenscope.store.open('local', 'domain');
    const guest = xenscope.store.row('7', 3);
    await xenscope.description(guest).filter({ hasText: 'orchid' }).waitFor();
    await picture(xenscope.page, 'this-machine-as-root');
  });

  it('says that its rings cannot be seen without the libraries, what to install, and what shows rings', async () => {
    const why = 'The rings of guests cannot be seen. The library libxengnttab cannot be loaded';
    const hover = await xenscope.hover(row(), why);
    assert.match(hover, /Install it anew \(Debian: libxengnttab1\)/);
    const rings = xenscope.workbench.pane('Rings');
    await rings.getByText(why).filter({ hasText: 'the simulator shows rings' }).waitFor();
    await picture(xenscope.page, 'no-libraries');
  });

  it('follows what others change, and edits after a question', async () => {
    await shell.write('/local/domain/7/data/colour', 'red');
    const colour = await xenscope.goTo('/local/domain/7/data/colour');
    await xenscope.description(colour).filter({ hasText: 'red' }).waitFor();
    await edit(colour, 'blue');
    const { dialog } = xenscope.workbench;
    await dialog.getByText('from "red" to "blue"').waitFor();
    assert.equal(await shell.read('/local/domain/7/data/colour'), 'red');
    await dialog.getByRole('button', { name: 'Change' }).click();
    await eventually('the value is blue', async () => {
      return (await shell.read('/local/domain/7/data/colour')) === 'blue';
    });
  });

  it('keeps its hands off domain 0, and not off its backends', async () => {
    const name = await xenscope.goTo('/local/domain/0/name');
    await edit(name, 'mine');
    const { dialog } = xenscope.workbench;
    await dialog.getByText('is a path of domain 0 itself, and this is a real host').waitFor();
    await xenscope.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await shell.read('/local/domain/0/name'), 'Domain-0');
    const state = await xenscope.goTo('/local/domain/0/backend/vif/7/0/state');
    await edit(state, '5');
    await dialog.getByRole('button', { name: 'Change' }).click();
    await eventually('the state is 5', async () => {
      return (await shell.read('/local/domain/0/backend/vif/7/0/state')) === '5';
    });
  });

  it('says what a reconnect would cost a guest, and does it when one insists', async () => {
    const dom0 = openStoreClient({ dial: dialSocket(xenstored.socketPath), clock: systemClock });
    await dom0.introduce(1, 1, 7);
    await dom0.close();
    await shell.write('/local/domain/1/name', 'tulip');
    await shell.write('/local/domain/1/store/ring-ref', '1');
    await shell.write('/local/domain/1/store/port', '7');
    await eventually('tulip is offered', async () => {
      await xenscope.workbench.command('Xenscope: Reconnect Ring…');
      await xenscope.workbench.quickPick('tulip').click({ timeout: stepTimeoutMs });
      return true;
    });
    const { dialog } = xenscope.workbench;
    await dialog.getByText('tulip (1) may be running').waitFor();
    await dialog.getByText('All watches of the guest').waitFor();
    await picture(xenscope.page, 'real-reconnect');
    await dialog.getByRole('button', { name: 'Reconnect All the Same' }).click();
    await dialog.getByText('tulip (1) has a new connection, and was not told.').waitFor();
    await xenscope.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('is lost with that server, and found again by itself', async () => {
    await root.kill();
    await described('none here');
    await root.start();
    await described(/^connected/);
    await shell.write('/local/domain/7/data/colour', 'green');
    const colour = await xenscope.goTo('/local/domain/7/data/colour');
    await xenscope.description(colour).filter({ hasText: 'green' }).waitFor();
  });

  it('leaves the simulator as it was', async () => {
    await showHost('Simulator');
    await xenscope.workbench.statusItem(/^\s*Simulator\s*$/).waitFor();
    await xenscope.store.row('local', 1).waitFor();
  });
});
