/** Rows of the view “PV Calls” whose device has no socket at first. */
import { ComposerPage } from './composerPage';
import { eventually, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

const compose = 'Xenscope: PV Calls: Compose a Command…';

describe('rows of PV Calls devices, in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 1 } });

  it('are open when the first socket comes, also where they were drawn without one', async () => {
    const xenscope = new Xenscope(editor());
    const composer = new ComposerPage(xenscope);
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1380, height: 1200 });
    // Rows that are not on screen cannot be found.
    for (const title of ['Hosts', 'Xenstore', 'Rings', 'Watches', 'PV Calls']) {
      await xenscope.workbench.pane(title).locator('.pane-header').click();
    }
    const view = xenscope.workbench.pane('PV Calls');
    const device = view.locator('[role=treeitem][aria-level="1"][aria-label^="PV Calls of web ("]');
    await composer.open(compose, /Domain-0/, /^web/);
    await composer.status('Connected to Domain-0 (0).').waitFor();
    await eventually(
      'the device is drawn, with nothing below it',
      async () => (await device.count()) === 1 && (await device.getAttribute('aria-expanded')) === null,
      60_000,
    );
    await composer.fieldIs('Socket', '1');
    await composer.sendButton.click();
    await composer.answer(/^Open socket 1: done/).waitFor();
    await view
      .locator('[role=treeitem][aria-level="2"][aria-label*=" of web ("]')
      .first()
      .waitFor({ timeout: 60_000 });
  });
});
