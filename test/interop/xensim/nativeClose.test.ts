/** The end of a native host, and of ends of libxenvchan that were never handed out: nothing of either stays. */
import assert from 'node:assert/strict';
import { openNativeHost } from '../../../native/host';
import type { Bound } from '../../../native/libraries/cTypes';
import type { LibraryKey, libraryTables } from '../../../native/libraries/xenLibraries';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import { XenscopeError } from '../../../server/host/errors';
import { dialSocket } from '../../../server/store/client/socketDial';
import { openStoreHost } from '../../../server/store/client/socketHost';
import { isCode } from '../../vchan/rig';
import { describeWithDaemons } from '../daemons/requirements';
import { NativeEnds } from './nativeEnds';

type VchanCalls = Bound<typeof libraryTables.vchan>;

describeWithDaemons('a native host that is closed', function () {
  this.timeout(60_000);
  let ends: NativeEnds;
  beforeEach(async () => (ends = await NativeEnds.open('ours', 'theirs')));
  afterEach(() => ends.close());

  const server = (name: string) => ({
    clientDomid: ends.theirs,
    path: ends.paths('ours', name).server,
    leftBytes: 4096,
    rightBytes: 4096,
    persistent: false,
  });

  /** The libraries of the simulated host, with some calls of libxenvchan ours. */
  function withCalls(ours: (real: VchanCalls) => Partial<VchanCalls>): XenLibraries {
    class Some extends XenLibraries {
      override functions<K extends LibraryKey>(key: K): Bound<(typeof libraryTables)[K]> {
        const real = super.functions(key);
        return key === 'vchan' ? { ...real, ...ours(real as unknown as VchanCalls) } : real;
      }
    }
    return new Some({ folders: [ends.joined.folder], env: {} });
  }

  /** Calls of libxenvchan_close go through `begin`. */
  function closing(real: VchanCalls, begin: (goOn: () => void) => void): Partial<VchanCalls> {
    const { async } = real.libxenvchan_close;
    const held: typeof async = (pointer, told) => begin(() => async(pointer, told));
    return { libxenvchan_close: Object.assign(real.libxenvchan_close.bind(null), { async: held }) };
  }

  it('gives all back at once and ends, also while libxenvchan waits for a xenstore that hangs', async () => {
    let answer: () => void = () => assert.fail('libxenvchan_close was not called');
    const libraries = withCalls((real) => closing(real, (goOn) => (answer = goOn)));
    const program = ends.openProgram(libraries);
    await program.vchanLibrary!().serve(server('hangs'));
    const share = program.grants.share(ends.theirs, 1, { writable: true });
    const ended = ends.endPrograms();
    assert.ok(share.memory.dead !== undefined);
    await ended;
    // The xenstore answers after all: the end that was left behind goes as well.
    const store = ends.openProgram().store;
    const node = `${ends.paths('ours', 'hangs').client}/ring-ref`;
    await store.read(node);
    const watch = await store.watch(node);
    answer();
    const changes = watch[Symbol.asyncIterator]();
    while (!(await isAbsent(store.read(node)))) await changes.next();
    await watch.close();
  });

  it('gives all back where the connection of its observer does not end well, and says what failed', async () => {
    const { joined, ours, theirs } = ends;
    joined.become(ours);
    const real = openStoreHost({
      dial: dialSocket(joined.storeSocketPath(ours)),
      clock: systemClock,
      random: systemRandom,
    });
    const store = {
      ...real,
      openStore: () => {
        const client = real.openStore();
        const close = client.close.bind(client);
        client.close = async () => {
          await close();
          throw new XenscopeError('gone', 'It broke.');
        };
        return client;
      },
    };
    const host = openNativeHost({ store, libraries: joined.libraries });
    host.observer!();
    const share = host.grants().share(theirs, 1, { writable: true });
    await assert.rejects(host.close(), isCode('gone', /^It broke\.$/));
    assert.ok(share.memory.dead !== undefined);
    await host.close();
  });

  it('leaves nothing of an end that libxenvchan opened and we could not take', async () => {
    const libraries = withCalls(() => ({
      libxenvchan_fd_for_select: Object.assign(
        () => {
          throw new XenscopeError('limit', 'There is no room.');
        },
        { async: () => undefined },
      ),
    }));
    const program = ends.openProgram(libraries);
    const serving = program.vchanLibrary!().serve(server('untaken'));
    await assert.rejects(serving, isCode('limit', /^There is no room\.$/));
    assert.ok(await isAbsent(program.store.read(`${ends.paths('ours', 'untaken').client}/ring-ref`)));
  });

  it('leaves nothing of an end that was opened while it closed', async () => {
    const program = ends.openProgram();
    const refused = assert.rejects(
      program.vchanLibrary!().serve(server('late')),
      isCode('gone', /The host of this vchan was closed/),
    );
    await ends.endPrograms();
    await refused;
    const node = `${ends.paths('ours', 'late').client}/ring-ref`;
    assert.ok(await isAbsent(ends.openProgram().store.read(node)));
  });
});

async function isAbsent(reading: Promise<unknown>): Promise<boolean> {
  try {
    await reading;
    return false;
  } catch (error) {
    if (error instanceof XenscopeError && error.storeError === 'ENOENT') return true;
    throw error;
  }
}
