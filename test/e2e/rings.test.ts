/** Rings in the real VS Code: the live view, the panel, a fault and its verdict, and a reconnect by a click. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { readJournalFile } from '../../server/capture/journalFile';
import { picture } from './artefacts';
import { eventually } from './eventually';
import { useEditor } from './host';
import { editorServerPid, installedServer } from './serverProcess';
import { Xenscope } from './xenscope';

describe('rings in VS Code', () => {
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 1 } });
  let xenscope: Xenscope;
  let rings: Locator;

  before(async function () {
    this.timeout(60_000);
    xenscope = new Xenscope(editor());
    await xenscope.page.setViewportSize({ width: 1500, height: 1100 });
    await xenscope.openOnlyRings();
    await xenscope.workbench.widenSideBar(430);
    rings = xenscope.workbench.pane('Rings');
  });

  const panel = () => xenscope.workbench.panel;
  const ringOf = (owner: string) => rings.locator(`[role=treeitem][aria-label*=" ring of ${owner} "]`);
  const xenstoreRing = (owner: string) =>
    rings.locator(`[role=treeitem][aria-label^="xenstore ring of ${owner} "]`);

  async function setFault(fault: string, often: string): Promise<void> {
    // A quick pick whose focus goes elsewhere is hidden: then it is asked for again.
    await eventually(`${fault} is ${often}`, async () => {
      await xenscope.workbench.command('Xenscope: Set a Fault…');
      await xenscope.workbench.quickPickNamed(fault).click({ timeout: 5000 });
      await xenscope.workbench.quickPickNamed(often).click({ timeout: 5000 });
      await xenscope.workbench.statusItem(fault).waitFor({ timeout: 5000 });
      return true;
    });
  }

  async function openPanel(owner: string) {
    await xenstoreRing(owner).click();
    const page = panel();
    await page.getByText(`${owner} (`).first().waitFor();
    await page.getByRole('img', { name: /Requests: guest → xenstored/ }).waitFor();
    return page;
  }

  it('shows all rings by domain, with what is in them', async () => {
    await ringOf('net-driver').first().waitFor();
    const label = await xenstoreRing('net-driver').getAttribute('aria-label');
    assert.match(label ?? '', /req \d+ percent full.*, rsp \d+ percent full/);
    await eventually('a ring flows', async () => (await rings.getByText('flowing').count()) > 0);
    await picture(xenscope.page, 'rings-view-dark');
  });

  it('opens a ring as a picture with words beside it', async () => {
    const page = await openPanel('net-driver');
    await page
      .getByText(/\d+ of 1,024 bytes, \d+ %/)
      .first()
      .waitFor();
    await page.getByRole('table', { name: 'Words of the page' }).getByText('server_features').waitFor();
    await page.getByRole('table', { name: 'Just read from req' }).getByText('READ').first().waitFor();
    await page.getByText('The page in hexadecimal').click();
    await page.getByRole('region', { name: 'The page in hexadecimal' }).getByText('07f0').waitFor();
    await page.getByText('The page in hexadecimal').click();
    await picture(xenscope.page, 'rings-panel-dark');
  });

  it('holds the view and not the ring', async () => {
    const page = panel();
    await page.getByRole('button', { name: 'Pause View' }).click();
    await page.getByText('The view is paused; the ring goes on.').waitFor();
    await page.getByRole('button', { name: 'Go On' }).click();
    await page.getByText('The view is paused').waitFor({ state: 'hidden' });
  });

  it('plays a reconnect out step by step', async () => {
    const page = panel();
    await page.getByRole('button', { name: 'Reconnect…' }).click();
    await page.getByText('What is lost').waitFor();
    await page.getByText(/\d+ watch(es)?, which the guest sets again/).waitFor();
    await picture(xenscope.page, 'rings-reconnect-question');
    await page.getByRole('button', { name: 'Reconnect', exact: true }).click();
    await page.getByText('connection 0 → 1').waitFor();
    await page.getByText('connection 1 → 0').waitFor();
    await page.getByText(/Connected anew after/).waitFor();
    await picture(xenscope.page, 'rings-reconnect-done');
  });

  it('saves the flight recorder, and opens what it saved', async () => {
    const file = path.join(editor().workspace, 'life.jsonl');
    const { quickInput, quickInputBox: box } = xenscope.workbench;
    await eventually('the file is named', async () => {
      await xenscope.workbench.command('Xenscope: Save Flight Recorder…');
      await quickInput.getByText('Save what the flight recorder').waitFor({ timeout: 5000 });
      // What is typed before VS Code proposes a name is lost.
      await eventually('a name is proposed', async () =>
        /simulator-[\d-]+\.jsonl$/.test(await box.inputValue({ timeout: 5000 })),
      );
      await picture(xenscope.page, 'rings-save-journal');
      await box.fill(file, { timeout: 5000 });
      await quickInput.getByRole('button', { name: 'OK' }).click({ timeout: 5000 });
      return true;
    });
    const saved = xenscope.workbench.notification(/entries saved in life\.jsonl/);
    await saved.waitFor();
    await picture(xenscope.page, 'rings-saved-journal');
    await saved.getByRole('button', { name: 'Open' }).click();
    await xenscope.workbench.editor.getByText('xenscope-journal').first().waitFor();
    const { entries, damage } = readJournalFile(await readFile(file, 'utf8'));
    assert.equal(damage, undefined);
    assert.ok(entries.some(({ kind, source }) => kind === 'movement' && source.startsWith('xenstore:')));
    await xenscope.workbench.command('View: Close Editor');
  });

  it('shows a flooded ring fill while its reader sleeps, and says so', async function () {
    this.timeout(300_000);
    await xenscope.workbench.command('Notifications: Toggle Do Not Disturb Mode');
    await setFault('Slow reader', 'Always');
    await xenscope.workbench.ask('Xenscope: Open Ring…', 'rowdy');
    await xenscope.workbench.quickPick(/rowdy[^]*xenstore/).click();
    const page = panel();
    await page.getByText('rowdy (').first().waitFor();
    // The guest writes a burst when it likes to: within a minute.
    // Each state passes, and comes again with the next burst.
    const patience = { timeout: 90_000 };
    await page.locator('.verdict').getByText(/full/).waitFor(patience);
    await picture(xenscope.page, 'rings-full');
    await page.getByRole('img', { name: /Requests.*1,02[34] of 1,024 bytes/ }).waitFor(patience);
    await page.getByRole('table', { name: 'Queued in req' }).getByText('WRITE').first().waitFor(patience);
    const perSecond = (await page.locator('body').evaluate(framesPerSecond)) as number;
    console.log(`      · the panel draws ${perSecond.toFixed(0)} frames per second meanwhile`);
    await setFault('Slow reader', 'Off');
    await page
      .locator('.verdict')
      .getByText(/idle|flowing/)
      .waitFor({ timeout: 60_000 });
  });

  it('says that the index cannot be, and a reconnect brings the ring back', async () => {
    const page = await openPanel('database');
    await setFault('Corrupt index', 'Always');
    await page
      .getByText(/insane/)
      .first()
      .waitFor();
    await setFault('Corrupt index', 'Off');
    await picture(xenscope.page, 'rings-insane');
    await eventually('the Problems panel knows it', async () => {
      await xenscope.workbench.command('Problems: Focus on Problems View');
      return (
        (await xenscope.page
          .locator('.markers-panel')
          .getByText(/ring of .*insane/)
          .count()) > 0
      );
    });
    await picture(xenscope.page, 'rings-problems');
    await xenscope.workbench.command('View: Toggle Panel Visibility');
    await page.getByRole('button', { name: 'Reconnect…' }).click();
    await page.getByRole('button', { name: 'Reconnect', exact: true }).click();
    await page.getByText(/Connected anew after/).waitFor();
    // The reset by itself is no traffic: flowing is only what says how much was written.
    await page
      .locator('.verdict')
      .getByText(/idle|flowing/)
      .waitFor();
    await eventually('the ring rests, or bytes flow', async () => {
      if ((await page.locator('.verdict').getByText('idle').count()) > 0) return true;
      return (
        (await page
          .locator('.evidence')
          .getByText(/: [1-9][\d,]* bytes per second written/)
          .count()) > 0
      );
    });
    await picture(xenscope.page, 'rings-insane-mended');
  });

  it('says nothing of what waits while a reconnect is stuck', async function () {
    this.timeout(180_000);
    // A guest to which nothing is said by itself: whoever tells it something looks at its ring, and answers after all.
    const page = await openPanel('dns-unikernel');
    // Of this guest only: the others shall not wait for doorbells that nobody hears.
    const ofUnikernel = async (often: string) => {
      const domain = rings.locator('[role=treeitem][aria-level="1"]').filter({ hasText: 'dns-unikernel' });
      await eventually(`the doorbells of dns-unikernel are lost: ${often}`, async () => {
        await xenscope.page.mouse.move(900, 600);
        await xenscope.workbench.tree('Rings').choose(domain, 'Set a Fault…');
        await xenscope.workbench.quickInput
          .getByText('What shall go wrong on dns-unikernel (4)?')
          .waitFor({ timeout: 5000 });
        await xenscope.workbench.quickPickNamed('Lost notify').click({ timeout: 5000 });
        await xenscope.workbench.quickPickNamed(often).click({ timeout: 5000 });
        await xenscope.workbench.statusItem(`Lost notify: ${often.toLowerCase()}`).waitFor({ timeout: 5000 });
        return true;
      });
    };
    await ofUnikernel('Always');
    await page.getByRole('button', { name: 'Reconnect…' }).click();
    await page.getByRole('button', { name: 'Reconnect', exact: true }).click();
    await page
      .locator('.verdict')
      .getByText(/reconnect/)
      .waitFor();
    for (const name of [/Requests: .*what waits is unknown/, /Replies and events: .*what waits is unknown/])
      await page.getByRole('img', { name }).waitFor();
    assert.equal(await page.locator('.used').getByText('%').count(), 0);
    await xenstoreRing('dns-unikernel').and(rings.locator('[aria-label*="req: unknown"]')).waitFor();
    await page.getByText(/has not answered for \d+ seconds/).waitFor({ timeout: 60_000 });
    await picture(xenscope.page, 'rings-reconnect-stuck');
    await ofUnikernel('Off');
    await page.getByRole('button', { name: 'Once More…' }).click();
    await page.getByText('how many nobody can tell while a reconnect is under way').first().waitFor();
    await page.getByRole('button', { name: 'Reconnect', exact: true }).click();
    await page.getByText(/Connected anew after/).waitFor();
    await page
      .locator('.verdict')
      .getByText(/idle|flowing/)
      .waitFor();
  });

  it('shows what a guest writes to its console', async () => {
    await xenscope.workbench.ask('Xenscope: Open Ring…', 'web');
    await xenscope.workbench.quickPick(/web[^]*console/).click();
    const page = panel();
    await page.getByRole('img', { name: /Output: guest → console daemon/ }).waitFor();
    await page.getByRole('table', { name: 'Words of the page' }).getByText('out_prod').waitFor();
    await picture(xenscope.page, 'rings-console');
  });

  it('destroys a guest after a question, and starts it anew', async () => {
    await xenscope.workbench.ask('Xenscope: Destroy Guest…', 'web');
    await xenscope.workbench.quickPickNamed('web').click();
    await xenscope.workbench.dialog.getByRole('button', { name: 'Destroy' }).click();
    await panel().getByText('The page is gone').waitFor({ timeout: 30_000 });
    await xenstoreRing('web').waitFor({ state: 'hidden' });
    await xenscope.workbench.ask('Xenscope: Start Guest…', 'web');
    await xenscope.workbench.quickPickNamed('web').click();
    await eventually('the guest is listed again', async () => {
      await xenscope.workbench.ask('Xenscope: Open Ring…', 'web');
      const isThere = await xenscope.workbench.quickPick(/web[^]*xenstore/).isVisible();
      await xenscope.page.keyboard.press('Escape');
      return isThere;
    });
  });

  it('pauses a guest from its row, and lets it go on', async () => {
    const domain = rings.locator('[role=treeitem][aria-level="1"]').filter({ hasText: 'net-driver' });
    await xenscope.page.mouse.move(900, 600);
    await xenscope.workbench.tree('Rings').choose(domain, 'Pause');
    await domain.filter({ hasText: 'paused' }).waitFor();
    await picture(xenscope.page, 'rings-paused-guest');
    await xenscope.workbench.tree('Rings').choose(domain, 'Unpause');
    await domain.filter({ hasText: 'paused' }).waitFor({ state: 'hidden' });
  });

  it('holds the world, steps it, and resumes it', async () => {
    await xenscope.workbench.command('Xenscope: Hold the World');
    await xenscope.workbench.statusItem('held').waitFor();
    await xenscope.workbench.command('Xenscope: Step the World');
    await xenscope.workbench.statusItem(/#\d+ /).waitFor();
    await picture(xenscope.page, 'rings-held');
    await xenscope.workbench.statusItem(/^ ?held/).click();
    await xenscope.workbench.statusItem('held').waitFor({ state: 'hidden' });
  });

  it('goes on after the server was killed', async () => {
    const page = await openPanel('net-driver');
    const looked = page.getByText(/Looked at [\d,]+ times/);
    await looked.waitFor();
    await page.getByRole('button', { name: 'Reconnect…' }).click();
    await page.getByRole('button', { name: 'Reconnect', exact: true }).click();
    const connected = page.getByText(/Connected anew after/);
    await connected.waitFor();
    const script = installedServer(editor().vscode.extensions);
    const before = editorServerPid(script);
    assert.ok(before, 'the server runs');
    process.kill(before, 'SIGKILL');
    await page.getByText('What is shown is what was last seen').waitFor();
    await page.getByText('What is shown is what was last seen').waitFor({ state: 'hidden', timeout: 30_000 });
    await looked.waitFor();
    await connected.waitFor({ state: 'hidden' });
    await xenstoreRing('net-driver').waitFor();
  });

  it('shows the same in light and in high contrast', async () => {
    // What was opened before may have lost its guest: a picture of nothing shows no theme.
    await openPanel('net-driver');
    for (const [name, theme] of [
      ['light', 'Light Modern'],
      ['high-contrast', 'Dark High Contrast'],
    ] as const) {
      await xenscope.workbench.setTheme(theme);
      const page = panel();
      await page.getByRole('heading', { level: 1, name: 'Xenstore ring' }).waitFor();
      await page.getByText('net-driver (').first().waitFor();
      await page.locator('.verdict').waitFor();
      await page.getByRole('button', { name: 'What Am I Looking At?' }).click();
      await page.getByText('This view only looks.').waitFor();
      await page.getByRole('button', { name: 'What Am I Looking At?' }).click();
      await xenscope.workbench.quiet();
      await picture(xenscope.page, `rings-panel-${name}`);
      await page.getByText('The page in hexadecimal').scrollIntoViewIfNeeded();
      await picture(xenscope.page, `rings-panel-below-${name}`);
    }
  });
});

/** Runs in the page, as text, because the loader of the tests would put helpers of its own into a function. */
const framesPerSecond = `new Promise((resolve) => {
  const start = performance.now();
  let frames = 0;
  const tick = () => {
    const seconds = (performance.now() - start) / 1000;
    if (seconds >= 2) return resolve(frames / seconds);
    frames++;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})`;
