/** The page that intercepts PV Calls, as the extension ships it, in Chromium: what no guest of the demo does on demand. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { errnoRows } from '../../server/act/interceptRules';
import type { HeldCall, InterceptEvent, InterceptNews, InterceptSettings } from '../../server/rpc/api';
import type { FromPvCallsIntercept, ToPvCallsIntercept } from '../../webview/messages';
import { eventually } from './eventually';
import { ShippedPage } from './shippedPage';

const settings: InterceptSettings = {
  isOn: true,
  holdsOthers: true,
  rules: ['connect → pass', 'accept after 2 s', 'any → hold'].map((line) => ({ line, isEnabled: true })),
};
const about: Extract<ToPvCallsIntercept, { kind: 'about' }> = {
  kind: 'about',
  host: 'simulator',
  domid: 0,
  isOwn: false,
  backend: 'Domain-0 (0)',
  hostLabel: 'Simulator',
  settings,
  errors: errnoRows(),
};
const device = 'backend/pvcalls/15/0';

const call = (number: number, command: string, text: string, over: Partial<HeldCall> = {}): HeldCall => ({
  number,
  domid: 15,
  device,
  command,
  socket: '1',
  text,
  atMs: 1000,
  fields: [{ name: 'cmd', text: command, meaning: 'Which command.' }],
  slot: '00'.repeat(64),
  state: 'held',
  ...over,
});
const connect = call(1, 'connect', 'connect socket 7 to 10.0.0.1:80');

function news(held: readonly HeldCall[], events: readonly InterceptEvent[] = []): ToPvCallsIntercept {
  const rules = settings.rules.map((rule) => ({ ...rule, text: 'Says what.', isWrong: false, hits: 0 }));
  const devices = [{ path: device, domid: 15 }];
  const state = { ...settings, rules, held, nowMs: 5000, devices, passedAtLimit: 0 };
  const told: InterceptNews = {
    host: 'simulator',
    viewId: 1,
    state,
    heldLeftOut: 0,
    events,
    eventsLeftOut: 0,
  };
  return { kind: 'news', news: told, names: { 15: 'till (15)' } };
}

describe('the page that intercepts PV Calls, in a browser', function () {
  this.timeout(60_000);
  const shipped = new ShippedPage<ToPvCallsIntercept, FromPvCallsIntercept>('pvcallsIntercept');
  let page: Page;

  beforeEach(async () => {
    await shipped.load();
    ({ page } = shipped);
    await post(about);
  });

  const post = (message: ToPvCallsIntercept) => shipped.post(message);
  const sent = <Kind extends FromPvCallsIntercept['kind']>(kind: Kind) => shipped.sentOf(kind);
  const rulesSent = async () => (await sent('set')).at(-1)?.settings.rules.map(({ line }) => line);
  const asked = (number: number, { domid, device: of, command, socket, text }: HeldCall): InterceptEvent => ({
    number,
    atMs: 1000,
    domid,
    device: of,
    command,
    socket,
    text,
    kind: 'asked',
    says: `asked ${number}`,
  });
  const lines = () => page.getByRole('log', { name: 'What happened' }).getByRole('listitem').allInnerTexts();
  const title = () => page.locator('.decide h3').innerText();
  const held = () => page.getByRole('option').allInnerTexts();
  const rule = (number: number) => page.getByRole('textbox', { name: `Rule ${number}`, exact: true });
  const hasFocus = (name: string) =>
    eventually(`the focus is on “${name}”`, async () => {
      const label = await page.evaluate(`document.activeElement.getAttribute('aria-label')`);
      return label === name;
    });

  it('shows another call of the same number as what it is: a server that began anew counts from 1', async () => {
    await post(news([connect]));
    assert.equal(await title(), 'connect socket 7 to 10.0.0.1:80');
    await page.getByRole('combobox', { name: 'What is at the other end' }).waitFor();
    await post(news([call(1, 'release', 'release socket 3', { atMs: 2000 })]));
    assert.equal(await title(), 'release socket 3');
    await page.getByRole('button', { name: 'Answer EINVAL' }).waitFor();
    // Nobody is at the other end of what is released.
    await page.getByRole('combobox', { name: 'What is at the other end' }).waitFor({ state: 'hidden' });
    await post({ kind: 'away', text: 'The server ended.' });
    await post(news([connect]));
    assert.equal(await title(), 'connect socket 7 to 10.0.0.1:80');
  });

  it('keeps what is typed into a rule when a domain comes or goes', async () => {
    await post(news([]));
    await page.getByText('Says what.').first().waitFor();
    await rule(1).fill('connect port 99 → hol');
    await post({ ...about, backend: 'Domain-0, by another name (0)' });
    await page.getByText('by another name').waitFor();
    assert.equal(await rule(1).inputValue(), 'connect port 99 → hol');
    await hasFocus('Rule 1');
    await page.getByText('Says what.').first().waitFor();
  });

  it('does what is clicked right after a rule was edited', async () => {
    await rule(1).fill('connect port 99 → hold');
    const box = (await page.getByRole('button', { name: 'Move down: rule 1' }).boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await eventually('it is edited and moved', async () =>
      (await rulesSent())?.join().startsWith('accept after 2 s,connect port 99 → hold'),
    );
    // Boxes are told their labels a frame after they moved.
    await eventually(
      'it stands second',
      async () => (await rule(2).inputValue()) === 'connect port 99 → hold',
    );
  });

  it('leaves the focus where it is when rules are edited, switched and moved by keys', async () => {
    await page.getByRole('checkbox', { name: 'Rule 1 is on' }).focus();
    await page.keyboard.press('Space');
    await eventually(
      'it is off',
      async () => (await sent('set')).at(-1)?.settings.rules[0]?.isEnabled === false,
    );
    await hasFocus('Rule 1 is on');
    await rule(2).fill('accept after 3 s');
    await page.keyboard.press('Enter');
    await eventually('it is told', async () => (await rulesSent())?.[1] === 'accept after 3 s');
    await hasFocus('Rule 2');
    await page.getByRole('button', { name: 'Move up: rule 2' }).focus();
    await page.keyboard.press('Enter');
    await hasFocus('Move up: rule 1');
    // The library tells its inner buttons their labels a frame later.
    await shipped.drawn();
    await page.getByRole('button', { name: 'Remove: rule 1' }).focus();
    await page.keyboard.press('Enter');
    await hasFocus('Remove: rule 1');
    assert.deepEqual(await rulesSent(), ['connect → pass', 'any → hold']);
  });

  it('decides one call by a double click, though the next one comes in its place', async () => {
    const next = call(2, 'release', 'release socket 3');
    await post(news([connect, next]));
    const box = (await page.getByRole('button', { name: 'Pass', exact: true }).boundingBox())!;
    const at = [box.x + box.width / 2, box.y + box.height / 2] as const;
    await page.mouse.click(...at);
    await post(news([next]));
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    assert.equal(await title(), 'release socket 3');
    assert.deepEqual(
      (await sent('decide')).map(({ call: number }) => number),
      [1],
    );
    // A click by itself is meant.
    await page.mouse.click(...at);
    assert.equal((await sent('decide')).length, 2);
  });

  it('says an error for as long as it is about the last decision', async () => {
    await post(news([connect]));
    const pass = page.getByRole('button', { name: 'Pass', exact: true });
    await pass.click();
    await post({ kind: 'said', text: 'There is no such call any more.', failed: true });
    await page.getByText('There is no such call any more.').waitFor();
    await pass.click();
    await page.getByText('There is no such call any more.').waitFor({ state: 'hidden' });
    assert.equal((await sent('decide')).length, 2);
    // What becomes of it is not told yet: it is not decided twice.
    await pass.click();
    assert.equal((await sent('decide')).length, 2);
  });

  it('says that nothing of a socket happened only until something has', async () => {
    await post(news([connect]));
    await page.getByRole('combobox', { name: 'Which calls are shown' }).click();
    await page.getByRole('option', { name: 'Socket of the chosen call' }).click();
    await post(news([connect], [asked(1, { ...connect, socket: '9' })]));
    assert.deepEqual(await lines(), ['Nothing of it happened yet.']);
    await post(news([connect], [asked(2, connect)]));
    assert.equal((await lines()).length, 1);
    assert.match((await lines())[0]!, /asked 2/);
  });

  it('goes on with the guest whose call was decided, until a person chooses another', async () => {
    const web = call(2, 'connect', 'connect socket 3 to 10.0.0.1:80', { device: 'backend/pvcalls/2/0' });
    const whose = page.locator('.events .buttons .dim');
    await post(news([connect, web]));
    await page.getByRole('combobox', { name: 'Which calls are shown' }).click();
    await page.getByRole('option', { name: 'Guest of the chosen call' }).click();
    assert.equal(await whose.innerText(), 'till (15)');
    await post(news([web], [asked(1, connect), asked(2, web)]));
    assert.equal(await title(), web.text);
    assert.equal((await lines()).length, 1);
    assert.match((await lines())[0]!, /asked 1/);
    await page.getByRole('option', { name: web.text }).click();
    assert.match((await lines()).join(), /^[^,]*asked 2[^,]*$/s);
  });

  it('can be asked to look again while it is told of nothing, and only then', async () => {
    await post(news([connect]));
    const again = page.getByRole('button', { name: 'Try Again' });
    await again.waitFor({ state: 'hidden' });
    await post({ kind: 'away', text: '16 backends are shown on this host already.' });
    await page.getByText('16 backends are shown').waitFor();
    await again.click();
    assert.equal((await sent('retry')).length, 1);
    await post(news([connect]));
    await again.waitFor({ state: 'hidden' });
  });

  it('lists each call once', async () => {
    await post(news([connect, call(2, 'release', 'release socket 3')]));
    await post(news([connect, call(2, 'release', 'release socket 3')]));
    assert.equal((await held()).filter((text) => text.includes('socket')).length, 2);
    assert.deepEqual([...shipped.browser.pageErrors], []);
  });
});
