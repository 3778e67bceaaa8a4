/** The calls of libxenstore, whatever they are asked: over our server, in a process that may crash. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { StoreCalls } from '../../native/store/libraryCalls';
import { ask } from '../../native/store/libraryOperations';
import type { Random } from '../../server/host/clock';
import { XsType } from '../../server/wire/xsMessage';
import { effort, pick, randomBytes, seed, seededRandom } from '../fuzz/seed';
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

/** What the process that may crash does: asks, and tells how many requests were done and how many refused. */
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
  console.log(`${told.done} ${told.refused}`);
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
      const program = spawn(process.execPath, ['--import', 'tsx', __filename, `${seed}`, `${requests}`], {
        env: { ...process.env, XENSTORED_PATH: server.socketPath },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      let errors = '';
      program.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
      program.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
      const [code, signal] = (await once(program, 'close')) as [number | null, string | null];
      assert.deepEqual({ code, signal, errors }, { code: 0, signal: null, errors: '' });
      const [done, refused] = text.trim().split(' ').map(Number) as [number, number];
      assert.equal(done + refused, requests);
      assert.ok(done > requests / 20 && refused > requests / 20, text);
    });
  });
}
