/** The wrappers around C under any arguments: over the libraries for joined programs, in a process that may crash. */
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { effort, seed } from '../../fuzz/seed';
import { checkCounts, countsOf, tellCounts } from '../../support/mayCrash';
import { fuzzNative } from '../../support/nativeFuzz';
import { describeWithDaemons } from '../daemons/requirements';
import { JoinedProcess } from './joinedProcess';
import { buildLibraries } from './kit';

const calls = 6_000 * effort;

/** What the process that may crash does: `domid seed calls views folder`. */
async function child([domid, from, count, views, folder]: readonly string[]): Promise<void> {
  const libraries = new XenLibraries({ folders: [folder!], env: {} });
  const options = { libraries, domid: Number(domid), seed: Number(from), calls: Number(count) };
  tellCounts(await fuzzNative({ ...options, views: views === 'true' }));
}

if (require.main === module) {
  void child(process.argv.slice(2));
} else {
  describeWithDaemons('the wrappers around C, whatever they are asked', () => {
    let joined: JoinedProcess;
    before(async () => (joined = await JoinedProcess.open('fuzzed')));
    after(() => joined.close());

    for (const views of [true, false]) {
      it(`do it or refuse it, with ${views ? 'buffers' : 'copies'} (seed ${seed})`, async function () {
        this.timeout(120_000 * effort);
        const [domid] = joined.domids;
        joined.become(domid!);
        const counts = await countsOf(__filename, [domid!, seed, calls, views, await buildLibraries()]);
        checkCounts(counts, calls, 1 / 10);
      });
    }
  });
}
