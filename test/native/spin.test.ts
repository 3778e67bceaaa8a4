import assert from 'node:assert/strict';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { NativeSpins } from '../../native/spin';
import type { Spin } from '../../server/host/spin';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

if (process.platform === 'linux') {
  describe('looking for a moment before sleeping', () => {
    let spin: Spin;
    let spins: NativeSpins;
    /** Each look at the clock takes ten microseconds, however crowded the machine is, or as long as a test wants. */
    let nowMs: number;
    let lookMs: number;
    beforeEach(async () => {
      [nowMs, lookMs] = [0, 0.01];
      spins = new NativeSpins(new XenLibraries(), () => (nowMs += lookMs));
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

    /** Waits that are left out before the next that is begun by looking, which finds nothing. */
    const waitsUntilMiss = async (): Promise<number> => {
      let skipped = 0;
      await nextTurn();
      for (; missed() === 0; skipped++) await nextTurn();
      return skipped;
    };

    /** Each look at the clock is a slice that somebody else had. */
    const sliceMs = 4;

    it('counts a look by the time that it took: others want the processor, and had slices of it', async () => {
      lookMs = sliceMs;
      assert.ok(missed() > 0);
      lookMs = 0.01;
      assert.equal(await waitsUntilMiss(), 80);
    });

    it('leaves out twice as many waits after each such look, until looking has paid often enough', async () => {
      lookMs = sliceMs;
      assert.ok(missed() > 0);
      const skippedWaits: number[] = [];
      for (let look = 0; look < 9; look++) skippedWaits.push(await waitsUntilMiss());
      assert.deepEqual(skippedWaits, [80, 160, 320, 640, 1280, 2560, 5120, 10_000, 10_000]);
      for (let hits = 0; hits < 64; await nextTurn()) if (spin.until(() => true)) hits++;
      assert.ok(missed() > 0);
      assert.equal(await waitsUntilMiss(), 80);
    });

    it('takes what came in such a look, and does not think the better of it', async () => {
      lookMs = sliceMs;
      let looks = 0;
      assert.ok(spin.until(() => looks++ > 0));
      assert.equal(await waitsUntilMiss(), 80);
    });

    it('thinks well of what came a little late: the other side had the processor', async () => {
      lookMs = 0.1;
      let looks = 0;
      assert.ok(spin.until(() => looks++ > 0));
      assert.equal(await waitsUntilMiss(), 0);
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
