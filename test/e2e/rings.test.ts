/** Rings in the real VS Code: the live view, the panel, a fault and its verdict, and a reconnect by a click. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { readJournalFile } from '../../server/capture/journalFile';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { editorServerPid, installedServer } from './serverProcess';
import { Xenscope } from './xenscope';

const step = { timeout: stepTimeoutMs };

describe('rings in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 1 } });
  let xenscope: Xenscope;
  let rings: Locator;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.page.setViewportSize({ width: 1500, height: 1100 });
    await xenscope.openOnlyRings();
    await xenscope.workbench.widenSideBar(430);
    rings = xenscope.workbench.pane('Rings');
  });

  const panel = () => xenscope.workbench.panel;
  const ringOf = (owner: string) => rings.locator(`[role=treeitem][aria-label*=" ring of ${owner} "]`);
  const domain = (name: string) => rings.locator('[role=treeitem][aria-level="1"]').filter({ hasText: name });
  const xenstoreRing = (owner: string) =>
    rings.locator(`[role=treeitem][aria-label^="xenstore ring of ${owner} "]`);

  /** By a click on its row, which takes none while it is drawn anew: then the command asks which ring is meant. */
  async function openPanel(owner: string) {
    const page = panel();
    await eventually(`the panel of ${owner} is open`, async () => {
      await xenscope.workbench.clear();
      await xenstoreRing(owner).click(step);
      await page.getByText(`${owner} (`).first().waitFor(step);
      return true;
    });
    await page.getByRole('img', { name: /Requests: guest → xenstored/ }).waitFor();
    return page;
  }

  async function reconnect(): Promise<void> {
    await panel().getByRole('button', { name: 'Reconnect…' }).click();
    await panel().getByRole('button', { name: 'Reconnect', exact: true }).click();
  }

  it('shows all rings by domain, with what is in them', async () => {
    await ringOf('net-driver').first().waitFor();
    await eventually('how full it is is said', async () => {
      const label = await xenstoreRing('net-driver').getAttribute('aria-label', step);
      return /req \d+ percent full.*, rsp \d+ percent full/.test(label ?? '');
    });
    await rings.getByText('flowing').first().waitFor();
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
    const lastLine = page.getByRole('region', { name: 'The page in hexadecimal' }).getByText('07f0');
    if (!(await lastLine.isVisible())) await page.getByText('The page in hexadecimal').click();
    await lastLine.waitFor();
    await page.getByText('The page in hexadecimal').click();
    await picture(xenscope.page, 'rings-panel-dark');
  });

  it('holds the view and not the ring', async () => {
    const page = await openPanel('net-driver');
    if (!(await page.getByText('The view is paused').isVisible()))
      await page.getByRole('button', { name: 'Pause View' }).click();
    await page.getByText('The view is paused; the ring goes on.').waitFor();
    await page.getByRole('button', { name: 'Go On' }).click();
    await page.getByText('The view is paused').waitFor({ state: 'hidden' });
  });

  it('plays a reconnect out step by step', async () => {
    const page = await openPanel('net-driver');
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
    const saved = xenscope.workbench.notification(/entries saved in life\.jsonl/);
    await eventually('the file is named', async () => {
      await xenscope.workbench.clear();
      await xenscope.workbench.command('Xenscope: Save Flight Recorder…');
      await quickInput.getByText('Save what the flight recorder').waitFor(step);
      // What is typed before VS Code proposes a name is lost.
      await eventually('a name is proposed', async () =>
        /simulator-[\d-]+\.jsonl$/.test(await box.inputValue(step)),
      );
      await picture(xenscope.page, 'rings-save-journal');
      await box.fill(file, step);
      await quickInput.getByRole('button', { name: 'OK' }).click(step);
      // A second try is asked whether it shall take the place of what the first one wrote.
      const replace = quickInput.getByRole('button', { name: 'Yes' });
      await replace.or(saved).first().waitFor(step);
      if (await replace.isVisible()) await replace.click(step);
      return true;
    });
    await saved.waitFor();
    await picture(xenscope.page, 'rings-saved-journal');
    await saved.getByRole('button', { name: 'Open' }).click();
    await xenscope.workbench.editor.getByText('xenscope-journal').first().waitFor();
    const { entries, damage } = readJournalFile(await readFile(file, 'utf8'));
    assert.equal(damage, undefined);
    assert.ok(entries.some(({ kind, source }) => kind === 'movement' && source.startsWith('xenstore:')));
    await xenscope.workbench.command('View: Close Editor');
  });

  it('shows a flooded ring fill while its reader sleeps, and says so', async () => {
    await xenscope.workbench.command('Notifications: Clear All Notifications');
    const page = panel();
    await xenscope.withFault('Slow reader', async () => {
      await xenscope.workbench.statusItem(/^\s*Simulator · 1 fault on\s*$/).waitFor();
      await xenscope.workbench.askAndPick('Xenscope: Open Ring…', 'rowdy', /rowdy[^]*xenstore/);
      await page.getByText('rowdy (').first().waitFor();
      // The guest writes a burst when it likes to: within a minute.
      // Each state passes, and comes again with the next burst.
      const patience = { timeout: 120_000 };
      await page.locator('.verdict').getByText(/full/).waitFor(patience);
      await picture(xenscope.page, 'rings-full');
      await page.getByRole('img', { name: /Requests.*1,02[34] of 1,024 bytes/ }).waitFor(patience);
      await page.getByRole('table', { name: 'Queued in req' }).getByText('WRITE').first().waitFor(patience);
      const perSecond = (await page.locator('body').evaluate(framesPerSecond)) as number;
      console.log(`      · the panel draws ${perSecond.toFixed(0)} frames per second meanwhile`);
    });
    await page
      .locator('.verdict')
      .getByText(/idle|flowing/)
      .waitFor();
  });

  it('says that the index cannot be, and a reconnect brings the ring back', async () => {
    const page = await openPanel('database');
    await xenscope.withFault('Corrupt index', () =>
      page
        .getByText(/insane/)
        .first()
        .waitFor(),
    );
    await picture(xenscope.page, 'rings-insane');
    const problem = xenscope.page.locator('.markers-panel').getByText(/ring of .*insane/);
    await eventually('the Problems panel knows it', async () => {
      await xenscope.workbench.command('Problems: Focus on Problems View');
      await problem.first().waitFor(step);
      return true;
    });
    await picture(xenscope.page, 'rings-problems');
    await xenscope.workbench.command('View: Toggle Panel Visibility');
    await problem.first().waitFor({ state: 'hidden' });
    await reconnect();
    await page.getByText(/Connected anew after/).waitFor();
    // The reset by itself is no traffic: flowing is only what says how much was written.
    await page
      .locator('.verdict')
      .getByText(/idle|flowing/)
      .waitFor();
    const written = page.locator('.evidence').getByText(/: [1-9][\d,]* bytes per second written/);
    await page.locator('.verdict').getByText('idle').or(written).first().waitFor();
    await picture(xenscope.page, 'rings-insane-mended');
  });

  it('says nothing of what waits while a reconnect is stuck', async () => {
    // A guest to which nothing is said by itself: whoever tells it something looks at its ring, and answers after all.
    const page = await openPanel('dns-unikernel');
    try {
      await loseDoorbellsOfUnikernel('Always');
      await reconnect();
      await page
        .locator('.verdict')
        .getByText(/reconnect/)
        .waitFor();
      for (const name of [/Requests: .*what waits is unknown/, /Replies and events: .*what waits is unknown/])
        await page.getByRole('img', { name }).waitFor();
      assert.equal(await page.locator('.used').getByText('%').count(), 0);
      await xenstoreRing('dns-unikernel').and(rings.locator('[aria-label*="req: unknown"]')).waitFor();
      await page.getByText(/has not answered for \d+ seconds/).waitFor();
      await picture(xenscope.page, 'rings-reconnect-stuck');
    } finally {
      await loseDoorbellsOfUnikernel('Off');
    }
    await page.getByRole('button', { name: 'Once More…' }).click();
    await page.getByText('how many nobody can tell while a reconnect is under way').first().waitFor();
    await page.getByRole('button', { name: 'Reconnect', exact: true }).click();
    await page.getByText(/Connected anew after/).waitFor();
    await page
      .locator('.verdict')
      .getByText(/idle|flowing/)
      .waitFor();
  });

  /** Of this guest only: the others shall not wait for doorbells that nobody hears. */
  async function loseDoorbellsOfUnikernel(often: 'Always' | 'Off'): Promise<void> {
    const { workbench } = xenscope;
    const asked = workbench.quickInput.getByText('What shall go wrong on dns-unikernel (4)?');
    await eventually(`the doorbells of dns-unikernel are lost: ${often}`, async () => {
      await workbench.clear();
      await xenscope.page.mouse.move(900, 600);
      await workbench
        .tree('Rings')
        .choose(domain('dns-unikernel'), 'Set a Fault…', () => asked.waitFor(step));
      await workbench.quickPickNamed('Lost notify').click(step);
      await workbench.quickPickNamed(often).click(step);
      await workbench.statusItem(`Lost notify: ${often.toLowerCase()}`).waitFor(step);
      return true;
    });
  }

  it('shows what a guest writes to its console', async () => {
    await xenscope.workbench.askAndPick('Xenscope: Open Ring…', 'web', /web[^]*console/);
    const page = panel();
    await page.getByRole('img', { name: /Output: guest → console daemon/ }).waitFor();
    await page.getByRole('table', { name: 'Words of the page' }).getByText('out_prod').waitFor();
    await picture(xenscope.page, 'rings-console');
  });

  it('destroys a guest after a question, and starts it anew', async () => {
    await xenscope.destroyGuest('web');
    await panel().getByText('The page is gone').waitFor();
    await xenstoreRing('web').waitFor({ state: 'hidden' });
    await xenscope.startGuest('web');
    await xenscope.workbench.askAndPick('Xenscope: Open Ring…', 'web', /web[^]*xenstore/);
    await panel()
      .getByRole('img', { name: /Requests: guest → xenstored/ })
      .waitFor();
  });

  it('pauses a guest from its row, and lets it go on', async () => {
    const paused = domain('net-driver').filter({ hasText: 'paused' });
    const choose = async (entry: RegExp, then: 'visible' | 'hidden') => {
      // What was chosen may have come to pass later than it was waited for.
      if ((await paused.isVisible()) === (then === 'visible')) return;
      await xenscope.page.mouse.move(900, 600);
      await xenscope.workbench
        .tree('Rings')
        .choose(domain('net-driver'), entry, () => paused.waitFor({ state: then, ...step }));
    };
    await choose(/^Pause/, 'visible');
    await picture(xenscope.page, 'rings-paused-guest');
    await choose(/^Unpause/, 'hidden');
  });

  it('holds the world, steps it, and resumes it', async () => {
    await xenscope.hold();
    await xenscope.workbench.command('Xenscope: Step the World');
    await xenscope.workbench.statusItem(/#\d+ /).waitFor();
    await picture(xenscope.page, 'rings-held');
    await xenscope.heldItem.click();
    await xenscope.heldItem.waitFor({ state: 'hidden' });
  });

  it('goes on after the server was killed', async () => {
    const page = await openPanel('net-driver');
    const looked = page.getByText(/Looked at [\d,]+ times/);
    await looked.waitFor();
    await reconnect();
    const connected = page.getByText(/Connected anew after/);
    await connected.waitFor();
    const script = installedServer(editor().vscode.extensions);
    const before = editorServerPid(script);
    assert.ok(before, 'the server runs');
    // It may be back in no time: whoever looks after the kill may look too late.
    const away = page.getByText('What is shown is what was last seen');
    const seen = away.waitFor();
    process.kill(before, 'SIGKILL');
    await seen;
    await away.waitFor({ state: 'hidden' });
    await connected.waitFor({ state: 'hidden' });
    await looked.waitFor();
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
