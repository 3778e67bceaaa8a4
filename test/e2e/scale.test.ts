/** Much at once: a node with 10 000 children, and 2 000 writes a second from outside. */
import assert from 'node:assert/strict';
import type { StoreClient } from '../../server/host/storeClient';
import { systemClock } from '../../server/cli/systemClock';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { eventually, stepTimeoutMs, testTimeoutMs } from './eventually';
import { useEditor } from './host';
import { Xenscope } from './xenscope';

const childCount = 10_000;
/** What else is in the store, so that it holds 100 000 nodes in all. */
const otherDirectories = 90;
const nodesPerDirectory = 1_000;
const writesPerSecond = 2_000;
const burstEveryMs = 50;

describe('much at once in VS Code', function () {
  this.timeout(testTimeoutMs);
  const editor = useEditor({ settings: { 'xenscope.simulator.pace': 0 } });
  let xenscope: Xenscope;
  let client: StoreClient;

  before(async () => {
    xenscope = new Xenscope(editor());
    await xenscope.open();
    client = openStoreClient({ dial: dialSocket(await xenscope.socketPath()), clock: systemClock });
  });

  after(() => client?.close());

  const writeMany = async (directory: string, count: number) => {
    const inFlight = 500;
    for (let first = 0; first < count; first += inFlight) {
      const some = Array.from({ length: inFlight }, (_, index) => `${directory}/child-${first + index}`);
      await Promise.all(some.map((path) => client.write(path, 'x')));
    }
  };

  it('opens a node of 10 000 children a page at a time, in a store of 100 000 nodes', async () => {
    for (let directory = 0; directory < otherDirectories; directory++) {
      await writeMany(`/crowd/${directory}`, nodesPerDirectory);
    }
    await writeMany('/many', childCount);
    const row = xenscope.store.row('many', 1);
    await row.waitFor();
    const begin = Date.now();
    await row.locator('.monaco-tl-twistie').click();
    await xenscope.store.row('child-0', 2).waitFor();
    console.log(`· the first of ${childCount} children was on screen after ${Date.now() - begin} ms`);
    await xenscope.store.row('child-5', 2).click();
    await xenscope.page.keyboard.press('End');
    await xenscope.store.pane.getByText(/Show .* more/).waitFor();
    await xenscope.page.keyboard.press('Home');
    await xenscope.store.row('many', 1).waitFor();
  });

  it('stays usable while 2 000 writes a second come from outside', async () => {
    let written = 0;
    let stopped = false;
    const flood = (async () => {
      while (!stopped) {
        const burst = (writesPerSecond * burstEveryMs) / 1000;
        const pause = new Promise((resolve) => setTimeout(resolve, burstEveryMs));
        const writes = Array.from({ length: burst }, () => {
          const path = `/many/child-${written++ % 200}`;
          return client.write(path, String(written));
        });
        await Promise.all([...writes, pause]);
      }
    })();
    const begin = Date.now();
    try {
      // What a person does meanwhile: look elsewhere, find, come back.
      const values = xenscope.description(xenscope.store.row('child-3', 2));
      await values.filter({ hasText: /^\d{3,}$/ }).waitFor();
      for (let round = 0; round < 3; round++) {
        const asked = Date.now();
        await eventually('the node is found', async () => {
          await xenscope.workbench.ask('Xenscope: Find by Path or Value…', 'local/domain/0/name');
          await xenscope.workbench.quickPick('/local/domain/0/name').waitFor({ timeout: stepTimeoutMs });
          return true;
        });
        await xenscope.page.keyboard.press('Escape');
        console.log(`· find answered after ${Date.now() - asked} ms under ${writesPerSecond} writes/s`);
      }
    } finally {
      stopped = true;
      await flood;
    }
    const seconds = (Date.now() - begin) / 1000;
    console.log(`· ${Math.round(written / seconds)} writes/s for ${seconds.toFixed(1)} s`);
    await client.write('/many/child-3', 'the end');
    await xenscope.description(xenscope.store.row('child-3', 2)).filter({ hasText: 'the end' }).waitFor();
    assert.deepEqual(editor().browser.pageErrors, []);
  });
});
