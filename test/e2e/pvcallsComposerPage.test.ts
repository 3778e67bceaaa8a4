/** The page of the command composer, as the extension ships it, in Chromium: what is sent, and what is never lost. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { composerForms } from '../../server/act/pvcalls/forms';
import type { ComposerEntry, ComposerState } from '../../server/rpc/api';
import { composerLayouts } from '../../server/rpc/pvcallsLayouts';
import type { FromPvCallsComposer, ToPvCallsComposer } from '../../webview/messages';
import { testTimeoutMs } from './eventually';
import { ShippedPage } from './shippedPage';

const state: ComposerState = {
  kind: 'own',
  phase: 'open',
  text: 'Connected.',
  severity: 'fine',
  canClose: true,
  device: { frontend: '/local/domain/2/device/pvcalls/1' },
  slots: 32,
  inFlight: 0,
  waiting: 0,
  sockets: [{ id: '1', phase: 'made', text: 'made', can: ['connect', 'release'] }],
  kept: [
    { ref: 40, evtchn: 7, order: 2 },
    { ref: 41, evtchn: 8, order: 4 },
  ],
  suggested: { newId: '2', connectTo: '127.0.0.1:80', bindTo: '0.0.0.0:8080' },
  findings: [],
};
const nothingWrong = { problems: [], warnings: [] };

describe('the page of the command composer', function () {
  this.timeout(testTimeoutMs);
  const shipped = new ShippedPage<ToPvCallsComposer, FromPvCallsComposer>('pvcallsComposer');
  let page: Page;

  beforeEach(async () => {
    await shipped.load();
    ({ page } = shipped);
    await post({
      kind: 'about',
      host: 'simulator',
      hostLabel: 'Simulator',
      simulated: true,
      plan: { kind: 'own', backend: 0 },
      frontend: 'web (2)',
      backend: 'Domain-0 (0)',
      lines: [],
    });
    await post({ kind: 'catalog', forms: composerForms, layouts: composerLayouts });
    await post({ kind: 'opening' });
    await news(state);
  });

  const post = (message: ToPvCallsComposer) => shipped.post(message);
  const news = (now: ComposerState, entries: readonly ComposerEntry[] = []) =>
    post({
      kind: 'news',
      news: {
        host: 'simulator',
        composerId: 1,
        timeMs: 1_000,
        state: now,
        entries,
        received: [],
        forgottenEntries: 0,
      },
    });
  type Of<Kind extends FromPvCallsComposer['kind']> = Extract<FromPvCallsComposer, { kind: Kind }>;
  const sent = <Kind extends FromPvCallsComposer['kind']>(kind: Kind) => shipped.sentOf(kind);
  const field = (name: string) => page.locator('.form').getByRole('textbox', { name, exact: true });
  /** What is suggested stands in a field a frame later, and would come into the middle of what is typed. */
  const choose = async (command: string) => {
    await page.getByRole('radio', { name: command, exact: true }).click();
    await shipped.drawn();
  };
  const sendButton = () => page.locator('.form').getByRole('button', { name: 'Send', exact: true });
  const addressIn = ({ draft }: Of<'call'>) => (draft.kind === 'fields' ? draft.fields.address : undefined);
  /** Presses Send; answers the serial of the check that goes out for it. */
  async function pressSend(): Promise<number> {
    const before = (await sent('check')).at(-1)?.serial ?? 0;
    await sendButton().click();
    const { serial } = (await sent('check')).at(-1)!;
    assert.ok(serial > before, 'it is checked before it is sent');
    return serial;
  }
  async function sendChecked(): Promise<Of<'call'>> {
    const calls = (await sent('call')).length;
    await post({ kind: 'checked', serial: await pressSend(), check: nothingWrong });
    const all = await sent('call');
    assert.equal(all.length, calls + 1);
    return all.at(-1)!;
  }

  it('sends what stood in the form when Send was pressed, once, whatever is typed while it is checked', async () => {
    await choose('CONNECT');
    await field('Address').fill('10.0.0.1:7');
    const serial = await pressSend();
    await field('Address').fill('10.0.0.1:77');
    await post({ kind: 'checked', serial, check: nothingWrong });
    assert.deepEqual((await sent('call')).map(addressIn), ['10.0.0.1:7']);
    // The check of what was typed since sends nothing.
    await post({ kind: 'called', serial: (await sent('call'))[0]!.serial, number: 1 });
    await page.waitForFunction(
      () =>
        (globalThis as unknown as { sent: { draft?: { fields?: { address?: string } } }[] }).sent.at(-1)
          ?.draft?.fields?.address === '10.0.0.1:77',
    );
    await post({ kind: 'checked', serial: (await sent('check')).at(-1)!.serial, check: nothingWrong });
    assert.equal((await sent('call')).length, 1);
    assert.equal(await field('Address').inputValue(), '10.0.0.1:77');
  });

  it('sends what Send was pressed for while it was not known yet whether the request before can be sent', async () => {
    await choose('CONNECT');
    const address = field('Address');
    const pressFor = async (text: string) => {
      await address.fill(text);
      await address.press('Control+Enter');
    };
    await pressFor('shop');
    const first = (await sent('check')).at(-1)!.serial;
    await pressFor('10.0.0.1:81');
    const wrong = { problems: [{ field: 'address', text: 'None of IPv4.' }], warnings: [] };
    await post({ kind: 'checked', serial: first, check: wrong });
    await post({ kind: 'checked', serial: (await sent('check')).at(-1)!.serial, check: nothingWrong });
    assert.deepEqual((await sent('call')).map(addressIn), ['10.0.0.1:81']);
    await post({ kind: 'called', serial: (await sent('call'))[0]!.serial, number: 1 });
    // Two that can be sent go one after the other.
    await pressFor('10.0.0.1:82');
    const third = (await sent('check')).at(-1)!.serial;
    await pressFor('10.0.0.1:83');
    await post({ kind: 'checked', serial: third, check: nothingWrong });
    await post({ kind: 'called', serial: (await sent('call'))[1]!.serial, number: 2 });
    await post({ kind: 'checked', serial: (await sent('check')).at(-1)!.serial, check: nothingWrong });
    assert.deepEqual((await sent('call')).map(addressIn), ['10.0.0.1:81', '10.0.0.1:82', '10.0.0.1:83']);
  });

  it('sends nothing after a check that failed, and says why', async () => {
    const serial = await pressSend();
    await post({ kind: 'checked', serial, problem: 'The host is away.' });
    await page.locator('.form').getByText('The host is away.').waitFor();
    await field('Socket').fill('9');
    await page.waitForFunction(
      (last) =>
        (globalThis as unknown as { sent: { kind: string; serial?: number }[] }).sent.some(
          (it) => it.kind === 'check' && it.serial! > last,
        ),
      serial,
    );
    await post({ kind: 'checked', serial: (await sent('check')).at(-1)!.serial, check: nothingWrong });
    assert.deepEqual(await sent('call'), []);
  });

  it('takes the numbers that were sent out of the form, and none that was typed since', async () => {
    await choose('CONNECT');
    await field('Socket').fill('1');
    const { serial } = await sendChecked();
    await choose('SOCKET');
    await field('Socket').fill('777');
    await post({ kind: 'called', serial, number: 1 });
    assert.equal(await field('Socket').inputValue(), '777');
    const own = await sendChecked();
    await field('Socket').fill('778');
    await post({ kind: 'called', serial: own.serial, number: 2 });
    assert.equal(await field('Socket').inputValue(), '778');
  });

  it('forgets its history when that is wanted, and takes what comes after', async () => {
    const entry = (number: number): ComposerEntry => ({
      number,
      timeMs: 1_000,
      title: 'SOCKET',
      text: `Open socket ${number}: done.`,
      phase: 'answered',
      severity: 'fine',
    });
    const clear = page.getByRole('button', { name: 'Clear history' });
    const rows = page.getByRole('table', { name: 'What was sent, newest first' }).locator('tbody tr');
    assert.ok(await clear.isHidden(), 'there is nothing to forget');
    await news(state, [entry(1), entry(2)]);
    assert.equal(await rows.count(), 2);
    await clear.click();
    assert.equal(await rows.count(), 0);
    await page.getByText('Nothing has been sent yet.').waitFor();
    await news(state, [entry(3)]);
    assert.equal(await rows.count(), 1);
    await page.locator('.answer .verdict').getByText('Open socket 3: done.').waitFor();
    await news(state, [{ ...entry(4), phase: 'sent', text: 'Open socket 4 waits.' }]);
    await clear.click();
    assert.equal(await rows.count(), 1, 'what is under way stays');
    assert.ok(await clear.isHidden());
    assert.equal(
      await page
        .getByRole('region', { name: 'History' })
        .evaluate((one) => one.contains(document.activeElement)),
      true,
    );
    await news(state, [entry(5)]);
    await news(state, [entry(4)]);
    assert.equal(await rows.count(), 2);
    await rows.last().getByRole('button', { name: 'SOCKET' }).first().click();
    await page.locator('.answer .verdict').getByText('Open socket 4: done.').waitFor();
  });

  it('says of a socket that is asked for that there is no session, where there is none', async () => {
    await choose('RELEASE');
    await field('Socket').fill('');
    const hint = () => field('Socket').getAttribute('placeholder');
    await news({ ...state, sockets: [] });
    assert.equal(await hint(), 'none: SOCKET makes one');
    await post({ kind: 'away', text: 'It is over.' });
    assert.equal(await hint(), 'no session is open');
  });

  it('keeps the form as it is where a person thought better of it', async () => {
    await field('Socket').fill('5');
    const { serial } = await sendChecked();
    assert.ok(await sendButton().isDisabled());
    await post({ kind: 'called', serial });
    assert.equal(await field('Socket').inputValue(), '5');
    assert.equal(await page.locator('.form .said').textContent(), '');
    assert.ok(await sendButton().isEnabled());
  });

  it('reaches every choice of a field by keys, also while others come', async () => {
    await choose('CONNECT');
    const pages = page.getByRole('combobox', { name: 'Pages', exact: true });
    await pages.focus();
    const focused = () => page.evaluate(`document.activeElement.getAttribute('aria-label')`);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(), 'Pages');
    await post({ kind: 'checked', serial: (await sent('check')).at(-1)?.serial ?? 0, check: nothingWrong });
    const { draft } = await sendChecked().then(async (call) => {
      await post({ kind: 'called', serial: call.serial, number: 1 });
      return call;
    });
    assert.equal(draft.kind === 'fields' && draft.fields.pages, '41');
    await pages.focus();
    await news({ ...state, kept: [...state.kept, { ref: 42, evtchn: 9, order: 1 }] });
    assert.equal(await focused(), 'Pages');
  });

  it('asks once to be opened again, however often that is pressed', async () => {
    await post({ kind: 'away', text: 'It is over.' });
    const again = page.getByRole('button', { name: 'Open Again' });
    await again.click();
    await again.click({ force: true });
    assert.equal((await sent('reopen')).length, 1);
    await page.getByText('It is being opened again…').waitFor();
    // It could not be opened: it can be tried once more.
    await post({ kind: 'away', text: 'No session is open.' });
    assert.ok(await again.isEnabled());
  });

  it('says what was done at a socket in its console, until something else is done', async () => {
    const level = { sizeBytes: 32_768, usedBytes: 0, error: 0 };
    const stream = {
      rings: { ref: 40, evtchn: 7, order: 4 },
      input: level,
      output: level,
      sending: 'open',
      receiving: 'open',
      reads: true,
      text: 'Both directions are open.',
      severity: 'fine',
      sent: { bytes: 0, pieces: 0 },
      received: { bytes: 0, pieces: 0 },
      droppedBytes: 0,
    } as const;
    await news({
      ...state,
      sockets: [{ id: '1', phase: 'connected', text: 'connected', can: ['release'], stream }],
    });
    const console = page.getByRole('region', { name: 'Console of socket 1' });
    await post({ kind: 'said', id: '1', text: 'Recorded in socket.log.', failed: false });
    await console.getByText('Recorded in socket.log.').waitFor();
    const rings = console.locator('vscode-button', { hasText: 'Show Rings' });
    assert.ok(await console.getByRole('button', { name: 'Show Rings' }).isDisabled());
    assert.equal(await rings.getAttribute('title'), 'These data rings are not in the list of rings yet');
    await console.getByRole('button', { name: 'Stop Reading' }).click();
    await console.getByText('Recorded in socket.log.').waitFor({ state: 'detached' });
    await post({ kind: 'said', text: 'It cannot be closed.', failed: true });
    await page.getByText('It cannot be closed.').waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('It cannot be closed.').waitFor({ state: 'detached' });
  });

  it('shows the buttons of a line whole, however narrow it is', async () => {
    for (const width of [420, 880, 1200]) {
      await page.setViewportSize({ width, height: 900 });
      await post({
        kind: 'news',
        news: {
          host: 'simulator',
          composerId: 1,
          timeMs: 1_000,
          state,
          received: [],
          forgottenEntries: 0,
          entries: [
            {
              number: 1,
              timeMs: 1_000,
              title: 'CONNECT',
              phase: 'answered',
              text: 'Connect socket 78187493520: nobody listens there.',
              severity: 'warning',
              request: {
                draft: { kind: 'fields', command: 'connect', fields: {} },
                id: '78187493520',
                reqId: 1,
                slot: '00'.repeat(64),
              },
              response: {
                reqId: 1,
                cmd: 1,
                ret: -111,
                id: '1',
                meaning: 'nobody listens there',
                errorName: 'ECONNREFUSED',
                slot: '00'.repeat(64),
                latencyMs: 12,
              },
            },
          ],
        },
      });
      const isWhole = await page
        .locator('vscode-button[aria-label="Edit CONNECT 0x1234567890"]')
        .evaluate((it) => {
          const edge = it.closest('table')!.parentElement!.getBoundingClientRect().right;
          return it.getBoundingClientRect().right <= Math.min(edge, innerWidth) + 0.5;
        });
      assert.ok(isWhole, `at ${width} px`);
    }
    await page.setViewportSize({ width: 1280, height: 720 });
  });
});
