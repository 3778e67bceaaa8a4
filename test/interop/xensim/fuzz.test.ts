/** The wrappers around C under any arguments: over the libraries for joined programs, in a process that may crash. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { effort, seed } from '../../fuzz/seed';
import { fuzzNative } from '../../support/nativeFuzz';
import { describeWithDaemons } from '../daemons/requirements';
import { JoinedProcess } from './joinedProcess';
import { buildLibraries } from './kit';

const calls = 6_000 * effort;

/** What the process that may crash does: `domid seed calls views folder`. */
async function child([domid, from, count, views, folder]: readonly string[]): Promise<void> {
  const libraries = new XenLibraries({ folders: [folder!], env: {} });
  const options = { libraries, domid: Number(domid), seed: Number(from), calls: Number(count) };
  const { done, refused } = await fuzzNative({ ...options, views: views === 'true' });
  console.log(`${done} ${refused}`);
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
        const args = [domid, seed, calls, views, await buildLibraries()].map(String);
        const program = spawn(process.execPath, ['--import', 'tsx', __filename, ...args], {
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let text = '';
        let errors = '';
        program.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
        program.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
        const [code, signal] = (await once(program, 'close')) as [number | null, string | null];
        assert.deepEqual({ code, signal, errors }, { code: 0, signal: null, errors: '' });
        const [done, refused] = text.trim().split(' ').map(Number) as [number, number];
        assert.equal(done + refused, calls);
        assert.ok(done > calls / 10 && refused > calls / 10, text);
      });
    }
  });
}
