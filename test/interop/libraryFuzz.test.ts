/** The calls of libxenstore, whatever they are asked: over our server, in a process that may crash. */
import assert from 'node:assert/strict';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { StoreCalls } from '../../native/store/libraryCalls';
import { ask } from '../../native/store/libraryOperations';
import type { Random } from '../../server/host/clock';
import { XsType } from '../../server/wire/xsMessage';
import { effort, pick, randomBytes, seed, seededRandom } from '../fuzz/seed';
import { checkCounts, countsOf, tellCounts } from '../support/mayCrash';
import { describeWithDaemons } from './daemons/requirements';
import { startOurs } from './ours';
import type { OurServer } from './ours';

const requests = 2_000 * effort;
const types = [...Object.values(XsType), -1, 99, 2 ** 32 - 1];
const words = [
  ...['', '/', '/a', '/a/b', 'a', '//', '/a/', '@releaseDomain', 'T', 'F', 'n0', 'r1', 'b7', 'w'],
  ...['0', '1', '-1', '65536', '4294967295', '99999999999999999999', 'help', 'token', '/\u00ff', '/\n'],
  `/${'x'.repeat(3000)}`,
  'y'.repeat(5000),
];

function anyPayload(random: Random): Buffer {
  if (random.below(10) === 0) return randomBytes(random, random.below(5000));
  const some = Array.from({ length: random.below(5) }, () => pick(random, words));
  return Buffer.from(some.join('\0') + (random.below(4) > 0 ? '\0' : ''), 'latin1');
}

/** What the process that may crash does: `seed requests`. */
async function child(from: number, count: number): Promise<void> {
  const random = seededRandom(from);
  const calls = new StoreCalls(new XenLibraries());
  await calls.open();
  const transactions = [0, 0, 0, 1, 2 ** 32 - 1];
  const told = { done: 0, refused: 0 };
  for (let reqId = 1; reqId <= count; reqId++) {
    const request = { type: pick(random, types), reqId, txId: pick(random, transactions) };
    const reply = await ask(calls, { ...request, payload: anyPayload(random) });
    assert.deepEqual([reply.reqId, reply.txId], [reqId, request.txId]);
    if (reply.type === XsType.ERROR) told.refused++;
    else told.done++;
    if (reply.type === XsType.TRANSACTION_START)
      transactions.push(Number.parseInt(String(reply.payload), 10));
    while (calls.checkWatch());
  }
  await calls.close();
  tellCounts(told);
}

if (require.main === module) {
  const [, , from, count] = process.argv;
  void child(Number(from), Number(count));
} else {
  describeWithDaemons('the calls of libxenstore, whatever they are asked', () => {
    let server: OurServer;
    before(async () => (server = await startOurs()));
    after(() => server.stop());

    it(`are done or refused (seed ${seed})`, async function () {
      this.timeout(120_000 * effort);
      const counts = await countsOf(__filename, [seed, requests], { XENSTORED_PATH: server.socketPath });
      checkCounts(counts, requests, 1 / 20);
    });
  });
}
