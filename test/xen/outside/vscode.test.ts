/** The real VS Code on the emulated dom0: its tree, its guest and the rings of that guest, as a person sees them. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { picture } from '../../e2e/artefacts';
import { startEditor, type Editor } from '../../e2e/host';
import { Xenscope } from '../../e2e/xenscope';
import { openGate, output, serveInDom0 } from '../support/outside';
import type { Forwarded } from '../support/outside';

const machine = 'This machine’s Xen';
/** Slow enough for an emulated host that others keep busy. */
const patienceMs = 60_000;
/** dom0's own disk, for reading. */
const disk = 'format=raw,vdev=xvda,access=r,backendtype=phy,script=/machine/guest-disk,target=/dev/vda';
const guestSettings = ['name = "seen"', 'memory = 192', `disk = ["${disk}"]`].join(';');

// One of the two daemons is enough for the window: what the server makes of each is judged elsewhere.
const describeOnce = process.env['XENSCOPE_XEN_DAEMON'] === 'xenstored' ? describe : () => undefined;

describeOnce('a real Xen in VS Code', () => {
  const gate = openGate();
  let socket: Forwarded;
  let editor: Editor;
  let xenscope: Xenscope;
  let domid: string;

  before(async function () {
    // With CI=true nothing may be skipped: then it fails below.
    if (!existsSync('/usr/bin/chromium') && process.env['CI'] !== 'true') this.skip();
    await output(gate, 'xl', 'create', '-q', '/machine/guest.cfg', guestSettings);
    domid = (await output(gate, 'xl', 'domid', 'seen')).trim();
    socket = await serveInDom0(gate);
    editor = await startEditor({
      settings: {
        'xenscope.simulator.autoconnect': false,
        'xenscope.realHost.serverSocket': socket.path,
      },
    });
    xenscope = new Xenscope(editor);
    xenscope.page.setDefaultTimeout(patienceMs);
    await xenscope.page.setViewportSize({ width: 1500, height: 1100 });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await picture(xenscope.page, 'failed-real-xen');
  });
  after(async () => {
    await editor?.stop();
    await socket?.end();
    await gate.run(['xl', 'destroy', 'seen']);
  });

  it('shows the store of dom0, live', async () => {
    await xenscope.workbench.openContainer('Xenscope');
    await xenscope.workbench.widenSideBar(430);
    const host = xenscope.hosts.row(machine);
    await xenscope.description(host).filter({ hasText: 'as root' }).waitFor();
    await xenscope.hosts.choose(host, 'Show Host');
    await xenscope.description(host).filter({ hasText: 'connected' }).waitFor();
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
  const shown = () =>
    xenscope.page.frameLocator('iframe.webview.ready:visible').last().frameLocator('iframe#active-frame');

  it('shows the rings of the guest, with what it says on its console', async () => {
    await ring('xenstore').waitFor();
    await ring('console').click();
    const panel = shown();
    await panel.getByText(`guest ${domid} is ready`).first().waitFor();
    await picture(xenscope.page, 'real-xen-console');
    await ring('xenstore').click();
    await panel.getByRole('img', { name: /Requests: guest → xenstored/ }).waitFor();
    await picture(xenscope.page, 'real-xen-ring');
    assert.deepEqual(editor.browser.pageErrors, []);
  });

  it('shows the ring of its disk, with what it read', async () => {
    const reading = 'echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/xvda of=/dev/null bs=4096 count=8';
    const tty = (await output(gate, 'xenstore-read', `/local/domain/${domid}/console/tty`)).trim();
    await output(gate, 'sh', '-c', `echo 'while sleep 1; do ${reading}; done' > ${tty}`);
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
    assert.deepEqual(editor.browser.pageErrors, []);
  });
});
