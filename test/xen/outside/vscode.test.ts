/** The real VS Code on the emulated dom0: its tree, its guest and the rings of that guest, as a person sees them. */
import assert from 'node:assert/strict';
import { picture } from '../../e2e/artefacts';
import { eventually } from '../../e2e/eventually';
import { VchanConsole } from '../../e2e/vchanConsole';
import type { Xenscope } from '../../e2e/xenscope';
import { diskSettings } from '../support/guestDisk';
import { openGate, output } from '../support/outside';
import { needsBrowser, openVsCodeOfDom0, patienceMs, type VsCodeOfDom0 } from '../support/vscodeOfDom0';

const guestSettings = ['name = "seen"', ...diskSettings].join(';');
const isOxenstored = process.env['XENSCOPE_XEN_DAEMON'] === 'oxenstored';
/** What the daemon has no part in is looked at under one of the two. */
const itOnce = isOxenstored ? () => undefined : it;

describe('a real Xen in VS Code', () => {
  const gate = openGate();
  let vscode: VsCodeOfDom0;
  let xenscope: Xenscope;
  let domid: string;

  before(async function () {
    needsBrowser(this);
    await output(gate, 'xl', 'create', '-q', '/machine/guest.cfg', guestSettings);
    domid = (await output(gate, 'xl', 'domid', 'seen')).trim();
    vscode = await openVsCodeOfDom0(gate, 1100);
    xenscope = vscode.xenscope;
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await picture(xenscope.page, 'failed-real-xen');
  });
  after(async () => {
    await vscode?.end();
    await gate.run(['xl', 'destroy', 'seen']);
  });

  it('shows the store of dom0, live', async () => {
    await vscode.showHost();
    await xenscope.store.open('local', 'domain');
    const guest = xenscope.store.row(domid, 3);
    await xenscope.description(guest).filter({ hasText: 'seen' }).waitFor();
    await output(gate, 'xenstore-write', `/local/domain/${domid}/data/colour`, 'blue');
    const colour = await xenscope.goTo(`/local/domain/${domid}/data/colour`);
    await xenscope.description(colour).filter({ hasText: 'blue' }).waitFor();
    await output(gate, 'xenstore-write', `/local/domain/${domid}/data/colour`, 'green');
    await xenscope.description(colour).filter({ hasText: 'green' }).waitFor();
    await picture(xenscope.page, 'real-xen-tree');
  });

  const ring = (kind: string) =>
    xenscope.workbench.pane('Rings').locator(`[role=treeitem][aria-label^="${kind} ring of seen "]`);
  const shown = () => xenscope.workbench.panel;

  it('shows the rings of the guest, with what it says on its console', async () => {
    await ring('xenstore').waitFor();
    await ring('console').click();
    const panel = shown();
    await panel.getByText(`guest ${domid} is ready`).first().waitFor();
    await picture(xenscope.page, 'real-xen-console');
    await ring('xenstore').click();
    await panel.getByRole('img', { name: /Requests: guest → xenstored/ }).waitFor();
    await picture(xenscope.page, 'real-xen-ring');
    assert.deepEqual(vscode.pageErrors(), []);
  });

  async function typeInGuest(command: string): Promise<void> {
    const tty = (await output(gate, 'xenstore-read', `/local/domain/${domid}/console/tty`)).trim();
    await output(gate, 'sh', '-c', `echo '${command}' > ${tty}`);
  }

  itOnce('shows the ring of its disk, with what it read', async () => {
    const reading = 'echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/xvda of=/dev/null bs=4096 count=8';
    await typeInGuest(`while sleep 1; do ${reading}; done &`);
    await ring('vbd 51712').click();
    const panel = shown();
    await panel.getByRole('heading', { level: 1, name: 'vbd 51712' }).waitFor();
    const answered = panel.getByRole('table', { name: 'Answered last, newest first' });
    await answered
      .getByText(/operation read \(0\)/)
      .first()
      .waitFor();
    await panel.getByText(/Lent to domain 0 under grant \d+; event channel \d+\./).waitFor();
    await picture(xenscope.page, 'real-xen-device-ring');
    assert.deepEqual(vscode.pageErrors(), []);
  });

  itOnce('opens the vchan of a program in the guest, which gives back what it is sent', async () => {
    const path = `/local/domain/${domid}/data/vchan/0/echo`;
    const proxy = 'chroot /disk /$(cd /disk; echo usr/lib/xen-*/bin/vchan-socket-proxy)';
    // What it hears it writes into the pipe that it reads.
    await typeInGuest(`mkfifo /tmp/echo; ${proxy} -m server 0 ${path} - <>/tmp/echo >&0 &`);
    const vchan = new VchanConsole(xenscope);
    const { workbench } = xenscope;
    await eventually(
      'the vchan is offered, and opened once that was confirmed',
      async () => {
        await workbench.command('Xenscope: Open Vchan…');
        await workbench.quickPick('data/vchan/0/echo').click({ timeout: 5_000 });
        await workbench.dialog.getByText('connects as client to the vchan that seen').waitFor();
        await workbench.dialog.getByRole('button', { name: 'Open', exact: true }).click();
        return true;
      },
      patienceMs,
    );
    await vchan.verdict(/^Open to seen/).waitFor();
    await vchan.field.fill('hello, guest');
    await vchan.field.press('Enter');
    const received = vchan.log.locator('li.received');
    await received.getByText('68 65 6c 6c 6f 2c 20 67 75 65 73 74').waitFor();
    await picture(xenscope.page, 'real-xen-vchan');
    assert.deepEqual(vscode.pageErrors(), []);
  });

  it('says of a reconnect what this daemon makes of it', async () => {
    await ring('xenstore').click();
    const panel = shown();
    await panel.getByRole('img', { name: /Requests: guest → xenstored/ }).waitFor();
    await panel.getByRole('button', { name: 'Reconnect…' }).click();
    const verdict = isOxenstored
      ? `It would not help seen (${domid}): oxenstored keeps watches and indices at it.`
      : `seen (${domid}) runs, and would not be told that its connection was dropped.`;
    await panel.getByText(verdict).waitFor();
    assert.equal(await panel.getByRole('button', { name: 'Reconnect', exact: true }).count(), 0);
    await picture(xenscope.page, 'real-xen-reconnect-refused');
    await panel.getByRole('button', { name: 'Close' }).click();
    assert.deepEqual(vscode.pageErrors(), []);
  });

  itOnce(
    'connects a guest anew that stands still, once that was confirmed, and tells the outcome',
    async () => {
      await output(gate, 'xl', 'pause', 'seen');
      const panel = shown();
      await panel.getByRole('button', { name: 'Reconnect…' }).click();
      await panel.getByText(`seen (${domid}), which is paused, gets a new connection`).waitFor();
      await panel.getByText('All watches of the guest').waitFor();
      await picture(xenscope.page, 'real-xen-reconnect-question');
      await panel.getByRole('button', { name: 'Reconnect', exact: true }).click();
      await panel.getByText(`seen (${domid}) has a new connection, and was not told.`).waitFor();
      const steps = panel.getByRole('list', { name: 'Steps of the handshake' });
      await steps.getByText('has dropped the old connection, and was asked to bind').waitFor();
      await steps.getByText('says req_cons 0, req_prod 0, rsp_cons 0, rsp_prod 0 now').waitFor();
      await picture(xenscope.page, 'real-xen-reconnect-done');
      await output(gate, 'xl', 'unpause', 'seen');
      // What it asks from now on is answered.
      await typeInGuest('xenstore-write data/colour violet');
      const colour = ['xenstore-read', `/local/domain/${domid}/data/colour`];
      const isWritten = async () => (await gate.run(colour)).stdout === 'violet\n';
      await eventually('the guest has written', isWritten, patienceMs);
      assert.deepEqual(vscode.pageErrors(), []);
    },
  );

  itOnce('tells of the guest that is destroyed: its vchan, its rings and its nodes', async () => {
    const vchan = new VchanConsole(xenscope);
    await vchan.tab('Vchan: seen').click();
    await vchan.verdict(/^Open to seen/).waitFor();
    await output(gate, 'xl', 'destroy', 'seen');
    await vchan
      .verdict(/^seen.* has ended, and all that it wrote is read: its pages are given back/)
      .waitFor();
    await ring('console').waitFor({ state: 'detached' });
    await xenscope.store.row(domid, 3).waitFor({ state: 'detached' });
    await picture(xenscope.page, 'real-xen-destroyed');
    // No zombie: nobody holds a page of it.
    const list = async () => (await output(gate, 'xl', 'list')).trim().split('\n').length;
    await eventually('only domain 0 is left', async () => (await list()) === 2, patienceMs);
    assert.deepEqual(vscode.pageErrors(), []);
  });
});
