import assert from 'node:assert/strict';
import { Turnstile } from '../../../server/store/client/turnstile';

describe('turnstile', () => {
  it('lets so many in at once, and the others in their order', async () => {
    const turnstile = new Turnstile(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const work = Array.from({ length: 5 }, (_, index) =>
      turnstile.run(async () => {
        begun.push(index);
        await new Promise<void>((resolve) => ends.push(resolve));
        return index;
      }),
    );
    assert.deepEqual(begun, [0, 1]);
    for (let index = 0; index < 5; index++) {
      ends[index]!();
      assert.equal(await work[index], index);
      assert.deepEqual(begun, [0, 1, 2, 3, 4].slice(0, Math.min(5, index + 3)));
    }
  });

  it('tells when nothing runs', async () => {
    const turnstile = new Turnstile(2);
    await turnstile.idle();
    const ends: (() => void)[] = [];
    const work = [1, 2, 3].map(() => turnstile.run(() => new Promise<void>((resolve) => ends.push(resolve))));
    let isIdle = false;
    const idle = turnstile.idle().then(() => (isIdle = true));
    for (let index = 0; index < 3; index++) {
      assert.deepEqual([isIdle, turnstile.isIdle], [false, false]);
      ends[index]!();
      await work[index];
    }
    await idle;
    assert.ok(turnstile.isIdle);
  });

  it('goes on after work that failed', async () => {
    const turnstile = new Turnstile(1);
    await assert.rejects(
      turnstile.run(() => Promise.reject(new Error('mine'))),
      /mine/,
    );
    assert.equal(await turnstile.run(() => Promise.resolve(1)), 1);
  });
});
