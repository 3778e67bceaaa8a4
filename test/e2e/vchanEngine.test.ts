/**
 * libxenvchan as the engine of the console, in the real VS Code: on a real host it moves the bytes, here that of
 * a server which has joined a simulated world and takes it for its Xen; in the simulator it is said that it does not.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeAsRootWithDaemons } from '../interop/daemons/requirements';
import { Program, ProgramWorld } from '../interop/xensim/kit';
import { picture } from './artefacts';
import { stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { RootServerProcess } from './rootServerProcess';
import { installedServer } from './serverProcess';
import { VchanConsole, asProposed } from './vchanConsole';
import { Xenscope } from './xenscope';

const machine = 'This machine’s Xen';

describeAsRootWithDaemons('the engine of a vchan, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const folder = mkdtempSync(path.join(tmpdir(), 'xenscope-engine-'));
  const socketPath = path.join(folder, 'root.sock');
  const editor = useEditor({
    settings: {
      'xenscope.simulator.pace': 0,
      'xenscope.realHost.serverSocket': socketPath,
      'xenscope.realHost.vchanEngine': 'libxenvchan',
    },
  });
  let worlds: ProgramWorld;
  let root: RootServerProcess;
  let client: Program | undefined;
  let xenscope: Xenscope;
  let vchan: VchanConsole;
  let server: number;
  let bob: number;

  const dialog = () => xenscope.workbench.dialog;

  before(async () => {
    worlds = await ProgramWorld.open();
    [server, bob] = [await worlds.domain('server'), await worlds.domain('bob')];
    const env = await worlds.environment('server');
    const script = installedServer(editor().vscode.extensions);
    root = new RootServerProcess(script, socketPath, env.XENSTORED_PATH!, env);
    await root.start();
    xenscope = new Xenscope(editor());
    vchan = new VchanConsole(xenscope);
    await xenscope.open();
  });

  after(async () => {
    client?.child.kill('SIGKILL');
    await client?.ended;
    await root?.kill();
    await worlds?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is libxenvchan on a real host where the setting says so', async () => {
    await xenscope.workbench.pick('Xenscope: Show Host…', machine);
    await xenscope.workbench.statusItem(machine).waitFor();
    const who = [{ typed: String(bob) }, asProposed, '4 KiB each', 'Until its client leaves'] as const;
    await vchan.answer(
      () => xenscope.workbench.command('Xenscope: Open Vchan…'),
      ['Offer a vchan', 'Another domain', ...who],
      () => dialog().getByText('The libxenvchan of this machine does it').waitFor({ timeout: stepTimeoutMs }),
    );
    await picture(xenscope.page, 'vchan-engine-asked');
    await dialog().getByRole('button', { name: 'Open' }).click();
    await vchan.verdict(/Nobody has come yet/).waitFor();
    await vchan.panel.getByText('by libxenvchan', { exact: false }).waitFor();
  });

  it('speaks with an end that has another one', async () => {
    const script = installedServer(editor().vscode.extensions);
    const at = `/local/domain/${server}/data/vchan/${bob}/console-1`;
    const args = [script, 'vchan', 'connect', '-v', String(server), at];
    client = new Program(
      spawn(process.execPath, args, { stdio: 'pipe', env: await worlds.environment('bob') }),
    );
    client.child.stdin!.write('hello from bob');
    await vchan.log.getByText('hello from bob').waitFor();
    await vchan.field.fill('hello to bob');
    await vchan.field.press('Enter');
    await client.printed('hello to bob');
    await picture(xenscope.page, 'vchan-engine');
    await vchan.press('Close');
    await vchan.verdict(/the nodes are removed/).waitFor();
    await client.output();
  });

  it('is our own in the simulator, which says why', async () => {
    await xenscope.workbench.pick('Xenscope: Show Host…', 'Simulator');
    await xenscope.workbench.statusItem(/^\s*Simulator\s*$/).waitFor();
    await vchan.open(
      'Vchan: database',
      'Offer a vchan',
      /^web/,
      /^database/,
      asProposed,
      '4 KiB each',
      'Until its client leaves',
    );
    await vchan.panel.getByText('without libxenvchan: it needs a real Xen', { exact: false }).waitFor();
    await vchan.verdict(/Nobody has come yet: database/).waitFor();
    await picture(xenscope.page, 'vchan-engine-simulated');
  });
});
