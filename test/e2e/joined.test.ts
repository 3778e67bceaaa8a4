/** Two programs with Debian's libxenvchan, which know nothing of us, in the editor's simulator: seen, held, and broken. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describeWithDaemons } from '../interop/daemons/requirements';
import { compile } from '../interop/xensim/kit';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { JoinedProgram } from './joinedPrograms';
import { installedServer } from './serverProcess';
import { Xenscope } from './xenscope';

const ringBytes = 4096;

describeWithDaemons('programs that join the simulator, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 0 } });
  const programs: JoinedProgram[] = [];
  let xenscope: Xenscope;
  let start: (domain: string, ...command: string[]) => JoinedProgram;
  let alice: JoinedProgram;
  let web: JoinedProgram;

  const rings = () => xenscope.workbench.pane('Rings');
  const vchanRow = () => rings().locator('[role=treeitem][aria-label^="vchan ring of alice"]');
  const panel = () => xenscope.workbench.panel;
  const toServer = (text: string) =>
    panel().getByRole('img', { name: new RegExp(`^To the server: .*${text}`) });
  /** She has asked for a ring when web has written. */
  const aliceWaits = () =>
    panel()
      .getByRole('row', { name: /cli_notify.*it has written/ })
      .waitFor();
  const verdict = (text: RegExp) => panel().locator('.verdict').getByText(text);

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.openOnlyRings();
    await xenscope.page.setViewportSize({ width: 1500, height: 1100 });
    await xenscope.workbench.widenSideBar(430);
    const script = installedServer(editor().vscode.extensions);
    const world = path.dirname(await xenscope.socketPath());
    start = (domain, ...command) => {
      const program = JoinedProgram.start(script, world, domain, ...command);
      programs.push(program);
      return program;
    };
    const vchan = compile('vchanHand.c', 'xenvchan');
    const size = String(ringBytes);
    const [, webDomid] = await start('web', 'xenstore-read', 'domid').until(/^(\d+)\n/);
    const thenServe = 'xenstore-read domid && exec "$0" "$@"';
    const serve = [vchan, 'server', webDomid!, 'data/vchan/web', size];
    alice = start('alice', 'sh', '-c', thenServe, ...serve);
    const [, domid] = await alice.until(/^(\d+)\nready\n/);
    web = start('web', vchan, 'client', domid!, `/local/domain/${domid}/data/vchan/web`, size);
    await web.until(/^ready\n/);
  });

  after(async () => {
    for (const program of programs) await program.end();
  });

  /** Steps the held world, and answers what happened. Asked for twice, when the palette lost its focus, it happens twice. */
  async function step(): Promise<string> {
    const told = xenscope.workbench.statusItem(/#\d+ /);
    const said = async () => ((await told.count()) > 0 ? ((await told.textContent()) ?? '') : '');
    const before = await said();
    await xenscope.workbench.command('Xenscope: Step the World');
    return eventually('the step is told', async () => {
      const now = await said();
      return now !== '' && now !== before && now;
    });
  }

  /** Other things may happen first. */
  async function stepUntil(what: string, isSo: (told: string) => boolean): Promise<void> {
    await eventually(what, async () => isSo(await step()), 60_000);
  }

  it('show their vchan among the rings, and its panel how full it is', async () => {
    // The rows of a new domain are the last ones: all of it must be on screen.
    const tree = xenscope.workbench.tree('Rings');
    await eventually('only the domains are on screen', async () => {
      await rings().hover({ timeout: stepTimeoutMs });
      await rings().getByRole('button', { name: 'Collapse All' }).click({ timeout: stepTimeoutMs });
      await tree.row('alice', 1).waitFor({ timeout: stepTimeoutMs });
      return true;
    });
    await tree.expand(tree.row('alice', 1));
    await eventually('its panel is open', async () => {
      await xenscope.workbench.clear();
      await vchanRow().click({ timeout: stepTimeoutMs });
      await panel().getByRole('heading', { level: 1, name: 'Vchan' }).waitFor({ timeout: stepTimeoutMs });
      return true;
    });
    await toServer('0 of 4,096 bytes').waitFor();
    await panel()
      .getByRole('table', { name: 'Words of the page' })
      .getByText('the client is there')
      .waitFor();
    web.tell('write 3000');
    await web.until(/done write 3000\n/);
    await toServer('3,000 of 4,096 bytes').waitFor();
    await vchanRow().and(rings().locator('[aria-label*="left 73 percent full"]')).waitFor();
    alice.tell('read 1000');
    await alice.until(/done read 1000\n/);
    await toServer('2,000 of 4,096 bytes').waitFor();
    await picture(xenscope.page, 'joined-vchan');
  });

  it('stand still at a doorbell of a held world, and go on when it was let through', async () => {
    alice.tell('read 2001');
    await toServer('0 of 4,096 bytes').waitFor();
    await aliceWaits();
    await xenscope.held(async () => {
      web.tell('write 1');
      // The memory is theirs: the byte lies there, and whoever waits for it has not heard.
      await toServer('1 of 4,096 bytes').waitFor();
      assert.doesNotMatch(web.printed, /done write 1\n/);
      await picture(xenscope.page, 'joined-held-doorbell');
      await stepUntil('web rings', (told) => /program of web .* rings|alice .* hears/.test(told));
      await web.until(/done write 1\n/);
      await stepUntil('alice hears it', () => /done read 2001\n/.test(alice.printed));
      await toServer('0 of 4,096 bytes').waitFor();
    });
  });

  it('stand still at a request to the store', async () => {
    const writer = await xenscope.held(async () => {
      const held = start('web', 'xenstore-write', 'data/colour', 'blue');
      assert.ok(!held.isOver, 'it waits for its answer');
      await stepUntil('web asks', (told) =>
        /web .* asks the store: WRITE data.colour|store tells web .*: WRITE/.test(told),
      );
      await picture(xenscope.page, 'joined-held-request');
      return held;
    });
    await writer.ended();
    await start('web', 'xenstore-read', 'data/colour').until(/^blue\n/);
  });

  it('find an index that a fault has broken, and the verdict says so', async () => {
    await xenscope.withFault('Corrupt index', async () => {
      // The fault strikes when web rings, which it does when alice waits.
      alice.tell('read 10');
      await aliceWaits();
      web.tell('write 10');
      await verdict(/insane/).waitFor();
    });
    await vchanRow().and(rings().locator('[aria-label*="insane"]')).waitFor();
    await panel().getByText("the client's word is wrong").waitFor();
    await picture(xenscope.page, 'joined-insane-dark');
    await xenscope.workbench.command('Notifications: Clear All Notifications');
    await xenscope.workbench.setTheme('Light Modern');
    await panel().locator('body.vscode-light').waitFor();
    await verdict(/insane/).waitFor();
    await picture(xenscope.page, 'joined-insane-light');
  });

  it('take their vchan with them when they end', async () => {
    for (const program of [alice, web]) await program.end();
    await vchanRow().waitFor({ state: 'hidden' });
    await verdict(/gone/).waitFor();
  });
});
