/**
 * Our server in a driver domain: a real guest whose kernel serves a disk and a network to another guest. An editor
 * of dom0 is joined to it through a vchan: `xenscope editor` and `xenscope vchan listen` in that domain.
 */
import assert from 'node:assert/strict';
import { reportHost } from '../../../../native/hostReport';
import { openNativeHost } from '../../../../native/host';
import type { NativeHost } from '../../../../native/host';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import { portState } from '../../../../native/portState';
import { XenControl } from '../../../../native/xenControl';
import { systemClock, systemRandom } from '../../../../server/cli/systemClock';
import type { HostProgram } from '../../../../server/host/program';
import type { RingRow } from '../../../../server/rpc/api';
import { openSocketHost } from '../../../../server/store/client/socketHost';
import { connectVchan } from '../../../../server/vchan/connect';
import type { Vchan } from '../../../../server/vchan/vchan';
import { XenbusState } from '../../../../server/wire/xenbusState';
import { previewReconnect } from '../../../../server/act/reconnect';
import { localXen } from '../../../../server/cli/localXen';
import { eventually, output, run, storeSocket } from '../../support/dom0';
import { DriverDomain, driverAddress } from '../../support/driverDomain';
import { JoinedEditor, machine } from '../../support/editor';
import type { Guest } from '../../support/guest';
import { bringToGuests } from '../../support/guestDisk';
import { vchanStream } from '../../support/vchanStream';

const ringsIntervalMs = 250;
const offered = 'data/vchan/editor';

if (process.argv[2] === 'look') {
  void lookAround(Number(process.argv[3])).then((seen) => console.log(JSON.stringify(seen)));
} else describe('a driver domain', describeDomain);

/** This very file as a program of the driver domain. */
async function lookAround(domid: number) {
  const host = await localXen({ log: () => undefined }).open();
  const store = host.openStore();
  const ring = { kind: 'xenstore', domid, directions: [] } as const;
  const preview = await previewReconnect({ host, store, ring, nameDomain: (one) => `domain ${one}` });
  const lives = host.lives!();
  // A port that is there for certain: that of its console.
  const port = Number(await store.read(`console/port`));
  const control = new XenControl(new XenLibraries());
  const { findings } = await reportHost(new XenLibraries(), storeSocket);
  const missing = findings.filter(({ switchesOff }) => switchesOff !== undefined);
  const seen = {
    preview,
    lives,
    hasControl: control.get() !== undefined,
    port: portState(control, port),
    missing: missing.map(({ name, detail }) => [name, detail]),
  };
  control.close();
  await host.close();
  return seen;
}

function describeDomain(): void {
  let driver: DriverDomain;
  let served: Guest;
  let channels: string;
  let host: NativeHost;
  let ours: HostProgram;
  let vchan: Vchan;
  let editor: JoinedEditor;

  before(async () => {
    channels = await output('lsevtchn', '0');
    bringToGuests(__filename, 'driver-domain.cjs');
    driver = await DriverDomain.create('driver');
    served = await driver.createServed('served');
  });
  before('an editor joins its server', async () => {
    const there = `${driver.xenscope('editor --stdio')} < /tmp/asked 2> /tmp/said`;
    const bridge = `${driver.xenscope(`vchan listen 0 ${offered}`)} > /tmp/asked`;
    await driver.guest.type(`mkfifo /tmp/asked; (${there} | ${bridge}) & :`);
    const store = openSocketHost({ path: storeSocket, clock: systemClock, random: systemRandom });
    host = openNativeHost({ store, libraries: new XenLibraries(), log: (line) => assert.fail(line) });
    ours = host.openProgram!();
    const serverDomid = driver.guest.domid;
    vchan = await connectVchan(ours, { serverDomid, path: `${driver.guest.path}/${offered}`, waits: true });
    const stream = vchanStream(vchan);
    editor = await JoinedEditor.over(stream, stream);
  });
  after(async () => {
    editor?.leave();
    await vchan?.close();
    await ours?.close();
    await host?.close();
    // Gone already, unless something failed.
    if (served) await run('xl', ['destroy', served.name]);
    await driver?.guest.destroy();
    assert.equal(await output('lsevtchn', '0'), channels);
  });

  const ask: JoinedEditor['ask'] = (name, params) => editor.ask(name, params);

  const rowsAt = async (path: string) =>
    (await ask('xenscope/children', { host: machine, path, offset: 0, limit: 100 })).rows;
  const namesAt = async (path: string) => (await rowsAt(path)).map(({ name }) => name);

  it('serves a disk and a network to another guest', async () => {
    const sum = (await output('sha256sum', '/boot/guest.cpio')).split(' ')[0];
    assert.equal(await served.type('sha256sum < /disk/boot/guest.cpio'), `${sum}  -`);
    // The first may be lost while nobody knows yet who has that address.
    await served.type(`until ping -c 1 ${driverAddress}; do :; done`);
  });

  it('has its store over its own /dev/xen/xenbus, and says what it may not see', async () => {
    const others = new RegExp(`does not let this domain \\(${driver.guest.domid}\\) list the others`);
    const said = await eventually(async () => {
      const soFar = await driver.guest.type('cat /tmp/said');
      return others.test(soFar) && soFar;
    });
    assert.match(said, /through the kernel's device \/dev\/xen\/xenbus, for no xenstored listens here/);
  });

  it('shows of the tree what this domain may see, and what may not be read as such', async () => {
    assert.deepEqual(await namesAt('/'), ['local', 'vm']);
    const [domain] = await rowsAt('/local');
    assert.deepEqual([domain!.unreadable, domain!.hasChildren], ['permission denied', true]);
    const domids = ['0', String(driver.guest.domid), String(served.domid)];
    assert.deepEqual(await namesAt('/local/domain'), domids);
    assert.deepEqual(await namesAt(served.path), ['device']);
    assert.deepEqual(await namesAt(`${served.path}/device`), ['vbd', 'vif']);
    const state = (await rowsAt(`${served.path}/device/vbd/51712`)).find(({ name }) => name === 'state');
    assert.deepEqual([state!.preview, state!.meaning], ['4', { kind: 'state', text: 'Connected' }]);
    await assert.rejects(rowsAt('/tool'), { message: /Cannot list \/tool: permission denied \(EACCES\)/ });
  });

  it('knows itself by its name, and those at the other ends by their numbers', async () => {
    assert.deepEqual(await ask('xenscope/domains', { host: machine }), [
      { domid: 0 },
      { domid: driver.guest.domid, name: 'driver' },
      { domid: served.domid },
    ]);
  });

  it('writes where it may, and is told where it may not', async () => {
    const write = (path: string) =>
      ask('xenscope/act', {
        host: machine,
        act: { kind: 'write', path, value: Buffer.from('ours').toString('base64'), create: true },
        confirmed: true,
      });
    await write(`${driver.guest.path}/data/written`);
    assert.equal(await output('xenstore-read', `${driver.guest.path}/data/written`), 'ours\n');
    // What is there before is asked for first, and C xenstored denies that already.
    const message = /^(The store does not let us write|Cannot read) \/tool\/written/;
    await assert.rejects(write('/tool/written'), { message });
  });

  it('shows both ends of the devices that it serves, and of its own', async () => {
    await ask('xenscope/devices', { host: machine });
    const devices = await eventually(async () => {
      const rows = await ask('xenscope/deviceList', { host: machine });
      return rows.length >= 3 && rows;
    });
    const { Connected } = XenbusState;
    const seen = devices.map(({ kind, frontend, backend }) => [
      `${kind} ${frontend.domid} ${backend.domid}`,
      frontend.state,
      backend.state,
    ]);
    assert.deepEqual(
      seen.sort(),
      [
        [`vbd ${driver.guest.domid} 0`, Connected, Connected],
        [`vbd ${served.domid} ${driver.guest.domid}`, Connected, Connected],
        [`vif ${served.domid} ${driver.guest.domid}`, Connected, Connected],
      ].sort(),
    );
  });

  const rings = () => ask('xenscope/ringList', { host: machine });
  const ring = (id: string) =>
    eventually(async () => (await rings()).find((row) => row.id === `device:${served.domid}:${id}`));

  it('sees the rings of those that it serves, and no others', async () => {
    await ask('xenscope/rings', { host: machine, intervalMs: ringsIntervalMs });
    for (const id of ['vbd/51712', 'vif/0/tx', 'vif/0/rx']) {
      const { device } = await ring(id);
      assert.equal(device!.backendDomid, driver.guest.domid);
    }
    assert.equal((await rings()).length, 3);
    const maps = await driver.guest.type('grep -h gntdev /proc/[0-9]*/maps');
    for (const line of maps.split('\n')) assert.match(line, / r--s /, 'for reading only');
  });

  it('counts what passes on them', async () => {
    const disk = (await ring('vbd/51712')).slots!.reqProd;
    const [sent, heard] = [(await ring('vif/0/tx')).slots!, (await ring('vif/0/rx')).slots!];
    await served.type(
      'echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/xvda of=/dev/null bs=4096 skip=20000 count=64 2> /dev/null',
    );
    await served.type(`ping -c 3 ${driverAddress}`);
    const settled = async (id: string, isMoved: (slots: NonNullable<RingRow['slots']>) => boolean) =>
      eventually(async () => isMoved((await ring(id)).slots!));
    await settled('vbd/51712', ({ reqProd, inFlight }) => reqProd > disk && inFlight === 0);
    await settled('vif/0/tx', ({ rspProd }) => rspProd >= sent.rspProd + 3);
    await settled('vif/0/rx', ({ rspProd }) => rspProd >= heard.rspProd + 3);
  });

  it('is not domain 0, and is told so: no reconnect, no word of the hypervisor', async () => {
    const program = await driver.run('driver-domain.cjs', `look ${served.domid}`);
    const { preview, lives, hasControl, port, missing } = JSON.parse(program) as Awaited<
      ReturnType<typeof lookAround>
    >;
    assert.deepEqual([preview.verdict, preview.method], ['refuse', 'Not from this domain']);
    assert.match(preview.text, /^Only domain 0 may introduce a domain, and this server runs in another one/);
    // libxenctrl can be opened, and Linux passes none of its questions on.
    assert.deepEqual([hasControl, lives, port], [true, undefined, undefined]);
    assert.match(await driver.guest.type('dmesg'), /privcmd: .*blocking all hypercalls/);
    assert.deepEqual(missing, [
      ['/proc/xen', 'This is not the control domain.'],
      [storeSocket, 'ENOENT. No xenstored listens there.'],
    ]);
  });

  it('reads its store on the command line', async () => {
    const listed = await driver.guest.type(driver.xenscope('ls backend/vbd'));
    assert.match(listed, new RegExp(`^${served.domid} = `, 'm'));
  });

  it('lets go of a guest that is destroyed while its rings are looked at', async () => {
    await driver.destroyServed(served);
    await eventually(async () => (await namesAt('/local/domain')).length === 2);
    assert.doesNotMatch(await driver.guest.type('dmesg'), /BUG|Oops/);
  });
}
