/**
 * How often the ring panel is drawn under a flood, in a real VS Code in Chromium: counted are the
 * drawings of a ring's picture, where it clears its canvas, and not the frames that the browser could
 * have shown.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { atExit } from './atExit';
import type { Options } from './options';
import type { Phase, ResultRow } from './report';

const chromium = '/usr/bin/chromium';
/** The guest `rowdy` writes a burst twice a second then, and its readers are slow: its ring never rests. */
const pace = 80;
const flood = { guest: 'rowdy', fault: 'Slow reader' };
const patience = { timeout: 60_000 };

export const panelRowNames = {
  draws: 'ring panel under a flood: drawings of one ring',
  gap: 'ring panel under a flood: longest time between two',
  busy: "ring panel under a flood: the window's thread is busy",
};

/** Undefined when it can be measured here. */
export function missingForPanel(): string | undefined {
  return existsSync(chromium) ? undefined : `there is no ${chromium} (Debian package: chromium)`;
}

interface Draws {
  readonly perSecond: number;
  readonly longestGapMs: number;
}

/** Runs in the page, as text: the loader of this file would put helpers of its own into a function. */
const countDraws = (seconds: number) => `new Promise((resolve) => {
  const draws = new Map();
  const context = CanvasRenderingContext2D.prototype;
  const { clearRect } = context;
  context.clearRect = function (...area) {
    if (this.canvas.className === 'ring') {
      if (!draws.has(this.canvas)) draws.set(this.canvas, []);
      draws.get(this.canvas).push(performance.now());
    }
    return clearRect.apply(this, area);
  };
  const start = performance.now();
  setTimeout(() => {
    context.clearRect = clearRect;
    const end = performance.now();
    const times = [...draws.values()].sort((one, other) => other.length - one.length)[0] ?? [];
    const gaps = [...times, end].map((time, at) => time - (at === 0 ? start : times[at - 1]));
    resolve({ perSecond: (times.length * 1000) / (end - start), longestGapMs: Math.max(...gaps) });
  }, ${seconds * 1000});
})`;

/** The share of the time in which the window's thread has something to do while `during` runs. */
async function busyPercent(page: Page, during: () => Promise<void>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const look = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const valueOf = (wanted: string) => metrics.find(({ name }) => name === wanted)?.value ?? 0;
    return { busy: valueOf('TaskDuration'), all: valueOf('Timestamp') };
  };
  const before = await look();
  await during();
  const after = await look();
  await session.detach();
  return ((after.busy - before.busy) * 100) / (after.all - before.all);
}

function row(name: string, unit: string, value: number): ResultRow {
  const phase: Phase = {
    ...{ phase: 'panel', ops: 0, seconds: 0, opsPerSecond: value, p50Us: 0, p99Us: 0, errors: 0 },
    ...{ serverCpuShare: 0, loadCpuShare: 0, serverCpuUsPerOp: 0 },
  };
  return { name, phase: '', unit, cells: { ours: { ...phase, repetitions: 1 } } };
}

export async function measurePanel({ quick }: Options): Promise<ResultRow[]> {
  // What is measured is what is packaged: it has to be that of this tree.
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  // Loaded when it is needed: the other parts do without a browser.
  const { endChromium } = await import('../e2e/browser');
  const { startEditor } = await import('../e2e/host');
  const { Xenscope } = await import('../e2e/xenscope');
  const editor = await startEditor({ settings: { 'xenscope.simulator.pace': pace } });
  // Programs that were started end by themselves when we are interrupted; this would stay.
  const forget = atExit(() => rmSync(editor.workspace, { recursive: true, force: true }));
  try {
    const xenscope = new Xenscope(editor);
    const { page, workbench } = xenscope;
    await xenscope.open();
    await page.setViewportSize({ width: 1500, height: 1100 });
    await workbench.command('Xenscope: Set a Fault…');
    await workbench.quickPickNamed(flood.fault).click();
    await workbench.quickPickNamed('Always').click();
    await workbench.statusItem(flood.fault).waitFor();
    await workbench.ask('Xenscope: Open Ring…', flood.guest);
    await workbench.quickPick(/rowdy[^]*xenstore/).click();
    const { panel } = workbench;
    await panel.getByText(`${flood.guest} (`).first().waitFor(patience);
    await panel.getByRole('img', { name: /Requests.* [1-9][\d,]* of 1,024 bytes/ }).waitFor(patience);
    let draws: Draws | undefined;
    const busy = await busyPercent(page, async () => {
      draws = (await panel.locator('body').evaluate(countDraws(quick ? 3 : 15))) as Draws;
    });
    return [
      row(panelRowNames.draws, 'draws/s', draws!.perSecond),
      row(panelRowNames.gap, 'ms', draws!.longestGapMs),
      row(panelRowNames.busy, '%', busy),
    ];
  } finally {
    forget();
    await editor.stop();
    await endChromium();
  }
}
