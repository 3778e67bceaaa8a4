/** The page of a PV Calls device, as the extension ships it, in Chromium: five hundred sockets, by mouse and by keys. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { knownMeanings, socketStates } from '../../extension/pvcalls/socketTexts';
import type { PvCallsDeviceFrame } from '../../server/rpc/api';
import type { FromPvCalls, ToPvCalls } from '../../webview/messages';
import { call, direction, frame, refused, socket } from '../webview/pvcallsRows';
import { eventually, testTimeoutMs } from './eventually';
import { ShippedPage } from './shippedPage';

const many = 500;

const about: ToPvCalls = {
  kind: 'about',
  host: 'simulator',
  device: '/local/domain/15/device/pvcalls/0',
  hostLabel: 'Simulator',
  frontend: 'till (15)',
  backend: 'Domain-0 (0)',
  states: socketStates,
  known: knownMeanings,
  canCompose: false,
  canIntercept: true,
};

/** Every tenth was refused, the others are connected, and have said more the higher their number is. */
const sockets = Array.from({ length: many }, (_, at) => {
  const id = String(at + 1);
  if (at % 10 === 0) {
    const failure = { cmd: 'CONNECT', error: refused, timeMs: 9_000 };
    return socket(id, { state: 'failed', remote: '10.0.0.9:631', failure });
  }
  return socket(id, {
    state: 'connected',
    remote: '10.0.0.1:80',
    in: direction({ usedBytes: 8 * at, bytes: 100 * at }),
    out: direction(),
    rings: { ref: at, evtchn: at, order: 1, edition: 'final', ring: `rings:${id}` },
  });
});

describe('the page of a PV Calls device', function () {
  this.timeout(testTimeoutMs);
  const shipped = new ShippedPage<ToPvCalls, FromPvCalls>('pvcalls');
  let page: Page;

  async function open(kept: object = {}): Promise<void> {
    await shipped.load(kept);
    ({ page } = shipped);
    await post(about);
    await show(frame({ whole: true, sockets, calls: [answered(1), answered(2)] }));
  }
  const post = (message: ToPvCalls) => shipped.post(message);
  const show = (one: PvCallsDeviceFrame) => post({ kind: 'frame', frame: one });
  const sent = () => shipped.sent();
  const grid = () => page.getByRole('grid', { name: 'Sockets' });
  const rows = () => grid().locator('tbody tr:not(.spacer)');
  const detail = () => page.getByRole('region', { name: 'The selected socket' });
  const first = async () => (await rows().first().locator('td').first().textContent()) ?? '';
  const answered = (n: number) =>
    call(n, {
      request: {
        index: n,
        fields: [{ name: 'cmd', value: '1', says: 'CONNECT', meaning: 'Which command.' }],
        raw: '01'.repeat(64),
      },
      answered: {
        timeMs: 9_012,
        latencyMs: 12,
        ret: -111,
        error: refused,
        response: { index: n, fields: [], raw: '02'.repeat(64) },
      },
    });

  it('has those in view in it and no others, and tells how many there are', async () => {
    await open();
    const inPage = await rows().count();
    assert.ok(inPage > 5 && inPage < 60, `${inPage} rows`);
    assert.equal(await grid().getAttribute('aria-rowcount'), String(many + 1));
    await page
      .locator('.gridScroll')
      .first()
      .evaluate((it) => (it.scrollTop = it.scrollHeight));
    await rows().locator('td', { hasText: /^500$/ }).first().waitFor();
    assert.ok((await rows().count()) < 60);
  });

  it('keeps its rows while they change ten times a second', async () => {
    await open();
    await page.evaluate(`document.querySelectorAll('table.sockets tr').forEach((it) => (it.isOld = true))`);
    for (let turn = 1; turn <= 10; turn++) {
      const moved = sockets.map(({ key }) => ({
        key,
        in: { usedBytes: turn, bytes: 2_000 * turn, perSecond: 5 },
      }));
      await show(frame({ moved }));
    }
    assert.equal(
      await page.evaluate(
        `[...document.querySelectorAll('table.sockets tr')].filter((it) => !it.isOld).length`,
      ),
      0,
    );
    await rows().getByText('5 B/s · 20 kB').first().waitFor();
  });

  it('is read by the arrow keys, and Enter opens the data rings', async () => {
    await open();
    await grid().focus();
    await page.keyboard.press('ArrowDown');
    await detail().getByText('Socket 1: failed').waitFor();
    await detail().getByText('CONNECT was answered ECONNREFUSED (−111): nobody listens there.').waitFor();
    await page.keyboard.press('End');
    await detail().getByText('Socket 500: connected').waitFor();
    const active = await grid().getAttribute('aria-activedescendant');
    assert.match((await page.locator(`#${active}`).textContent()) ?? '', /^500/);
    await page.keyboard.press('Enter');
    assert.deepEqual((await sent()).at(-1), { kind: 'showRing', ring: 'rings:500' });
    await page.keyboard.press('Home');
    await detail().getByText('Socket 1: failed').waitFor();
  });

  it('sorts by a click on the head of a column, up, down, and as it came', async () => {
    await open();
    const head = grid().getByRole('columnheader', { name: 'In: passed' });
    await head.getByRole('button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'ascending');
    assert.equal(await first(), '1');
    await head.getByRole('button').click();
    assert.equal(await first(), '500');
    await head.getByRole('button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'none');
    assert.equal(await first(), '1');
  });

  it('lets its heads be reached by one tab stop and the arrow keys', async () => {
    await open();
    await grid().focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    assert.equal(
      await grid().getByRole('columnheader', { name: 'State' }).getAttribute('aria-sort'),
      'ascending',
    );
    await page.keyboard.press('Tab');
    const focused = await page.evaluate('document.activeElement.className');
    assert.doesNotMatch(String(focused), /sort/, 'the next tab stop is behind the table');
  });

  it('holds the row that somebody has scrolled to while others come above it', async () => {
    await open();
    const calls = Array.from({ length: 200 }, (_, at) => answered(at + 1));
    await show(frame({ whole: true, sockets, calls }));
    const history = page.locator('.gridScroll').last();
    await history.evaluate((it) => (it.scrollTop = 1000));
    const firstInView = () =>
      history.evaluate((it) => {
        const top = it.getBoundingClientRect().top + 40;
        return [...it.querySelectorAll('tbody tr')]
          .find((row) => row.getBoundingClientRect().top >= top)
          ?.getAttribute('data-key');
      });
    const before = await eventually('rows are in view', firstInView);
    await show(frame({ calls: [answered(201), answered(202), answered(203)] }));
    assert.equal(await firstInView(), before);
    assert.equal(await history.evaluate((it) => it.scrollTop > 1000), true);
  });

  it('filters, and keeps filter and order for the page that comes after it', async () => {
    await open();
    await page.getByRole('textbox', { name: 'Filter sockets' }).fill('econnrefused');
    await page.getByText('50 of 500').waitFor();
    await grid().getByRole('columnheader', { name: 'Socket' }).getByRole('button').click();
    const kept = (await page.evaluate('kept')) as { host: string; sockets: object };
    assert.equal(kept.host, 'simulator');
    await open(kept);
    await page.getByText('50 of 500').waitFor();
    assert.equal(await grid().getAttribute('aria-rowcount'), '51');
    // P in the filter is a letter, elsewhere it pauses.
    await page.getByRole('textbox', { name: 'Filter sockets' }).press('p');
    assert.ok(!(await sent()).some(({ kind }) => kind === 'pause'));
  });

  it('brings the socket into view that was asked for, whatever the filter', async () => {
    await open();
    await page.getByRole('textbox', { name: 'Filter sockets' }).fill('nothing like it');
    await page.getByText('0 of 500').waitFor();
    await post({ kind: 'select', socket: '444' });
    await detail().getByText('Socket 444: connected').waitFor();
    await rows().locator('td', { hasText: /^444$/ }).waitFor();
  });

  it('shows the slots of a call, and copies its bytes', async () => {
    await open();
    const history = page.getByRole('grid', { name: 'Answered commands, newest first' });
    await history.locator('tbody tr:not(.spacer)').first().click();
    const call = page.getByRole('region', { name: 'The selected command' });
    await call.getByText('ECONNREFUSED (−111): nobody listens there. It took 12 ms.').waitFor();
    await call.getByRole('table', { name: 'Request, field by field' }).getByText('CONNECT').waitFor();
    await call.getByText('The raw slot').first().click();
    await call.getByText(/^00 {2}01 01/).waitFor();
    await call.getByRole('button', { name: 'Copy' }).first().click();
    await eventually('the bytes are copied', async () =>
      (await sent()).some((it) => it.kind === 'copy' && it.text === '01'.repeat(64)),
    );
  });

  it('says that the device is gone until it is there again, whether it is paused or not', async () => {
    await open();
    const gone = 'There is no such PV Calls device now.';
    const verdict = async () => (await page.locator('.verdict').first().innerText()).trim();
    const before = await verdict();
    await post({ kind: 'away', text: gone });
    assert.equal(await verdict(), 'not seen now');
    // As when another domain comes or goes.
    await post(about);
    assert.equal(await verdict(), 'not seen now');
    for (const name of ['Pause View', 'Go On']) {
      await page.getByText(gone).waitFor();
      await page.getByRole('button', { name }).click();
    }
    await page.getByText(gone).waitFor();
    await page.getByRole('button', { name: 'Pause View' }).click();
    await show(frame({ whole: true, sockets, calls: [] }));
    await page.getByText('The view is paused; the device goes on.').waitFor();
    assert.equal(await verdict(), before);
    await page.getByRole('button', { name: 'Go On' }).click();
    await page.getByText('The view is paused; the device goes on.').waitFor({ state: 'hidden' });
  });

  it('says of a device that went with its guest that its sockets did, and shows no table without a row', async () => {
    await shipped.load({ sockets: { filter: '10.0.0.1' } });
    ({ page } = shipped);
    const tables = page.locator('table:visible');
    await post(about);
    await post({ kind: 'away', text: 'There is no such PV Calls device now.' });
    await page.getByText('There is no such PV Calls device now.').waitFor();
    assert.equal(await tables.count(), 0, 'it was never seen');
    await show(frame({ whole: true, sockets, calls: [answered(1)] }));
    assert.ok(await grid().isVisible());
    await post({ kind: 'away', text: 'The host is away.' });
    assert.ok(await grid().isVisible(), 'what was seen last stays');
    await show(frame({ gone: sockets.map(({ key }) => key) }));
    await page.getByText('The guest has no socket now').waitFor();
    await post({ kind: 'away', text: 'There is no such PV Calls device now.' });
    await page.getByText('No socket was there when the device was seen last').waitFor();
    assert.ok(!(await grid().isVisible()));
    assert.equal(await page.getByText('0 of 0').count(), 0, 'nothing is filtered');
    assert.ok(await page.getByRole('grid', { name: 'Answered commands, newest first' }).isVisible());
  });

  it('says why calls of a socket alone cannot be chosen', async () => {
    await open();
    const only = page.getByRole('checkbox', { name: 'Only the selected socket' });
    assert.match((await only.getAttribute('title')) ?? '', /^Select a socket/);
    await post({ kind: 'select', socket: '444' });
    await eventually(
      'it can be chosen',
      async () => (await only.getAttribute('title')) === 'Only the selected socket',
    );
  });

  it('offers what can be done here, and nothing else', async () => {
    await open();
    assert.ok(await page.getByRole('button', { name: 'Intercept…' }).isVisible());
    assert.ok(!(await page.getByRole('button', { name: 'Compose a Command…' }).isVisible()));
    assert.deepEqual([...shipped.browser.pageErrors], []);
  });
});
