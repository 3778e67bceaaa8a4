/** The same client by the other two ways: through the kernel's device, and through libxenstore. */
import assert from 'node:assert/strict';
import { whenReadable } from '../../../native/descriptors';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { dialLibrary } from '../../../native/store/libraryDial';
import { openNativeStore, storeWayNames } from '../../../native/store/storeWays';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import type { Dial } from '../../../server/store/byteStream';
import { dialDevice } from '../../../server/store/client/deviceDial';
import { defineClientSuite } from '../../interop/clientSuite';
import type { SuiteOptions } from '../../interop/clientSuite';
import { daemon, storeSocket, tidyStore } from '../support/dom0';

const isOxenstored = daemon === 'oxenstored';
/** The machine's own daemon lives as long as the machine. */
const asItIs = async () => undefined;
const over = (dial: Dial) => async () => ({ dial, kill: asItIs, start: asItIs, stop: tidyStore });

/** What differs from the socket, and all that may. */
const differs: SuiteOptions = {
  // A list of more than 4096 bytes; one request after the other, each a way through an emulated kernel.
  directorySizes: [110],
  nameBytes: 60,
  requestsAtOnce: 100,
  isUnderXen: true,
  eventsKeepOrder: false,
};

describe('our client and the xenstored of dom0, through /dev/xen/xenbus', () =>
  defineClientSuite(over(dialDevice('/dev/xen/xenbus', whenReadable)), {
    ...differs,
    // The kernel's buffer holds 4096 bytes: a header of 16, the path of the case and its NUL, the value.
    longestValueBytes: isOxenstored ? 2048 : 4096 - 16 - '/nodes/long\0'.length,
    resetWatches: 'EPERM',
    longLists: isOxenstored ? 'E2BIG' : 'work',
  }));

describe('our client and the xenstored of dom0, through libxenstore', () =>
  defineClientSuite(over(dialLibrary(new XenLibraries(), whenReadable, systemClock)), {
    ...differs,
    longestValueBytes: isOxenstored ? 2048 : 4096,
    resetWatches: 'ENOSYS',
    longLists: isOxenstored ? 'cost the connection' : 'work',
  }));

describe('the way to the store of dom0', () => {
  const ports = { clock: systemClock, random: systemRandom };

  it('is the socket by itself, and any other when it is named', async () => {
    for (const way of ['auto', ...storeWayNames] as const) {
      const opened = await openNativeStore({ ...ports, way, socketPaths: [storeSocket] });
      assert.equal(opened.way, way === 'auto' ? 'socket' : way);
      assert.equal(String(await opened.store.read('/local/domain/0/name')), 'Domain-0');
      await opened.store.close();
    }
  });

  it('is the device where no xenstored listens, and that is said', async () => {
    const opened = await openNativeStore({ ...ports, way: 'auto', socketPaths: ['/nowhere'] });
    assert.equal(
      opened.text,
      "The store is reached through the kernel's device /dev/xen/xenbus, for no xenstored listens here.",
    );
    assert.equal(String(await opened.store.read('/local/domain/0/name')), 'Domain-0');
    await opened.store.close();
  });
});
