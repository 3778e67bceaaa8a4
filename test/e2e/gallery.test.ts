/**
 * Pictures of what there is to see, in each kind of theme, for people to judge. The tests hold what
 * a picture must show; how it looks is for the eye.
 */
import { picture } from './artefacts';
import { useEditor } from './host';
import { Xenscope, useQuietTree } from './xenscope';

const themes = { dark: 'Dark Modern', light: 'Light Modern', 'high-contrast': 'Dark High Contrast' } as const;

describe('pictures of the tree', () => {
  const { xenscope, shell } = useQuietTree();

  before(async function () {
    this.timeout(60_000);
    await xenscope().page.setViewportSize({ width: 1280, height: 1140 });
    await xenscope().workbench.widenSideBar(430);
    await xenscope().workbench.shrinkView('Xenstore', 600);
    await showDevicesAndWatch();
  });

  async function showDevicesAndWatch(): Promise<void> {
    await xenscope().goTo('/local/domain/1/device/vbd/51712/state');
    await xenscope().store.choose(await xenscope().goTo('/local/domain/1/memory/target'), 'Watch This Path');
    const watch = xenscope().watches.row('/local/domain/1/memory/target', 1);
    const told = xenscope().description(watch);
    await told.filter({ hasText: 'no change yet' }).waitFor();
    await shell().write('/local/domain/1/memory/target', '786432');
    await told.filter({ hasText: '1 event' }).waitFor();
    await shell().write('/local/domain/1/memory/target', '1048576');
    await told.filter({ hasText: '2 events' }).waitFor();
    await xenscope().watches.expand(watch);
    await xenscope().store.choose(
      await xenscope().goTo('/local/domain/1/device/vbd/51712/state'),
      'Permissions',
    );
    await xenscope().workbench.panel.getByText('Everyone else').first().waitFor();
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
      await xenscope().store.choose(xenscope().store.row('ring-ref', 7), 'Delete');
      await xenscope().workbench.dialog.getByRole('button', { name: 'Delete' }).waitFor();
      await picture(xenscope().page, `gallery-${name}-delete`);
      await xenscope().workbench.dialog.getByRole('button', { name: 'Cancel' }).click();
    });

    it(`finds in ${theme}`, async () => {
      await xenscope().workbench.ask('Xenscope: Find by Path or Value…', 'state');
      await xenscope().workbench.quickPick('/state').waitFor();
      await picture(xenscope().page, `gallery-${name}-find`);
      await xenscope().page.keyboard.press('Escape');
    });
  }
});

describe('pictures of the empty views', () => {
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
