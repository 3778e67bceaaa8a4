/** The client through Debian's libxenstore: the same suite as over sockets, so that the ways compare. */
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { dialLibrary } from '../../native/store/libraryDial';
import { whenReadable } from '../../native/descriptors';
import { systemClock } from '../../server/cli/systemClock';
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
  describe("and Debian's xenstored", () =>
    defineClientSuite(() => through(() => startDaemon('xenstored')), differs));
  describe("and Debian's oxenstored", () =>
    defineClientSuite(() => through(() => startDaemon('oxenstored')), {
      ...differs,
      longLists: 'cost the connection',
      longestValueBytes: 2048,
    }));
});
