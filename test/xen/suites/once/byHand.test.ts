/** Acts by hand on a real disk: what the drivers of Linux, in a guest and in dom0, make of each. */
import assert from 'node:assert/strict';
import type { DeviceAct, DeviceRow } from '../../../../server/rpc/api';
import { XenbusState } from '../../../../server/wire/xenbusState';
import { eventually, output, run } from '../../support/dom0';
import { machine as host, openEditor } from '../../support/editor';
import { Guest } from '../../support/guest';
import { guestDisk } from '../../support/guestDisk';

const { Initialising, InitWait, Connected, Closed } = XenbusState;

describe('acts by hand on a disk of a real guest', () => {
  let guest: Guest;
  let editor: Awaited<ReturnType<typeof openEditor>>;
  let id: string;

  before(async () => {
    guest = await Guest.shared();
    await guest.type('lsmod | grep -q xen_blkfront || insmod /disk-modules/xen-blkfront.ko');
    await output('xl', 'block-attach', guest.name, guestDisk('xvdb'));
    editor = await openEditor();
    await editor.ask('xenscope/devices', { host });
    id = `${guest.path}/device/vbd/51728`;
    await states([Connected, Connected]);
  });
  after(async () => {
    await editor?.end();
    // What the toolstack itself remembers of it.
    await run('xenstore-rm', [`/libxl/${guest.domid}/device/vbd/51728`]);
  });

  const device = async (): Promise<DeviceRow | undefined> =>
    (await editor.ask('xenscope/deviceList', { host })).find((row) => row.id === id);
  const states = (wanted: readonly number[]) =>
    eventually(async () => {
      const row = await device();
      return row && row.frontend.state === wanted[0] && row.backend.state === wanted[1];
    });
  const edit = (act: DeviceAct) => ({ kind: 'device', path: id, act }) as const;
  const perform = (act: DeviceAct) => editor.ask('xenscope/act', { host, act: edit(act), confirmed: true });
  const readable = () => guest.type('head -c 4096 /dev/xvdb 2> /dev/null | wc -c');

  it('take it offline: both drivers close, and the guest reads nothing of it any more', async () => {
    assert.equal(await readable(), '4096');
    const { text } = await perform({ kind: 'offline' });
    assert.match(text, /^Took vbd 51728 of shared .* offline\.$/);
    await states([Closed, Closed]);
    assert.equal(await readable(), '0');
  });

  it('bring it online: the backend of Linux begins anew, and its frontend looks at no state that others write', async () => {
    await perform({ kind: 'online' });
    await states([Initialising, InitWait]);
    const { verdict, text } = await editor.ask('xenscope/preview', { host, act: edit({ kind: 'cleanUp' }) });
    assert.deepEqual(
      [verdict, text],
      ['refuse', 'vbd 51728 is in use, or may be: nothing of it is left over.'],
    );
  });

  it('close it by force, and remove what is left of it', async () => {
    await perform({ kind: 'forceClose' });
    await states([Closed, Closed]);
    // As long as it is online it may begin anew.
    await perform({ kind: 'offline' });
    await states([Closed, Closed]);
    await perform({ kind: 'cleanUp' });
    await eventually(async () => (await device()) === undefined);
    assert.equal((await run('xenstore-exists', [id])).status, 1);
    // Its driver hears of it, and lets the disk go.
    await guest.type('while [ -e /sys/bus/xen/devices/vbd-51728 ]; do usleep 50000; done');
  });
});
