/** The page of one ring, as the extension ships it, in Chromium: what it touches when a frame comes. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { diagnose } from '../../server/doctor/doctor';
import { RingWatch } from '../../server/model/rings/ringWatch';
import type { RingFrame } from '../../server/rpc/api';
import { ManualClock } from '../sim/manualClock';
import { ObservedRingPage, PageObserver } from '../support/observedPage';
import { rawFrame } from '../support/rawConnection';
import { root } from './artefacts';
import { openBrowser, type Browser } from './browser';

const file = (name: string) => readFileSync(path.join(root, 'dist/webview', name), 'utf8');
const request = (reqId: number) => rawFrame({ type: 'READ', reqId, payload: 'name|' });

/** What runs in the page is text: the loader of this file would put helpers of its own into a function. */
const startRecording = `
  window.touched = [];
  const name = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest('[class], [id], td')?.outerHTML.slice(0, 80);
  new MutationObserver((records) => {
    for (const { type, target, attributeName } of records) touched.push([type, attributeName ?? '', name(target)].join(' '));
  }).observe(document.getElementById('root'), { subtree: true, childList: true, attributes: true, characterData: true });`;
const markAll = `for (const node of document.querySelectorAll('#root *')) node.isOld = true;`;
/** Two frames of the browser: what was asked of it is drawn, and observers have been told. */
const drawn = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))`;

describe('the page of a ring', () => {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'xenscope-page-'));
  let browser: Browser;

  before(async () => {
    browser = await openBrowser('http://127.0.0.1', profile);
  });
  after(async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  });

  /** A page that shows a real ring, as the server tells of it. */
  async function open() {
    const { page } = browser;
    const ring = new ObservedRingPage({ domid: 3 });
    const clock = new ManualClock();
    const watch = new RingWatch({ observer: new PageObserver([ring.observed]), clock, judge: diagnose });
    watch.subscribe(() => undefined, { intervalMs: 33 });
    clock.tick(3_000);
    await page.setContent(
      `<!doctype html><style>${file('ring.css')}</style><main id="root"></main>
       <script>function acquireVsCodeApi() { return { postMessage() {}, setState() {} }; }</script>
       <script>${file('ring.js').replaceAll('</script', '<\\/script')}</script>`,
    );
    const post = (message: unknown) =>
      page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*'); ${drawn}`);
    const frame = (): RingFrame => watch.detail('xenstore:3')!;
    await post({ kind: 'about', owner: 'web (3)', hostLabel: 'the simulator', simulated: true });
    return {
      ring,
      clock,
      show: () => post({ kind: 'frame', frame: frame() }),
      run: <T>(script: string) => page.evaluate(script) as Promise<T>,
    };
  }

  it('touches nothing but the number of looks when a ring at rest is told again', async () => {
    const { clock, show, run } = await open();
    await show();
    await show();
    await run(startRecording);
    for (let turn = 0; turn < 5; turn++) {
      clock.tick(200);
      await show();
    }
    const touched = await run<string[]>('window.touched');
    const others = touched.filter((what) => !/^(characterData|childList) .*Looked at/.test(what));
    assert.deepEqual([...new Set(others)], []);
    assert.ok(touched.length > 0, 'and it did see that');
  });

  it('keeps its elements and canvases while the ring flows', async () => {
    const { ring, clock, show, run } = await open();
    ring.pass('req', request(0));
    clock.tick(200);
    await show();
    await show();
    const canvases = await run<number>(`document.querySelectorAll('canvas').length`);
    assert.ok(canvases >= 3, 'two rings and a history');
    await run(markAll);
    await run(startRecording);
    for (let turn = 1; turn <= 20; turn++) {
      ring.pass('req', request(turn));
      ring.produce('rsp', request(turn));
      clock.tick(40);
      await show();
    }
    const lists = '.packets tbody *, .evidence *, .verdict *, .spoken';
    const gone = `[...document.querySelectorAll('#root *')].filter((it) => !it.isOld && !it.matches('${lists}'))`;
    assert.deepEqual(await run(`${gone}.map((it) => it.outerHTML.slice(0, 120))`), []);
    const resized = (await run<string[]>('window.touched')).filter((what) =>
      /attributes (width|height)/.test(what),
    );
    assert.deepEqual(resized, [], 'a canvas that is sized anew is empty for a moment');
    assert.match(
      await run(`[...document.querySelectorAll('.packets tbody')].map((it) => it.textContent).join()`),
      /READ/,
    );
    assert.match(await run(`document.querySelectorAll('.used')[1].textContent`), /of 1,024 bytes/);
  });
});
