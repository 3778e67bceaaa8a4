/** Looking: the tree is there, alive, searchable, and tells what a node holds. */
import assert from 'node:assert/strict';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useQuietTree } from './xenscope';

describe('the tree in VS Code', function () {
  this.timeout(testTimeoutMs);
  const { xenscope, shell } = useQuietTree();

  it('shows the demo world', async () => {
    const domains = await xenscope().store.open('local', 'domain');
    await domains.waitFor();
    await xenscope().store.row('0', 3).waitFor();
    const fromShell = (await shell().run('list', '/local/domain')).split('\n');
    assert.ok(fromShell.length >= 5, `only the domains ${fromShell.join(' ')}`);
    for (const domid of fromShell.slice(0, 5)) await xenscope().store.row(domid, 3).waitFor();
  });

  it('shows a write from a shell', async () => {
    await shell().write('/shell/note', 'first');
    await xenscope().goTo('/shell/note');
    const value = xenscope().description(xenscope().store.row('note', 2));
    await value.filter({ hasText: /^first$/ }).waitFor();

    const begin = Date.now();
    await shell().write('/shell/note', 'second');
    await value.filter({ hasText: /^second$/ }).waitFor();
    console.log(
      `· a write from a shell was on screen after ${Date.now() - begin} ms, the shell's start included`,
    );
  });

  it('shows nodes that come and go, and keeps the selection', async () => {
    await shell().write('/shell/stays', 'here');
    const stays = xenscope().store.row('stays', 2);
    await stays.click();
    await xenscope().selectedNamed('stays').waitFor();
    await shell().write('/shell/comes', '1');
    await xenscope().store.row('comes', 2).waitFor();
    await shell().run('rm', '/shell/comes');
    await xenscope().store.row('comes', 2).waitFor({ state: 'detached' });
    await xenscope().selectedNamed('stays').waitFor();
  });

  it('says what values mean', async () => {
    await shell().write('/local/domain/0/backend/vif/9/0/state', '4');
    const row = await xenscope().goTo('/local/domain/0/backend/vif/9/0/state');
    await xenscope().description(row).filter({ hasText: 'Connected' }).waitFor();
    await shell().write('/local/domain/0/backend/vif/9/0/state', '5');
    await xenscope().description(row).filter({ hasText: 'Closing' }).waitFor();
  });

  it('tells value, permissions and owner in the hover', async () => {
    await shell().write('/shell/hovered', 'some text');
    await shell().run('chmod', '/shell/hovered', 'n0', 'r1');
    const row = await xenscope().goTo('/shell/hovered');
    const text = await xenscope().hover(row, 'some text');
    assert.match(text, /\/shell\/hovered/);
    assert.match(text, /In hexadecimal[^]*73 6f 6d 65/, 'the bytes in hex');
    assert.match(text, /9 bytes/);
    assert.match(text, /owner|own/i);
    assert.match(text, /read/);
    await xenscope().page.keyboard.press('Escape');
  });

  it('shows the whole of the longest value, as text and nothing but text', async () => {
    const hostile =
      '```\n~~~\n[go](command:xenscope.server.restart) ![](https://a.example/p.png) <b>b</b> $(zap)\n';
    const value = `${hostile}${'v'.repeat(4092 - hostile.length - 3)}end`;
    await shell().write('/hv', value);
    const row = await xenscope().goTo('/hv');
    const text = await xenscope().hover(row, '4,092 bytes');
    assert.ok(text.includes(`${'v'.repeat(40)}end`), 'the end of the text');
    assert.match(text, /0ff0: 76 76 76 76 76 76 76 76 76 65 6e 64/, 'the last line in hexadecimal');
    assert.match(text, /\[go\]\(command:xenscope\.server\.restart\) !\[\]\(/, 'Markdown stays text');
    const { hover } = xenscope().workbench;
    assert.equal(await hover.locator('a[data-href], img, b, .codicon-zap').count(), 0);
    await xenscope().page.keyboard.press('Escape');
    await shell().run('rm', '/hv');
  });

  it('finds by value and shows the match in the tree', async () => {
    await shell().write('/shell/deep/er/needle', 'in-a-haystack');
    const found = /\/shell\/deep\/er\/needle/;
    await xenscope().workbench.askAndPick('Xenscope: Find by Path or Value…', 'A-Haystack', found);
    await xenscope().selectedNamed('needle').waitFor();
  });

  it('finds by a part of the path', async () => {
    await eventually('the node is offered', async () => {
      await xenscope().workbench.ask('Xenscope: Find by Path or Value…', 'deep/er/nee');
      await xenscope().workbench.quickPick('/shell/deep/er/needle').waitFor({ timeout: stepTimeoutMs });
      return true;
    });
    await xenscope().page.keyboard.press('Escape');
  });

  it('copies path, value and subtree', async () => {
    const row = await xenscope().goTo('/shell/deep');
    const copied = async (entry: string | RegExp) => {
      await xenscope().page.evaluate(() => navigator.clipboard.writeText(''));
      let text = '';
      const isThere = async () => (text = await xenscope().clipboard()) !== '';
      await xenscope().store.choose(row, entry, () =>
        eventually(`${String(entry)} fills the clipboard`, isThere, stepTimeoutMs),
      );
      return text;
    };
    assert.equal(await copied('Copy Path'), '/shell/deep');
    assert.match(await copied(/xenstore-ls Text/), /needle = "in-a-haystack"/);
    const json = JSON.stringify(JSON.parse(await copied(/as JSON/)));
    assert.match(json, /in-a-haystack/);
  });

  it('follows a value that is a path', async () => {
    await shell().write('/shell/link', '/local/domain/0/memory');
    const row = await xenscope().goTo('/shell/link');
    await eventually('F12 leads there', async () => {
      await row.click({ timeout: stepTimeoutMs });
      await xenscope().page.keyboard.press('F12');
      await xenscope().selectedNamed('memory').waitFor({ timeout: stepTimeoutMs });
      return true;
    });
  });

  it('asks nothing of any other address, and raises no error in the page', () => {
    assert.deepEqual(xenscope().editor.browser.blocked, []);
    assert.deepEqual(xenscope().editor.browser.pageErrors, []);
  });
});
