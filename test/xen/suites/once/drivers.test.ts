/** Our drivers of devices in dom0 against those of Linux: a real guest's blkfront, and blkback of dom0. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { openNativeHost } from '../../../../native/host';
import type { NativeHost } from '../../../../native/host';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import { systemClock, systemRandom } from '../../../../server/cli/systemClock';
import type { HostProgram } from '../../../../server/host/program';
import { openSocketHost } from '../../../../server/store/client/socketHost';
import { XenbusState } from '../../../../server/wire/xenbusState';
import { runBackends, runFrontends } from '../../../../server/xenbus/bus';
import { xenbusPorts } from '../../../../server/xenbus/ports';
import type { XenbusPorts } from '../../../../server/xenbus/ports';
import { eventually, output, run, storeSocket } from '../../support/dom0';
import { diskReader } from '../../support/diskReader';
import type { DiskReader } from '../../support/diskReader';
import { Guest } from '../../support/guest';
import { guestDisk } from '../../support/guestDisk';
import { memoryDisk } from '../../support/memoryDisk';

const pageBytes = 4096;
const { Closed } = XenbusState;

describe('our drivers of devices and those of Linux', () => {
  let host: NativeHost;
  let ours: HostProgram;
  let ports: XenbusPorts;
  let ending: AbortController;
  let guest: Guest;
  let channels: string;
  const lines: string[] = [];

  before(async () => {
    guest = await Guest.shared();
  });
  beforeEach(async () => {
    channels = await output('lsevtchn', '0');
    lines.length = 0;
    const store = openSocketHost({ path: storeSocket, clock: systemClock, random: systemRandom });
    host = openNativeHost({ store, libraries: new XenLibraries(), log: (line) => assert.fail(line) });
    ours = host.openProgram!();
    ending = new AbortController();
    ports = xenbusPorts({
      ...ours,
      domid: 0,
      clock: systemClock,
      signal: ending.signal,
      log: (line) => lines.push(line),
    });
  });
  afterEach(async () => {
    ending.abort();
    await ours.close();
    await host.close();
  });

  const stateOf = async (path: string) => Number(await output('xenstore-read', `${path}/state`));
  const mappings = () => readFileSync('/proc/self/maps', 'utf8').match(/\/dev\/xen\/gnt/g)?.length ?? 0;
  const isGone = async (path: string) => (await run('xenstore-exists', [path])).status === 1;

  it('serve a disk to a real guest, which reads and writes it, and give its pages back', async () => {
    // That of dom0 looks at `vbd` alone: this one is ours.
    const back = `/local/domain/0/backend/qdisk/${guest.domid}/51744`;
    const front = `${guest.path}/device/vbd/51744`;
    const disk = randomBytes(256 * pageBytes);
    const running = runBackends(ports, `backend/qdisk/${guest.domid}`, { qdisk: memoryDisk(disk) });
    await guest.type('insmod /disk-modules/xen-blkfront.ko');
    await ours.store.transaction(async (store) => {
      const write = async (
        folder: string,
        owner: number,
        reader: number,
        nodes: Record<string, string | number>,
      ) => {
        await store.mkdir(folder);
        await store.setPerms(folder, [
          { domid: owner, read: false, write: false },
          { domid: reader, read: true, write: false },
        ]);
        for (const [name, value] of Object.entries(nodes))
          await store.write(`${folder}/${name}`, String(value));
      };
      await write(back, 0, guest.domid, {
        frontend: front,
        'frontend-id': guest.domid,
        online: 1,
        mode: 'w',
        state: 1,
      });
      await write(front, guest.domid, 0, {
        backend: back,
        'backend-id': 0,
        'virtual-device': 51744,
        'device-type': 'disk',
        state: 1,
      });
    });
    const count = 64;
    const hash = (bytes: Buffer) => `${createHash('sha256').update(bytes).digest('hex')}  -`;
    const found = await guest.type(
      `until dd if=/dev/xvdc of=/dev/null bs=${pageBytes} count=1 2> /dev/null; do usleep 50000; done; dd if=/dev/xvdc bs=${pageBytes} count=${count} 2> /dev/null | sha256sum`,
    );
    assert.equal(found, hash(disk.subarray(0, count * pageBytes)));
    const written = Buffer.alloc(pageBytes, 'written by a guest\n');
    await guest.type(
      `yes 'written by a guest' | head -c ${pageBytes} > /tmp/page; dd if=/tmp/page of=/dev/xvdc bs=${pageBytes} seek=100 conv=fsync 2> /dev/null`,
    );
    assert.deepEqual(disk.subarray(100 * pageBytes, 101 * pageBytes), written);

    // As the toolstack takes a disk away.
    await output('xenstore-write', `${back}/online`, '0', `${back}/state`, '5');
    await eventually(async () => (await stateOf(front)) === Closed && (await stateOf(back)) === Closed);
    assert.equal(mappings(), 0);
    await output('xenstore-rm', back, front);
    assert.equal(await guest.type('while [ -b /dev/xvdc ]; do usleep 50000; done; echo gone'), 'gone');
    // The kernel says so when a page cannot be taken back because somebody still maps it.
    assert.doesNotMatch(await guest.type('dmesg'), /g\.e\. .*still in use|deferring g\.e\./);
    ending.abort();
    await running.catch(() => undefined);
    assert.deepEqual(lines, []);
    assert.equal(await output('lsevtchn', '0'), channels);
  });

  it('read a disk that Linux serves, and close with it when the toolstack takes it away', async () => {
    let disk: DiskReader | undefined;
    const running = runFrontends(ports, { vbd: diskReader((changed) => (disk = changed)) });
    await output('xl', 'block-attach', '0', guestDisk('xvdz'));
    const reader = await eventually(() => disk);
    // Files that never change: what dom0 has in its cache is what is on the disk.
    const pages = Array.from({ length: 1_000 }, (_, index) => index + 30_000);
    const filled = pages.filter((page) => diskOfDom0(page).some((byte) => byte !== 0)).slice(0, 3);
    assert.equal(filled.length, 3);
    for (const page of filled) assert.deepEqual(await reader.read(page), diskOfDom0(page));
    await output('xl', 'block-detach', '0', 'xvdz');
    await eventually(() => disk === undefined);
    await eventually(() => isGone('/local/domain/0/device/vbd'));
    ending.abort();
    await running.catch(() => undefined);
    assert.deepEqual(lines, []);
    assert.equal(mappings(), 0);
    assert.equal(await output('lsevtchn', '0'), channels);
  });
});

function diskOfDom0(page: number): Buffer {
  const bytes = Buffer.alloc(pageBytes);
  const file = openSync('/dev/vda', 'r');
  readSync(file, bytes, 0, pageBytes, page * pageBytes);
  closeSync(file);
  return bytes;
}
