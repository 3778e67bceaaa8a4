/** What the ring doctor says of the rings of PV Calls: those of sockets, and the command ring. */
import assert from 'node:assert/strict';
import { pvcallsEditions } from '../../server/wire/pvcalls/dataPage';
import { CommandRing } from '../support/commandRing';
import { SocketPage } from '../support/socketPage';
import { sceneOf } from './scene';

function socketScene(options?: ConstructorParameters<typeof SocketPage>[0]) {
  const page = new SocketPage(options);
  return { page, ...sceneOf(page.observed) };
}

describe('the doctor of sockets', () => {
  for (const edition of Object.values(pvcallsEditions)) {
    it(`calls one idle that has nothing to do, and flowing while bytes pass (${edition.name})`, () => {
      const { page, wait, said, isAtRest } = socketScene({ edition });
      wait(3_000);
      assert.deepEqual([said(), isAtRest()], [['fine idle: idle'], true]);
      wait(5_000, () => {
        page.write('in', 100);
        page.read('in', 100);
      });
      assert.deepEqual(said(), ['fine flowing: flowing']);
    });
  }

  it('takes bytes that a program leaves for no trouble of the host, until the ring is full', () => {
    const { page, wait, said } = socketScene();
    page.write('in', 100);
    wait(3_000);
    assert.deepEqual(said(), ['note reader-not-looking: data waiting for 2 s, frontend not looking']);
    page.write('in', page.ringBytes - 100);
    wait(3_000);
    assert.deepEqual(said(), ['warning full: full, frontend not reading']);
  });

  it('names a backend that stands still: the full ring was read, and nothing comes', () => {
    const { page, wait, said, isAtRest } = socketScene();
    page.write('in', page.ringBytes);
    wait(400);
    page.read('in', page.ringBytes);
    wait(4_500);
    assert.deepEqual([said(), isAtRest()], [['fine idle: idle'], false], 'it is looked at on');
    wait(1_000);
    assert.deepEqual(said(), [
      'warning standstill: the backend stands still: nothing came for 5 s since the full ring was read',
    ]);
    page.write('in', 1);
    wait(200);
    assert.deepEqual(said(), ['fine flowing: flowing']);
  });

  it('takes none for standing still whose full ring is the last before its end', () => {
    const { page, wait, said } = socketScene();
    page.write('in', page.ringBytes);
    wait(300);
    page.read('in', page.ringBytes);
    page.set('in_error', -107);
    wait(10_000);
    assert.deepEqual(said(), ['fine idle: idle']);
  });

  it('lets a guest write on after the orderly end of the other direction', () => {
    const { page, wait, said } = socketScene();
    page.set('in_error', -107);
    wait(60_000, () => {
      page.write('out', 10);
      page.read('out', 10);
    });
    assert.deepEqual(said(), ['fine flowing: flowing']);
  });

  it('says when the frontend writes into what nobody reads any more', () => {
    const { page, wait, said } = socketScene();
    page.set('out_error', -32);
    wait(500);
    page.write('out', 40);
    wait(500);
    assert.deepEqual(said(), ['warning error-ignored: error ignored: the frontend writes after -32, EPIPE']);
  });

  it('says when a socket that has ended is not released', () => {
    const { page, wait, said, isAtRest } = socketScene();
    page.set('in_error', -104);
    wait(29_000);
    assert.deepEqual([said(), isAtRest()], [['fine idle: idle'], false]);
    wait(2_000);
    assert.deepEqual(said(), [
      'warning error-ignored: error ignored: ended with -104, ECONNRESET, and not released',
    ]);
    page.set('out_error', -104);
    wait(31_000);
    assert.deepEqual(said(), [
      'note error-ignored: error ignored: ended with -104, ECONNRESET, and not released',
    ]);
    assert.equal(isAtRest(), true);
  });

  it('says nothing of a full ring that nobody will read because it has ended', () => {
    const { page, wait, said } = socketScene();
    page.write('out', page.ringBytes);
    page.set('out_error', -32);
    wait(3_000);
    assert.deepEqual(said(), ['fine settling: bytes on their way']);
  });

  it('reads no word of an edition that the page does not have', () => {
    const { page, wait, said } = socketScene({ edition: pvcallsEditions.draft7, order: 3 });
    // Where the final edition has its order lies a grant of the draft.
    assert.notEqual(page.bytes.readUInt32LE(80), 0);
    page.write('in', page.ringBytes);
    wait(2_000);
    assert.deepEqual(said(), ['warning full: full, frontend not reading']);
  });
});

describe('the doctor of a command ring', () => {
  it('says when responses are not taken', () => {
    const ring = new CommandRing();
    const { wait, said, isAtRest } = sceneOf(ring.observed);
    ring.request(1, { cmd: 'poll', id: 5n });
    ring.respond(1, 'poll', 0, 5n);
    ring.page.setWord('req_event', 2);
    wait(1_500);
    assert.equal(isAtRest(), false);
    wait(1_000);
    assert.deepEqual(said(), [
      'warning responses-not-taken: 1 response not taken for 2 s, the frontend not looking',
    ]);
    ring.page.frontendSleeps();
    wait(2_000);
    assert.deepEqual(said(), ['fine idle: idle']);
  });

  it('says when every slot waits for an answer', () => {
    const ring = new CommandRing();
    const { wait, said } = sceneOf(ring.observed);
    for (let call = 0; call < 32; call++) ring.request(call, { cmd: 'poll', id: 5n });
    wait(3_000);
    assert.deepEqual(said(), ['error full: full, the backend does not answer']);
    ring.page.backendSleeps();
    wait(1_000);
    assert.deepEqual(said(), ['error full: full, every request waits at the backend']);
  });
});
