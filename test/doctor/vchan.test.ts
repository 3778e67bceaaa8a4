/** What the ring doctor says of a vchan, of which only the words are seen. */
import assert from 'node:assert/strict';
import { Scene } from './scene';

describe('ring doctor, on a vchan', () => {
  function vchan(): Scene {
    const scene = new Scene({ kind: 'vchan' });
    scene.page.setWord('cli_live', 1);
    scene.page.setWord('srv_live', 1);
    scene.wait(1000);
    return scene;
  }

  it('calls it idle, flowing, full or waiting by its words, and accuses no program that takes its time', () => {
    const scene = vchan();
    assert.deepEqual(scene.said, ['fine idle: idle']);
    scene.page.setPair('left', 300, 300);
    scene.look();
    assert.equal(scene.say()[0]!.rule, 'flowing');
    scene.page.setPair('left', 400, 300);
    scene.wait(2000);
    assert.deepEqual(scene.said.slice(0, 1), [
      'note request-waiting/left: data waiting for 1 s, the server not looking',
    ]);
    scene.page.setPair('left', 300 + 4096, 300);
    scene.page.setPair('right', 10, 0);
    // The client asked to be told of room.
    scene.page.setWord('srv_notify', 2);
    scene.wait(2000);
    assert.deepEqual(scene.said, [
      'note full/left: full, the server not reading',
      'note reader-not-looking/right: data waiting for 1 s, client not looking',
    ]);
  });

  it('says where a writer waits for room that nobody will tell it of', () => {
    for (const [name, asks, others, who] of [
      ['left', 'srv_notify', 'cli_notify', 'the client'],
      ['right', 'cli_notify', 'srv_notify', 'the server'],
    ] as const) {
      const scene = vchan();
      scene.page.setPair(name, 4096, 0);
      scene.page.setWord(asks, 1);
      scene.page.setWord(others, 3);
      scene.wait(2000);
      assert.equal(scene.said[1], `note nobody-wakes/${name}: full, and ${who} has not asked for a doorbell`);
      assert.match(scene.evidence('nobody-wakes'), new RegExp(`^${asks} is 1: .* will not ring`));
      scene.page.setWord(asks, 2);
      scene.wait(300);
      assert.ok(!scene.said.some((line) => line.includes('nobody-wakes')));
    }
  });

  it('is as strict with indices that cannot be', () => {
    const scene = vchan();
    scene.page.setPair('right', 5000, 0);
    scene.wait(300);
    assert.match(scene.said[0]!, /^error index-insane\/right: /);
    assert.match(
      scene.say()[0]!.evidence.join(' '),
      /in a ring of 4,096\..* libxenvchan reports this as idle/,
    );
  });

  it('tells a writer that writes on without room from an index that is wrong, by the oldest bytes that wait', () => {
    const jump = (prepare: (scene: Scene) => void) => {
      const scene = vchan();
      scene.page.rings.left.fill(1);
      scene.page.setPair('left', 300, 200);
      scene.look();
      prepare(scene);
      scene.page.setPair('left', 300 + 5000, 200);
      scene.wait(300);
      return scene;
    };
    const overrun = jump(({ page }) => page.rings.left.fill(2));
    assert.deepEqual(overrun.said, [
      'error backpressure-ignored/left: backpressure ignored: the client wrote 1,004 bytes more than there was room for',
    ]);
    const written = jump(({ page }) => page.rings.left.fill(2, 300, 2000));
    assert.match(written.said[0]!, /^error index-insane\/left: /, 'there was room for that');
    const toTheBrim = jump(({ page }) => page.rings.left.fill(2, 300).fill(2, 0, 200));
    assert.match(toTheBrim.said[0]!, /^error index-insane\/left: /, 'it may write up to the bytes that wait');
    const alike = jump(({ page }) => page.rings.left.fill(1));
    assert.match(alike.said[0]!, /^error index-insane\/left: /, 'nobody can tell');
    const outOfReach = jump(({ page }) => {
      page.areRingsAtHand = false;
      page.rings.left.fill(2);
    });
    assert.match(outOfReach.said[0]!, /^error index-insane\/left: /, 'nothing is mapped for it');
  });

  it('accuses no writer when the index of the reader moved too, or nothing waited', () => {
    for (const [prod, cons] of [
      [300, 200],
      [200, 200],
    ] as const) {
      const scene = vchan();
      scene.page.rings.left.fill(1);
      scene.page.setPair('left', prod, cons);
      scene.look();
      scene.page.rings.left.fill(2);
      scene.page.setPair('left', prod + 5000, cons + (prod - cons) / 2);
      scene.wait(300);
      assert.match(scene.said[0]!, /^error index-insane\/left: /);
    }
  });

  it('names the end whose word is wrong as it is called there', () => {
    for (const [name, whose] of [
      ['left', "the client's"],
      ['right', "the server's"],
    ] as const) {
      const scene = vchan();
      scene.page.setPair(name, 10, 10);
      scene.wait(300);
      scene.page.setWord(`${name}_prod`, 50_000);
      scene.wait(300);
      const evidence = scene.evidence('index-insane');
      assert.ok(evidence.includes(`${name}_cons did not: ${whose} word is wrong.`), evidence);
    }
  });

  it('says who has left', () => {
    const scene = vchan();
    scene.page.setWord('cli_live', 0);
    scene.look();
    assert.equal(scene.said[0], 'fine peer-gone: peer gone: the client has left');
    scene.page.setPair('right', 10, 0);
    scene.look();
    assert.equal(scene.said[0], 'note peer-gone: peer gone: the client has left, 10 bytes unread');
    scene.page.setPair('right', 1, 0);
    scene.look();
    assert.equal(scene.said[0], 'note peer-gone: peer gone: the client has left, 1 byte unread');
    const other = vchan();
    other.page.setWord('srv_live', 0);
    other.look();
    assert.equal(other.said[0], 'fine peer-gone: peer gone: the server has left');
    const waiting = vchan();
    waiting.page.setWord('cli_live', 2);
    waiting.look();
    assert.deepEqual(waiting.said, ['fine idle: idle'], 'nobody has come yet');
  });
});
