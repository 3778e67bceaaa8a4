/** libxenvchan behind our wrapper under any arguments: both ends in one domain, in a process that may crash. */
import { NativeVchanLibrary } from '../../../native/vchanLibrary';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { XenscopeError } from '../../../server/host/errors';
import type { LibraryVchan } from '../../../server/host/vchanLibrary';
import { effort, pick, seed, seededRandom } from '../../fuzz/seed';
import { checkCounts, countsOf, tellCounts } from '../../support/mayCrash';
import type { Counts } from '../../support/mayCrash';
import { describeWithDaemons } from '../daemons/requirements';
import { JoinedProcess } from './joinedProcess';
import { buildLibraries } from './kit';

const calls = 800 * effort;
const maxOpen = 6;
const junk: readonly unknown[] = [
  ...[NaN, -1, 0.5, 0x7ff0, 65_535, 2 ** 20 + 1, 2 ** 31, 2 ** 53, Infinity],
  ...[null, undefined, '', '/', 'a//b', 'a b', 'x'.repeat(50), 'data\0', true, 1n, [], {}, () => 1],
  ...[new Uint16Array(3), new ArrayBuffer(8), Symbol('junk')],
];

async function fuzz(libraries: XenLibraries, domid: number, from: number, count: number, views: boolean) {
  const random = seededRandom(from);
  const told: Counts = { done: 0, refused: 0 };
  const or = <T>(good: T): T => (random.below(5) > 0 ? good : (pick(random, junk) as T));
  let library = new NativeVchanLibrary({ libraries, views });
  const ends: LibraryVchan[] = [];
  const path = () => `data/vchan/${domid}/${random.below(3)}`;
  const bytes = () => pick(random, [0, 1, 1024, 2048, 4096, 10_000]);
  const one = () => (ends.length > 0 ? pick(random, ends) : undefined);
  const open = async (opening: Promise<LibraryVchan>) => {
    ends.push(await opening);
    if (ends.length > maxOpen) await ends.shift()!.close();
  };
  const acts: readonly (() => unknown)[] = [
    () => {
      const rings = { leftBytes: or(bytes()), rightBytes: or(bytes()) };
      return open(
        library.serve({ clientDomid: or(domid), path: or(path()), ...rings, persistent: or(false) }),
      );
    },
    () => open(library.connect({ serverDomid: or(domid), path: or(`/local/domain/${domid}/${path()}`) })),
    () => one()?.read(or(new Uint8Array(random.below(3000)))),
    () => one()?.write(or(new Uint8Array(random.below(3000)))),
    () => one()?.write(or(Buffer.alloc(random.below(10)))),
    () => one()?.dataReady(),
    () => one()?.bufferSpace(),
    // What the other side puts there, C must bear.
    () => one()?.control.store32(4 * random.below(6), random.below(2 ** 32)),
    () => (random.below(4) === 0 ? one()?.close() : undefined),
  ];
  for (let call = 1; call <= count; call++) {
    try {
      await pick(random, acts)();
      told.done++;
    } catch (error) {
      const isOurs = [XenscopeError, RangeError, TypeError].some((kind) => error instanceof kind);
      if (!isOurs) throw error;
      told.refused++;
    }
    if (call % 200 > 0) continue;
    await library.close();
    library = new NativeVchanLibrary({ libraries, views });
  }
  await library.close();
  return told;
}

if (require.main === module) {
  const [domid, from, count, views, folder] = process.argv.slice(2);
  const libraries = new XenLibraries({ folders: [folder!], env: {} });
  void fuzz(libraries, Number(domid), Number(from), Number(count), views === 'true').then(tellCounts);
} else {
  describeWithDaemons('libxenvchan as an engine, whatever it is asked', () => {
    let joined: JoinedProcess;
    before(async () => (joined = await JoinedProcess.open('fuzzed')));
    after(() => joined.close());

    for (const views of [true, false]) {
      it(`does it or refuses it, with ${views ? 'buffers' : 'copies'} (seed ${seed})`, async function () {
        this.timeout(120_000 * effort);
        const [domid] = joined.domids;
        joined.become(domid!);
        const counts = await countsOf(__filename, [domid!, seed, calls, views, await buildLibraries()]);
        checkCounts(counts, calls, 1 / 20);
      });
    }
  });
}
