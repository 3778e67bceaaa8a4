/** The client through Debian's libxenstore: the same suite as over sockets, so that the ways compare. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { dialLibrary } from '../../native/store/libraryDial';
import { whenReadable } from '../../native/descriptors';
import { systemClock } from '../../server/cli/systemClock';
import { XenscopeError } from '../../server/host/errors';
import { defineClientSuite } from './clientSuite';
import type { StoreUnderTest, SuiteOptions } from './clientSuite';
import { describeWithDaemons } from './daemons/requirements';
import { startDaemon } from './daemons/startDaemon';
import { startOurs } from './ours';

/** The library finds the daemon by its own rules, of which the first is this variable. */
async function through(
  start: () => Promise<Omit<StoreUnderTest, 'dial'> & { readonly socketPath: string }>,
): Promise<StoreUnderTest> {
  const server = await start();
  const before = process.env['XENSTORED_PATH'];
  process.env['XENSTORED_PATH'] = server.socketPath;
  return {
    kill: () => server.kill(),
    start: () => server.start(),
    dial: dialLibrary(new XenLibraries(), whenReadable, systemClock),
    stop: async () => {
      if (before === undefined) delete process.env['XENSTORED_PATH'];
      else process.env['XENSTORED_PATH'] = before;
      await server.stop();
    },
  };
}

/** What differs from a socket, and all that may. */
const differs: SuiteOptions = { resetWatches: 'ENOSYS', eventsKeepOrder: false };

describeWithDaemons('the client through libxenstore', () => {
  describe('and our server', () => defineClientSuite(() => through(startOurs), differs));

  it('holds nothing of the library when it cannot be waited for', async () => {
    const server = await through(startOurs);
    const libraries = new XenLibraries();
    const refused = new XenscopeError('unsupported', 'It cannot be waited for.');
    const dial = dialLibrary(
      libraries,
      () => {
        throw refused;
      },
      systemClock,
    );
    const unused = () => assert.fail('nothing is open');
    const handlers = { onData: unused, onDrain: unused, onClose: unused };
    // What is loaded and opened once stays.
    await assert.rejects(dial(handlers), refused);
    const threads = () => readdirSync('/proc/self/task').length;
    const before = threads();
    for (let times = 0; times < 4; times++) await assert.rejects(dial(handlers), refused);
    // A thread that was joined may be listed for a moment longer.
    while (threads() > before) await new Promise((resolve) => setImmediate(resolve));
    await server.stop();
  });

  describe("and Debian's xenstored", () =>
    defineClientSuite(() => through(() => startDaemon('xenstored')), differs));
  describe("and Debian's oxenstored", () =>
    defineClientSuite(() => through(() => startDaemon('oxenstored')), {
      ...differs,
      longLists: 'cost the connection',
      longestValueBytes: 2048,
    }));
});
