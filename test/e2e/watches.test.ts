/** Watching a path: events with time, old value, new value and count, in the view and in the log. */
import { stepTimeoutMs, testTimeoutMs } from './eventually';
import { useQuietTree } from './xenscope';

describe('watches in VS Code', function () {
  this.timeout(testTimeoutMs);
  const { xenscope, shell } = useQuietTree();

  it('counts the events of a watched path and tells old and new', async () => {
    await shell().write('/watched/node', 'one');
    const row = await xenscope().goTo('/watched');
    const watch = xenscope().watches.row('/watched', 1);
    await xenscope().store.choose(row, 'Watch This Path', () => watch.waitFor({ timeout: stepTimeoutMs }));

    await shell().write('/watched/node', 'two');
    await xenscope().description(watch).filter({ hasText: '"two"' }).waitFor();
    await shell().write('/watched/node', 'three');
    await xenscope().description(watch).filter({ hasText: '"two" → "three"' }).waitFor();
    await shell().run('rm', '/watched/node');
    await xenscope().description(watch).filter({ hasText: 'deleted' }).waitFor();
  });

  it('goes on after the host was disconnected and connected', async () => {
    await xenscope().workbench.command('Xenscope: Disconnect Host');
    const watch = xenscope().watches.row('/watched', 1);
    await xenscope().description(watch).filter({ hasText: 'waiting for the host' }).waitFor();
    await xenscope().workbench.command('Xenscope: Connect Host');
    await xenscope().description(watch).filter({ hasNotText: 'waiting for the host' }).waitFor();
    const newShell = await xenscope().shell();
    await newShell.write('/watched/node', 'again');
    await xenscope().description(watch).filter({ hasText: '"again"' }).waitFor();
  });

  it('writes them to a log', async () => {
    await xenscope().workbench.command('Xenscope: Show Log of Watches');
    const panel = xenscope().page.locator('.part.panel .view-lines');
    await panel.filter({ hasText: '"two" → "three"' }).waitFor();
    await panel.filter({ hasText: /\d\d:\d\d:\d\d\.\d\d\d/ }).waitFor();
  });

  it('watches again when the window was loaded anew', async () => {
    await xenscope().workbench.reload();
    const watch = xenscope().watches.row('/watched', 1);
    await watch.waitFor({ timeout: 60_000 });
    await xenscope()
      .description(watch)
      .filter({ hasNotText: 'waiting for the host' })
      .waitFor({ timeout: 60_000 });
    const newShell = await xenscope().shell();
    await newShell.write('/watched/node', 'after all');
    await xenscope().description(watch).filter({ hasText: '"after all"' }).waitFor();
  });
});
