/**
 * The stream over a device file. A named pipe that is open in both directions gives back what is
 * written to it, so here every request is answered by its own words; the real device is tried under
 * a real Xen.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { whenReadable } from '../../../native/descriptors';
import { systemClock } from '../../../server/cli/systemClock';
import { XenscopeError } from '../../../server/host/errors';
import type { StoreClient } from '../../../server/host/storeClient';
import { dialDevice } from '../../../server/store/client/deviceDial';
import { openStoreClient } from '../../../server/store/client/storeClient';

if (process.platform === 'linux') {
  describe('the stream over a device', () => {
    let folder: string;
    let file: string;
    let store: StoreClient;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
      file = path.join(folder, 'echo');
      execFileSync('mkfifo', ['-m', '600', file]);
      store = openStoreClient({
        dial: dialDevice(file, whenReadable),
        clock: systemClock,
        reconnect: false,
      });
    });
    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('carries each request and its answer, also when thousands are asked at once', async () => {
      const paths = Array.from({ length: 2000 }, (_, index) => `/echo/${index}`);
      const answers = await Promise.all(paths.map((one) => store.read(one)));
      assert.deepEqual(
        answers.map((answer) => String(answer)),
        paths.map((one) => `${one}\0`),
      );
    });

    it('carries messages as long as the kernel takes them, and refuses longer ones', async () => {
      await store.write('/a', Buffer.alloc(4096 - 16 - 3, 'x'));
      await assert.rejects(store.write('/a', Buffer.alloc(4096 - 16 - 2, 'x')), { storeError: 'E2BIG' });
      assert.equal(String(await store.read('/still')), '/still\0');
    });

    it('leaves no file open', async () => {
      await store.read('/a');
      assert.equal(openFiles(file), 1);
      await store.close();
      while (openFiles(file) > 0) await new Promise((resolve) => setImmediate(resolve));
    });

    it('says what is wrong with a device that cannot be opened', async () => {
      const missing = dialDevice(path.join(folder, 'missing'), whenReadable);
      const unused = () => assert.fail('nothing is open');
      const handlers = { onData: unused, onDrain: unused, onClose: unused };
      await assert.rejects(missing(handlers), {
        code: 'away',
        message: `There is no xenstore device ${path.join(folder, 'missing')}.`,
      });
    });

    it('leaves no file open that cannot be waited for', async () => {
      const other = path.join(folder, 'other');
      execFileSync('mkfifo', ['-m', '600', other]);
      const refused = new XenscopeError('unsupported', 'It cannot be waited for.');
      const dial = dialDevice(other, () => {
        assert.equal(openFiles(other), 1);
        throw refused;
      });
      const unused = () => assert.fail('nothing is open');
      for (let times = 0; times < 3; times++) {
        await assert.rejects(dial({ onData: unused, onDrain: unused, onClose: unused }), refused);
        assert.equal(openFiles(other), 0);
      }
    });

    it('ends when what comes is no xenstore', async () => {
      await store.read('/a');
      const ended = new Promise<void>((resolve) =>
        store.onStateChange(({ kind }) => kind === 'closed' && resolve()),
      );
      writeFileSync(file, Buffer.alloc(16, 0xff), { flag: 'a' });
      await ended;
    });
  });
}

function openFiles(file: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file;
    } catch {
      return false;
    }
  }).length;
}
