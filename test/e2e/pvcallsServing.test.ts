/**
 * Our own backend of PV Calls, opened in VS Code on the Xen of its machine, through the server that runs as root.
 * That server is a program of a simulated domain here, with the libraries of one: what it serves is a real guest of it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeAsRootWithDaemons } from '../interop/daemons/requirements';
import { PvCallsScene, host as loopback } from '../interop/xensim/pvcallsScene';
import { picture } from './artefacts';
import { testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { RootServerProcess } from './rootServerProcess';
import { installedServer } from './serverProcess';
import { Xenscope } from './xenscope';

const machine = 'This machine’s Xen';
const aWhile = { timeout: 120_000 };

describeAsRootWithDaemons('our own backend of PV Calls, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const folder = mkdtempSync(path.join(tmpdir(), 'xenscope-root-'));
  const socketPath = path.join(folder, 'root.sock');
  const editor = useEditor({
    settings: { 'xenscope.simulator.pace': 0, 'xenscope.realHost.serverSocket': socketPath },
  });
  let xenscope: Xenscope;
  let scene: PvCallsScene;
  let root: RootServerProcess;

  before(async () => {
    scene = await PvCallsScene.open();
    const script = installedServer(editor().vscode.extensions);
    root = new RootServerProcess(script, socketPath, scene.env['XENSTORED_PATH']!, scene.env);
    await root.start();
    xenscope = new Xenscope(editor());
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1400, height: 1000 });
    await xenscope.description(xenscope.hosts.row(machine)).filter({ hasText: 'as root' }).waitFor(aWhile);
    await xenscope.workbench.pick('Xenscope: Show Host…', machine);
    await xenscope.workbench.statusItem(machine).waitFor(aWhile);
  });
  after(async () => {
    await root?.kill();
    await scene?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const panel = () => xenscope.workbench.panel;
  const verdict = (text: string | RegExp) => panel().locator('.verdict').getByText(text).first();
  const press = (name: string) => panel().getByRole('button', { name, exact: true }).click();
  const agree = async () => {
    const { dialog } = xenscope.workbench;
    await dialog.getByText('serves PV Calls').waitFor(aWhile);
    await dialog.getByText('127.0.0.0/8, and nothing else', { exact: false }).waitFor();
    await picture(xenscope.page, 'serving-question');
    await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  };

  it('is opened once a person agrees, and serves a guest on loopback alone', async () => {
    await xenscope.workbench.command('Xenscope: PV Calls: Intercept a Backend…');
    await agree();
    await verdict('Off: every call passes.').waitFor(aWhile);
    await scene.withFrontend(async (frontend) => {
      assert.equal(await scene.echoed(frontend, 'hello'), 'hello');
      await assert.rejects(frontend.connect({ host: '10.1.2.3', port: 80 }), { errorName: 'EACCES' });
      const findings = panel().getByRole('list', { name: 'Findings' });
      await findings.getByText('A guest may not connect to 10.1.2.3:80', { exact: false }).waitFor();
      await findings.getByText('--pvcalls-allow of the server', { exact: false }).waitFor();
      await press('Turn On');
      await verdict('On: no call waits for you.').waitFor();
      const refused = assert.rejects(frontend.connect({ host: loopback, port: 443 }), {
        errorName: 'ETIMEDOUT',
      });
      const held = panel().getByRole('listbox', { name: 'Held calls' });
      // The SOCKET first, then the CONNECT.
      await held.getByText(/^open socket \S+$/).waitFor();
      await press('Pass');
      await held.getByText(/^connect socket \S+ to 127\.0\.0\.1:443$/).waitFor();
      await picture(xenscope.page, 'serving-held');
      await panel().getByRole('textbox', { name: 'Errno: name, number or meaning' }).fill('110');
      await press('Answer ETIMEDOUT');
      await refused;
      await press('Turn Off');
      await verdict('Off: every call passes.').waitFor();
    });
  });

  it('is closed in order, and opened again from its panel', async () => {
    await press('Close Backend');
    await panel().getByText('The backend is closed', { exact: false }).waitFor(aWhile);
    await verdict('Our backend is not open').waitFor();
    await picture(xenscope.page, 'serving-closed');
    await press('Open Backend…');
    await agree();
    await verdict('Off: every call passes.').waitFor(aWhile);
  });
});
