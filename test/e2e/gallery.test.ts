/**
 * Pictures of what there is to see, in each kind of theme, for people to judge. The tests hold what
 * a picture must show; how it looks is for the eye.
 */
import { picture } from './artefacts';
import { ComposerPage } from './composerPage';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope, useQuietTree } from './xenscope';

const themes = { dark: 'Dark Modern', light: 'Light Modern', 'high-contrast': 'Dark High Contrast' } as const;

describe('pictures of the tree', function () {
  this.timeout(testTimeoutMs);
  const { xenscope, shell } = useQuietTree();

  before(async () => {
    await xenscope().page.setViewportSize({ width: 1280, height: 1140 });
    await xenscope().workbench.widenSideBar(430);
    await xenscope().workbench.shrinkView('Xenstore', 600);
    await showDevicesAndWatch();
  });

  async function showDevicesAndWatch(): Promise<void> {
    await xenscope().goTo('/local/domain/1/device/vbd/51712/state');
    const target = await xenscope().goTo('/local/domain/1/memory/target');
    const watch = xenscope().watches.row('/local/domain/1/memory/target', 1);
    await xenscope().store.choose(target, 'Watch This Path', () => watch.waitFor({ timeout: stepTimeoutMs }));
    const told = xenscope().description(watch);
    await told.filter({ hasText: 'no change yet' }).waitFor();
    await shell().write('/local/domain/1/memory/target', '786432');
    await told.filter({ hasText: '1 event' }).waitFor();
    await shell().write('/local/domain/1/memory/target', '1048576');
    await told.filter({ hasText: '2 events' }).waitFor();
    await xenscope().watches.expand(watch);
    const panel = xenscope().workbench.panel.getByText('Everyone else').first();
    const state = await xenscope().goTo('/local/domain/1/device/vbd/51712/state');
    await xenscope().store.choose(state, 'Permissions', () => panel.waitFor({ timeout: stepTimeoutMs }));
    await xenscope().store.scrollToTop();
    await xenscope().store.row('libxl', 1).waitFor();
  }

  for (const [name, theme] of Object.entries(themes)) {
    it(`shows tree, watch and permissions in ${theme}`, async () => {
      await xenscope().workbench.setTheme(theme);
      await xenscope()
        .description(xenscope().store.row('state', 7))
        .filter({ hasText: 'Connected' })
        .waitFor();
      await xenscope().workbench.panel.getByRole('button', { name: 'Apply' }).waitFor();
      await xenscope().workbench.quiet();
      await picture(xenscope().page, `gallery-${name}-tree`);
    });

    it(`shows the hover in ${theme}`, async () => {
      await xenscope().hover(xenscope().store.row('state', 7), 'Connected');
      await picture(xenscope().page, `gallery-${name}-hover`);
      await xenscope().workbench.quiet();
    });

    it(`asks before it deletes, in ${theme}`, async () => {
      const question = xenscope().workbench.dialog.getByRole('button', { name: 'Delete' });
      await xenscope().store.choose(xenscope().store.row('ring-ref', 7), 'Delete', () =>
        question.waitFor({ timeout: stepTimeoutMs }),
      );
      await picture(xenscope().page, `gallery-${name}-delete`);
      await xenscope().workbench.dialog.getByRole('button', { name: 'Cancel' }).click();
      await question.waitFor({ state: 'hidden' });
    });

    it(`finds in ${theme}`, async () => {
      await eventually('something is found', async () => {
        await xenscope().workbench.ask('Xenscope: Find by Path or Value…', 'state');
        await xenscope().workbench.quickPick('/state').waitFor({ timeout: stepTimeoutMs });
        return true;
      });
      await picture(xenscope().page, `gallery-${name}-find`);
      await xenscope().page.keyboard.press('Escape');
    });
  }
});

describe('pictures of the empty views', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.autoconnect': false } });

  for (const [name, theme] of Object.entries(themes)) {
    it(`says what to do when nothing is connected, in ${theme}`, async () => {
      const xenscope = new Xenscope(editor());
      await xenscope.workbench.openContainer('Xenscope');
      await xenscope.workbench.setTheme(theme);
      await xenscope
        .description(xenscope.hosts.row('Simulator'))
        .filter({ hasText: 'not connected' })
        .waitFor();
      await xenscope.store.pane.getByText('The simulator is not connected').waitFor();
      await xenscope.workbench.quiet();
      await picture(xenscope.page, `gallery-${name}-empty`);
    });
  }
});

describe('pictures of PV Calls', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor();
  /** The echo of the guest `shop`. */
  const echo = '10.0.0.1:7';
  let xenscope: Xenscope;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.page.setViewportSize({ width: 1400, height: 1140 });
    await xenscope.open();
    await xenscope.showOnly('PV Calls');
    await xenscope.workbench.widenSideBar(400);
    const composer = new ComposerPage(xenscope);
    await composer.openAt('Xenscope: PV Calls: Connect to Address…', echo, /^web/);
    await composer.consoleField.fill('hello, echo');
    await composer.consoleField.press('Enter');
    await composer.log.locator('li.received').getByText('hello, echo').waitFor();
    // A device that is new lies folded in the view.
    const view = xenscope.workbench.tree('PV Calls');
    await view.expand(view.rows.and(view.pane.locator('[aria-label^="PV Calls of web ("]')));
  });

  for (const [name, theme] of Object.entries(themes)) {
    it(`shows sockets of guests, and one that is driven by hand, in ${theme}`, async () => {
      const { workbench } = xenscope;
      await workbench.setTheme(theme);
      const own = workbench.pane('PV Calls').locator('[role=treeitem][aria-label^="socket 1 of web "]');
      await own.waitFor();
      await workbench.quiet();
      await picture(xenscope.page, `gallery-${name}-pvcalls`);
      await xenscope.hover(own, 'It has data rings');
      await picture(xenscope.page, `gallery-${name}-pvcalls-hover`);
    });
  }
});
