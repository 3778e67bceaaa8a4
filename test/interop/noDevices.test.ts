/** Debian's libraries where the kernel has no devices of Xen: what each wrapper says then, and what to do. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { openEventChannels } from '../../native/eventChannels';
import { ForeignMemory } from '../../native/foreignMemory';
import { NativeGrants } from '../../native/grants';
import { openNativeHost } from '../../native/host';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { systemClock, systemRandom } from '../../server/cli/systemClock';
import { XenscopeError } from '../../server/host/errors';
import { openSocketHost } from '../../server/store/client/socketHost';
import { describeWithDaemons } from './daemons/requirements';

const libraries = new XenLibraries();
const grants = () => new NativeGrants({ libraries, events: { has: () => false } });

const ways: readonly (readonly [device: string, what: string, open: () => void])[] = [
  ['evtchn', 'event channels', () => openEventChannels(libraries)],
  ['gntdev', 'pages of others', () => grants().mustMap()],
  ['gntalloc', 'pages for others', () => grants().mustShare()],
  ['privcmd', 'frames of others', () => new ForeignMemory(libraries).mustMap()],
  ['privcmd', 'parameters of others', () => new ForeignMemory(libraries).hvmParam(1, 1)],
];

// Where a device is there, it is opened: test/xen looks at that.
const absent = ways.filter(([device]) => !existsSync(`/dev/xen/${device}`));

describeWithDaemons("Debian's libraries without the devices of Xen", () => {
  for (const [device, what, open] of absent) {
    it(`have no ${what}: the error names ${device}, why, and what to do`, () => {
      assert.throws(open, (error) => {
        assert.ok(error instanceof XenscopeError, String(error));
        assert.equal(error.code, 'unsupported');
        assert.match(error.message, new RegExp(`^/dev/xen/${device}: ENOENT\\. There is no such device`));
        assert.equal(error.wayOut, `On a Xen host load it with: modprobe xen-${device}`);
        assert.deepEqual(error.cause, { errno: 2, name: 'ENOENT' });
        return true;
      });
    });
  }

  if (absent.length < ways.length) return;

  it('let a host be opened, which says why it shows no rings', async () => {
    const log: string[] = [];
    const nowhere = path.join(__dirname, 'no-such-socket');
    const host = openNativeHost({
      store: openSocketHost({ path: nowhere, clock: systemClock, random: systemRandom }),
      libraries,
      log: (line) => log.push(line),
    });
    assert.equal(host.observer, undefined);
    assert.match(
      host.whyNoRings!,
      /^The rings of guests cannot be seen\. \/dev\/xen\/gntdev: ENOENT\. .*modprobe xen-gntdev$/,
    );
    assert.match(log[0]!, /^Pages cannot be mapped by their frames either\. \/dev\/xen\/privcmd: ENOENT\./);
    assert.deepEqual(log.slice(1), [host.whyNoRings]);
    await host.close();
  });
});
