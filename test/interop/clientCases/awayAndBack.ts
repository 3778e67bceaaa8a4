/** A server that ends while clients need it, and is there again. */
import assert from 'node:assert/strict';
import { isError, isCode, take, stateOf, type SuiteRig } from './rig';

export function awayAndBackCases(rig: SuiteRig): void {
  describe('a server that goes away and comes back', () => {
    it('is found again; watches are resynced; what was under way is said to be so', async () => {
      const watches = await Promise.all([rig.store.watch('/back/a'), rig.store.watch('back/relative')]);
      for (const watch of watches) await take(watch, 1);
      await rig.server.kill();
      await stateOf(rig.store, 'away');
      await assert.rejects(rig.store.read('/'), isCode('away'));
      const addedMeanwhile = rig.store.watch('/back/meanwhile');
      await rig.server.start();
      rig.store.retryNow();
      await stateOf(rig.store, 'connected');
      assert.deepEqual(await take(watches[0], 1), [{ path: '/back/a', kind: 'resync' }]);
      assert.deepEqual(await take(watches[1], 1), [{ path: 'back/relative', kind: 'resync' }]);
      assert.deepEqual(await take(await addedMeanwhile, 1), [{ path: '/back/meanwhile', kind: 'initial' }]);
      await assert.rejects(rig.store.read('/back/a'), isError('ENOENT'));
      await rig.store.write('/back/a', 'new');
      assert.deepEqual(await take(watches[0], 1), [{ path: '/back/a', kind: 'change' }]);
    });

    it('interrupts transactions instead of carrying them over', async () => {
      let hasStarted: (() => void) | undefined;
      const started = new Promise<void>((resolve) => (hasStarted = resolve));
      let goOn: (() => void) | undefined;
      const transaction = rig.store.transaction(async (operations) => {
        await operations.write('/back/tx', '1');
        hasStarted!();
        await new Promise<void>((resolve) => (goOn = resolve));
        await operations.write('/back/tx', '2');
      });
      const outcome = assert.rejects(transaction, isCode('away'));
      await started;
      await rig.server.kill();
      await stateOf(rig.store, 'away');
      await rig.server.start();
      rig.store.retryNow();
      await stateOf(rig.store, 'connected');
      goOn!();
      await outcome;
      await assert.rejects(rig.store.read('/back/tx'), isError('ENOENT'));
    });
  });
}
