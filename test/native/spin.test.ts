import assert from 'node:assert/strict';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { NativeSpins } from '../../native/spin';
import type { Spin } from '../../server/host/spin';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

if (process.platform === 'linux') {
  describe('looking for a moment before sleeping', () => {
    let spin: Spin;
    let spins: NativeSpins;
    /** Each look at the clock takes ten microseconds, however crowded the machine is. */
    let nowMs: number;
    beforeEach(async () => {
      nowMs = 0;
      spins = new NativeSpins(new XenLibraries(), () => (nowMs += 0.01));
      spin = spins.open();
      await nextTurn();
    });

    /** How often it looked for what never comes. */
    const missed = (): number => {
      let looks = 0;
      assert.equal(
        spin.until(() => (looks++, false)),
        false,
      );
      return looks;
    };

    it('sees what comes while it looks, and looks no further', () => {
      let looks = 0;
      assert.equal(
        spin.until(() => ++looks === 3),
        true,
      );
      assert.equal(looks, 3);
    });

    it('gives up after a moment, and then looks at fewer and fewer waits, but never at none', async () => {
      const skippedWaits: number[] = [];
      for (let miss = 0; miss < 10; miss++) {
        let skipped = 0;
        for (; missed() === 0; skipped++) await nextTurn();
        skippedWaits.push(skipped);
        await nextTurn();
      }
      assert.deepEqual(skippedWaits, [0, 1, 3, 7, 15, 31, 63, 127, 255, 255]);
    });

    it('looks at each wait again as soon as it paid once, at this end and not at others', async () => {
      assert.ok(missed() > 0);
      assert.equal(missed(), 0);
      await nextTurn();
      assert.ok(spins.open().until(() => true));
      await nextTurn();
      assert.ok(spin.until(() => true));
      await nextTurn();
      assert.ok(missed() > 0);
    });

    it('lets the loop have its turn, however well it goes', async () => {
      let isTurnOver = false;
      setImmediate(() => (isTurnOver = true));
      // Ends by itself: the time that a turn has for looking runs out.
      while (spin.until(() => true));
      assert.equal(isTurnOver, false);
      assert.equal(
        spins.open().until(() => true),
        false,
        'nor do others look any more in this turn',
      );
      await nextTurn();
      assert.ok(spin.until(() => true));
    });

    it('throws what the look throws', () => {
      assert.throws(() => spin.until(() => assert.fail('insane')), /insane/);
    });
  });
}
