/** The wrappers around C under any arguments, over the real libraries and devices, in a process that may crash. */
import assert from 'node:assert/strict';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import { effort, seed } from '../../../fuzz/seed';
import { checkCounts, countsIn, tellCounts } from '../../../support/mayCrash';
import { fuzzNative } from '../../../support/nativeFuzz';
import { fuzzStoreLibrary } from '../../../support/storeLibraryFuzz';
import { output, run } from '../../support/dom0';

const calls = 2_000 * effort;
const storeCalls = 400 * effort;
const storeFolder = '/tool/fuzz';
const [, , word, from, count, views] = process.argv;

if (word === 'fuzz') {
  // The process that may crash: this very file without mocha.
  const options = { libraries: new XenLibraries(), domid: 0, seed: Number(from), calls: Number(count) };
  void fuzzNative({ ...options, views: views === 'true' }).then(tellCounts);
} else if (word === 'fuzz-store') {
  const options = { libraries: new XenLibraries(), seed: Number(from), calls: Number(count) };
  void fuzzStoreLibrary({ ...options, folder: storeFolder }).then(tellCounts);
} else {
  describe('the wrappers around C on real Xen, whatever they are asked', () => {
    for (const withViews of [true, false]) {
      it(`do it or refuse it, with ${withViews ? 'buffers' : 'copies'} (seed ${seed})`, async () => {
        const args = [__filename, 'fuzz', seed, calls, withViews].map(String);
        const { status, stdout, stderr } = await run(process.execPath, args);
        assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
        checkCounts(countsIn(stdout), calls, 1 / 10);
      });
    }

    it(`ask libxenstore for anything, which answers or refuses it (seed ${seed})`, async () => {
      const args = [__filename, 'fuzz-store', seed, storeCalls].map(String);
      const { status, stdout, stderr } = await run(process.execPath, args);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      checkCounts(countsIn(stdout), storeCalls, 1 / 10);
      await run('xenstore-rm', [storeFolder]);
      assert.equal(await output('xenstore-read', '/local/domain/0/domid'), '0\n');
    });
  });
}
