/** What the doctor says of rings of requests and responses, as their ends bring it about. */
import assert from 'node:assert/strict';
import { networkNodes, SlotPage, type SlotPageOptions } from '../support/slotPage';
import { sceneOf } from './scene';

const network = (which: 0 | 1): SlotPageOptions => ({ deviceClass: 'vif', nodes: networkNodes, which });

function scene(options?: SlotPageOptions) {
  const page = new SlotPage(options);
  return { page, ...sceneOf(page.observed) };
}

describe('the doctor of slot rings', () => {
  it('says of a ring that was never used that it was not', () => {
    for (const which of [0, 1] as const) {
      const { wait, said } = scene(network(which));
      wait(5_000);
      assert.deepEqual(said(), ['fine not-used: not used']);
    }
  });

  it('calls a disk idle that has nothing to do', () => {
    const { page, wait, said, evidence } = scene({ startIndex: 7 });
    wait(3_000);
    assert.deepEqual(said(), ['fine idle: idle']);
    assert.match(evidence(), /0 of 32 slots are in flight/);
    assert.match(evidence(), /the backend has taken all requests and asks to be told of the next/);
    page.ask(1);
    wait(300);
    assert.deepEqual(said(), ['fine flowing: flowing']);
  });

  it('says flowing while both sides work, however full it is', () => {
    const { page, wait, said } = scene();
    page.ask(32);
    wait(10_000, () => {
      page.answer(1);
      page.ask(1);
    });
    assert.deepEqual(said(), ['fine flowing: flowing']);
  });

  it('accuses a backend that does not look, and says what can be known of the doorbell', () => {
    const { page, wait, said, evidence } = scene();
    page.ask(4);
    wait(900);
    assert.deepEqual(said(), ['fine flowing: flowing']);
    wait(1_000);
    assert.deepEqual(said(), ['warning not-answered: 4 requests waiting for 1 s, the backend not looking']);
    assert.match(evidence(), /which req_prod has passed: the backend was to be told then/);
    assert.match(evidence(), /cannot be seen from outside/);
  });

  it('gives a backend more time that has taken the requests', () => {
    const { page, wait, said } = scene();
    page.ask(1);
    page.backendSleeps();
    wait(4_000);
    assert.deepEqual(said(), ['fine settling: requests on their way']);
    wait(3_000);
    assert.deepEqual(said(), ['warning not-answered: 1 request taken and not answered for 6 s']);
    page.answer();
    wait(2_000);
    assert.deepEqual(said(), ['fine idle: idle']);
  });

  it('says that a full ring stops its frontend', () => {
    const { page, wait, said } = scene(network(0));
    page.ask(1_000);
    wait(3_000);
    assert.deepEqual(said(), [
      'error full: full, the backend does not answer',
      'warning not-answered: 256 requests waiting for 2 s, the backend not looking',
    ]);
  });

  it('takes posted buffers for rest, and none for trouble', () => {
    const { page, wait, said } = scene(network(1));
    page.ask(256);
    wait(3_000);
    assert.deepEqual(said(), ['fine idle: idle, buffers posted']);
    page.answer();
    wait(1_500);
    assert.deepEqual(said(), ['fine settling: no buffer posted']);
    wait(1_500);
    assert.deepEqual(said(), ['warning no-buffers: no buffer posted for 2 s, nothing can come in']);
  });

  it('leaves calls alone that wait for somebody else', () => {
    const { page, wait, said } = scene({ deviceClass: 'pvcalls', nodes: { 'ring-ref': '8', port: '3' } });
    page.ask(1);
    page.backendSleeps();
    wait(60_000);
    assert.deepEqual(said(), ['fine idle: calls wait']);
  });

  it('tells more requests than slots from responses ahead of the requests, and whose word it is', () => {
    const { page, wait, said, evidence } = scene();
    page.ask(2);
    wait(200);
    page.setWord('req_prod', 1_000);
    wait(100);
    assert.deepEqual(said(), ['fine settling: requests on their way']);
    wait(100);
    assert.deepEqual(said(), ['error index-insane: index insane: indices 0x000003e8 / 0x00000000']);
    assert.match(evidence(), /1,000 requests in flight, in a ring of 32 slots/);
    assert.match(evidence(), /the frontend’s word is wrong/);
    page.setWord('req_prod', 2);
    wait(100);
    page.setWord('rsp_prod', 9);
    wait(200);
    assert.deepEqual(said(), ['error index-insane: index insane: 7 responses ahead of the requests']);
    assert.match(evidence(), /the backend’s word is wrong/);
  });

  it('says that the ring is gone, and what was left in it', () => {
    const { page, wait, said, evidence } = scene();
    page.ask(1);
    wait(100);
    page.isGone = true;
    wait(100);
    assert.deepEqual(said(), ['note peer-gone: closed: domain 3 shares this ring no more']);
    assert.match(evidence(), /1 request was never answered/);
  });

  it('has nothing to say against a page that it does not know', () => {
    const { wait, said } = scene({ deviceClass: 'vgizmo' });
    wait(5_000);
    assert.deepEqual(said(), ['fine unknown-layout: shared; its layout is not known']);
  });
});
