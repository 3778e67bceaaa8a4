/**
 * Throws any request at libxenstore, in any order: each must be answered or fail with an errno; a crash would end the
 * process that runs this. It changes nothing but below a folder of its own.
 */
import { StoreCalls, CallFailed } from '../../native/store/libraryCalls';
import { ask } from '../../native/store/libraryOperations';
import type { XenLibraries } from '../../native/libraries/xenLibraries';
import { XsType } from '../../server/wire/xsMessage';
import { pick, seededRandom } from '../fuzz/seed';
import type { Counts } from './mayCrash';

export interface StoreFuzzOptions {
  readonly libraries: XenLibraries;
  readonly seed: number;
  readonly calls: number;
  /** Where it may write. */
  readonly folder: string;
}

/** Of the others one would take a domain of this machine away, and one opens what nobody may. */
const harmless = [
  XsType.DIRECTORY,
  XsType.READ,
  XsType.GET_PERMS,
  XsType.WATCH,
  XsType.UNWATCH,
  XsType.TRANSACTION_START,
  XsType.TRANSACTION_END,
  XsType.GET_DOMAIN_PATH,
  XsType.IS_DOMAIN_INTRODUCED,
  XsType.RESET_WATCHES,
  999,
];
const changing = [XsType.WRITE, XsType.MKDIR, XsType.RM, XsType.SET_PERMS];

/** How many were answered and how many refused, by an errno or an error reply. */
export async function fuzzStoreLibrary(options: StoreFuzzOptions): Promise<Counts> {
  const random = seededRandom(options.seed);
  const counts = { done: 0, refused: 0 };
  const calls = new StoreCalls(options.libraries);
  await calls.open();
  const below = () =>
    `${options.folder}/${pick(random, ['a', 'b', 'a/c', 'x'.repeat(200), 'y'.repeat(3_000)])}`;
  const words = () =>
    pick(random, ['', '/', '0', '1', '-1', '4294967296', 'T', 'F', 'n0', 'r1', 'z', '\xff', 'a b', below()]);
  const transactions: number[] = [0, 0, 0];
  for (let call = 0; call < options.calls; call++) {
    const changes = random.below(2) === 0;
    const type = pick(random, changes ? changing : harmless);
    // What changes something begins with a path that is ours, or with nothing that is a path.
    const first = changes ? pick(random, [below(), below(), '', '\xff']) : words();
    const rest = Array.from({ length: random.below(4) }, words);
    const text = [first, ...rest].join('\0') + pick(random, ['', '\0', '\0\0']);
    const txId = pick(random, [...transactions, 999_999, 2 ** 32 - 1]);
    try {
      const reply = await ask(calls, { type, reqId: call, txId, payload: Buffer.from(text, 'latin1') });
      if (reply.type === XsType.ERROR) counts.refused++;
      else counts.done++;
      if (reply.type === XsType.TRANSACTION_START)
        transactions.push(Number.parseInt(String(reply.payload), 10));
      if (transactions.length > 8) transactions.splice(3, 5);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      counts.refused++;
      // The library has given its connection up.
      await calls.close();
      await calls.open();
    }
  }
  await calls.close();
  return counts;
}
