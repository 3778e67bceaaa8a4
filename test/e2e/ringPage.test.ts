/** The page of one ring, as the extension ships it, in Chromium: what it touches when a frame comes. */
import assert from 'node:assert/strict';
import { diagnose } from '../../server/doctor/doctor';
import { RingWatch } from '../../server/model/rings/ringWatch';
import type { RingFrame } from '../../server/rpc/api';
import { ManualClock } from '../sim/manualClock';
import { ObservedRingPage, PageObserver } from '../support/observedPage';
import { rawFrame } from '../support/rawConnection';
import { testTimeoutMs } from './eventually';
import { ShippedPage } from './shippedPage';

const request = (reqId: number) => rawFrame({ type: 'READ', reqId, payload: 'name|' });

/** What runs in the page is text: the loader of this file would put helpers of its own into a function. */
const startRecording = `
  window.touched = [];
  const name = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest('[class], [id], td')?.outerHTML.slice(0, 80);
  new MutationObserver((records) => {
    for (const { type, target, attributeName } of records) touched.push([type, attributeName ?? '', name(target)].join(' '));
  }).observe(document.getElementById('root'), { subtree: true, childList: true, attributes: true, characterData: true });`;
const markAll = `for (const node of document.querySelectorAll('#root *')) node.isOld = true;`;

describe('the page of a ring', function () {
  this.timeout(testTimeoutMs);
  const shipped = new ShippedPage<unknown, { readonly kind: string }>('ring');

  /** A page that shows a real ring, as the server tells of it. */
  async function open() {
    const ring = new ObservedRingPage({ domid: 3 });
    const clock = new ManualClock();
    const watch = new RingWatch({ observer: new PageObserver([ring.observed]), clock, judge: diagnose });
    watch.subscribe(() => undefined, { intervalMs: 33 });
    clock.tick(3_000);
    await shipped.load();
    const frame = (): RingFrame => watch.detail('xenstore:3')!;
    await shipped.post({ kind: 'about', owner: 'web (3)', hostLabel: 'the simulator', simulated: true });
    return {
      ring,
      clock,
      show: () => shipped.post({ kind: 'frame', frame: frame() }),
      run: <T>(script: string) => shipped.run<T>(script),
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
