/** Watches, and what a store says and does of domains. */
import assert from 'node:assert/strict';
import { formatXsPerm } from '../../../server/wire/xsPerms';
import { isError, isCode, perm, take, until, type SuiteRig } from './rig';

export function watchCases(rig: SuiteRig): void {
  describe('watches', () => {
    it('fire at once, and for changes at and below the node', async () => {
      await rig.store.write('/w/a', '1');
      const watch = await rig.store.watch('/w/a');
      const other = rig.connect();
      await other.write('/w/ab', 'not below');
      await other.write('/w/a/b/c', '1');
      await other.rm('/w/a/b');
      await other.setPerms('/w/a', [perm('n0'), perm('r1')]);
      const seen = await take(watch, 4);
      assert.deepEqual(seen, [
        { path: '/w/a', kind: 'initial' },
        { path: '/w/a/b/c', kind: 'change' },
        { path: '/w/a/b', kind: 'change' },
        { path: '/w/a', kind: 'change' },
      ]);
    });

    it('fire on nodes that are not there yet, and by relative names', async () => {
      const watch = await rig.store.watch('w/later');
      await rig.store.write('w/later/x', '1');
      await rig.store.write('/local/domain/0/w/later', '2');
      assert.deepEqual(
        (await take(watch, 3)).map(({ path }) => path),
        ['w/later', 'w/later/x', 'w/later'],
      );
    });

    it('are independent of each other on one path', async () => {
      const [first, second] = await Promise.all([rig.store.watch('/w/twice'), rig.store.watch('/w/twice')]);
      await rig.store.write('/w/twice', '1');
      await take(first, 2);
      await first.close();
      await rig.store.write('/w/twice/x', '2');
      assert.deepEqual(
        (await take(second, 3)).map(({ path }) => path),
        ['/w/twice', '/w/twice', '/w/twice/x'],
      );
      assert.deepEqual(await take(first, 1), []);
    });

    it('see a transaction as what it changed, once it is committed', async () => {
      const watch = await rig.store.watch('/w/tx');
      await take(watch, 1);
      await rig.store.transaction(async (transaction) => {
        await transaction.write('/w/tx/a', '1');
        await transaction.write('/w/tx/b', '1');
      });
      assert.deepEqual((await take(watch, 2)).map(({ path }) => path).sort(), ['/w/tx/a', '/w/tx/b']);
    });

    it('lose detail but not the news when nobody reads', async () => {
      const reader = rig.connect({ maxQueuedEvents: 100 });
      const watch = await reader.watch('/w/flood');
      const other = rig.connect();
      const changes = Array.from({ length: rig.options.requestsAtOnce }, (_, index) => index);
      await Promise.all(changes.map((index) => other.write(`/w/flood/${index}`, 'x')));
      // The reply of this connection comes after the events that were queued before it.
      await reader.write('/w/flood/end', 'x');
      await reader.read('/w/flood/end');
      const [first] = await take(watch, 1);
      if (rig.options.eventsKeepOrder) assert.deepEqual(first, { path: '/w/flood', kind: 'resync' });
      await until(watch, ({ path }) => path === '/w/flood/end');
    });

    it('end with resetWatches', async () => {
      const watch = await rig.store.watch('/w/reset');
      await take(watch, 1);
      const { resetWatches } = rig.options;
      if (resetWatches !== 'works') return assert.rejects(rig.store.resetWatches(), isError(resetWatches));
      await rig.store.resetWatches();
      assert.deepEqual(await take(watch, 1), []);
      const again = await rig.store.watch('/w/reset');
      await rig.store.write('/w/reset', '1');
      assert.equal((await take(again, 2)).length, 2);
    });

    it('refuse a malformed path', async () => {
      await assert.rejects(rig.store.watch('/a.b'), isError('EINVAL'));
    });
  });

  describe('domains', () => {
    it('have a path, known or not', async () => {
      assert.equal(await rig.store.getDomainPath(0), '/local/domain/0');
      assert.equal(await rig.store.getDomainPath(4711), '/local/domain/4711');
    });

    it('answer control commands', async () => {
      assert.equal(typeof (await rig.store.control(['help'])), 'string');
    });

    // These are made up, which only a daemon without Xen puts up with.
    if (!rig.options.isUnderXen) {
      it('are introduced and released, and both can be watched', async () => {
        const introduced = await rig.store.watch('@introduceDomain');
        const released = await rig.store.watch('@releaseDomain');
        await take(introduced, 1);
        await take(released, 1);
        assert.equal(await rig.store.isDomainIntroduced(3), false);
        await rig.store.introduce(3, 1, 5);
        assert.equal(await rig.store.isDomainIntroduced(3), true);
        assert.deepEqual(await take(introduced, 1), [{ path: '@introduceDomain', kind: 'change' }]);
        await rig.store.release(3);
        assert.deepEqual(await take(released, 1), [{ path: '@releaseDomain', kind: 'change' }]);
        assert.equal(await rig.store.isDomainIntroduced(3), false);
      });

      it('can be made the target of another', async () => {
        await rig.store.introduce(1, 1, 5);
        await rig.store.introduce(2, 1, 5);
        await rig.store.setTarget(1, 2);
        await rig.store.release(2);
        await rig.store.release(1);
      });

      it('may be given nodes, and are asked to go on', async () => {
        await rig.store.introduce(5, 1, 5);
        await rig.store.write('/local/domain/5/name', 'guest');
        await rig.store.setPerms('/local/domain/5', [perm('b5'), perm('r1')]);
        assert.deepEqual((await rig.store.getPerms('/local/domain/5')).map(formatXsPerm), ['b5', 'r1']);
        await rig.store.resume(5);
        await rig.store.release(5);
        await assert.rejects(rig.store.resume(4711), isCode('store'));
      });
    }
  });
}
