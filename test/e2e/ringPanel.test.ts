/** The panel of a ring in the real VS Code: stillness, the keyboard, frames only while it is seen, and the way to it from Problems. */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { angleOf } from '../../webview/rings/geometry';
import { picture } from './artefacts';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

interface Seen {
  /** Producer, consumer and size of each direction of each frame that came. */
  readonly pairs: readonly (readonly [number, number, number])[];
  /** Where pointers were drawn since the first of these. */
  readonly angles: readonly number[];
}

const step = { timeout: stepTimeoutMs };

describe('the panel of a ring in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 10 } });
  let xenscope: Xenscope;
  let frame: Frame;

  const panel = () => xenscope.workbench.panel;
  const seen = () => frame.evaluate<Seen>('window.seen');
  const framesSeen = async () => (await seen()).pairs.length;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.open();
    await xenscope.page.setViewportSize({ width: 1500, height: 1100 });
  });

  /** All but the last test look at this ring. */
  beforeEach(async () => {
    await xenscope.workbench.askAndPick('Xenscope: Open Ring…', 'rowdy', /rowdy[^]*xenstore/);
    await panel().getByText('rowdy (').first().waitFor();
    await panel()
      .getByRole('img', { name: /Requests: guest → xenstored/ })
      .waitFor();
    const body = await panel().locator('body').elementHandle();
    frame = (await body!.ownerFrame())!;
  });

  /** Watches what comes and what is drawn from now on, until the ring has moved a good deal. */
  async function record(): Promise<Seen> {
    await frame.evaluate(recordDrawing);
    await eventually(
      'the ring moves',
      async () => {
        const { pairs } = await seen();
        return new Set(pairs.map(([prod]) => prod)).size >= 6;
      },
      90_000,
    );
    return seen();
  }

  /** Pointers between two places where an index was. */
  function between({ pairs, angles }: Seen): number {
    const places = new Set(pairs.flatMap(([prod, cons, size]) => [angleOf(prod, size), angleOf(cons, size)]));
    return angles.filter((angle) => !places.has(angle)).length;
  }

  it('glides from one state to the next, and does not where a person wants less motion', async () => {
    await eventually('something is drawn in between', async () => between(await record()) > 0, 120_000);
    await xenscope.page.emulateMedia({ reducedMotion: 'reduce' });
    await eventually('the panel knows', () =>
      frame.evaluate<boolean>('matchMedia("(prefers-reduced-motion: reduce)").matches'),
    );
    try {
      const still = await record();
      assert.ok(still.angles.length > 0);
      assert.equal(between(still), 0);
    } finally {
      await xenscope.page.emulateMedia({ reducedMotion: null });
    }
  });

  it('is paused by the key P, and goes on by it', async () => {
    await panel().getByRole('heading', { level: 1 }).click();
    if (await panel().getByText('The view is paused').isVisible()) await xenscope.page.keyboard.press('p');
    await panel().getByText('The view is paused').waitFor({ state: 'hidden' });
    await xenscope.page.keyboard.press('p');
    await panel().getByText('The view is paused; the ring goes on.').waitFor();
    await xenscope.page.keyboard.press('p');
    await panel().getByText('The view is paused').waitFor({ state: 'hidden' });
  });

  it('is reconnected without a mouse', async () => {
    const { keyboard } = xenscope.page;
    await panel().getByRole('button', { name: 'Pause View' }).focus();
    // The heading of the question has the focus first, and says the same.
    const focused = () =>
      frame.evaluate<string>(
        '/BUTTON$/.test(document.activeElement?.tagName) ? document.activeElement.textContent.trim() : ""',
      );
    // One Tab after the other: the next one only where the one before has arrived.
    const tabTo = async (name: string) => {
      for (let tabs = 0; tabs < 12 && (await focused()) !== name; tabs++) await keyboard.press('Tab');
      await eventually(`the focus is on ${name}`, async () => (await focused()) === name);
      await keyboard.press('Enter');
    };
    await tabTo('Reconnect…');
    await panel().getByText('What is lost').waitFor();
    await tabTo('Reconnect');
    await panel()
      .getByText(/Connected anew after/)
      .waitFor();
  });

  it('is sent nothing and draws nothing while another tab covers it', async () => {
    await frame.evaluate(recordDrawing);
    await eventually('frames come', async () => (await framesSeen()) > 5);
    await xenscope.workbench.command('File: New Untitled Text File');
    await eventually(
      'no frame comes any more',
      async () => {
        const before = await seen();
        await xenscope.page.evaluate(aSecond);
        const after = await seen();
        return after.pairs.length === before.pairs.length && after.angles.length === before.angles.length;
      },
      60_000,
    );
    const covered = await framesSeen();
    const tab = xenscope.page.getByRole('tab', { name: /^Ring: rowdy/ });
    await eventually('frames come again', async () => {
      await tab.click(step);
      return (await framesSeen()) > covered;
    });
  });

  it('is a click or two away from what Problems says of its ring', async () => {
    const { workbench, page } = xenscope;
    const problem = page
      .locator('.markers-panel')
      .getByText(/The xenstore ring of .*insane/)
      .first();
    await xenscope.withFault('Corrupt index', () =>
      eventually(
        'Problems tells of a ring',
        async () => {
          await workbench.command('Problems: Focus on Problems View');
          await problem.waitFor(step);
          return true;
        },
        90_000,
      ),
    );
    // They lie over the list.
    await workbench.command('Notifications: Clear All Notifications');
    await problem.dblclick();
    await workbench.editor
      .getByText(/The.xenstore.ring.of.*on.Simulator/)
      .first()
      .waitFor();
    await workbench.editor.getByText('Reconnect Ring…').first().waitFor();
    await picture(page, 'rings-problem-document');
    await workbench.editor.getByText('Open Ring', { exact: true }).first().click();
    await panel()
      .getByText(/insane/)
      .first()
      .waitFor();
    await workbench.command('View: Close Editor');
    await panel()
      .getByText(/insane/)
      .first()
      .waitFor({ state: 'hidden' });
    // The one that was opened: the first may lie below the header that the list keeps on top.
    await page.locator('.markers-panel .monaco-list-row.selected').getByText('index-insane').click();
    await panel()
      .getByText(/insane/)
      .first()
      .waitFor();
  });
});

/** These run in the page, as text, because the loader of the tests would put helpers of its own into a function. */
const recordDrawing = `(() => {
  const isFirst = !window.seen;
  window.seen = { pairs: [], angles: [] };
  if (!isFirst) return;
  addEventListener('message', ({ data }) => {
    if (data.kind !== 'frame' || window.seen.pairs.length > 5000) return;
    for (const { prod, cons, sizeBytes } of data.frame.row.directions) window.seen.pairs.push([prod, cons, sizeBytes]);
  });
  const { rotate } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.rotate = function (angle) {
    // What was drawn before the first frame was seen cannot be compared with anything.
    if (window.seen.pairs.length > 0) window.seen.angles.push(angle);
    return rotate.call(this, angle);
  };
})()`;

const aSecond = `new Promise((resolve) => {
  const start = performance.now();
  const tick = () => (performance.now() - start > 1000 ? resolve() : requestAnimationFrame(tick));
  tick();
})`;
