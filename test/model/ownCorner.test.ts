/** The store of a domain that may not list it all, as its rows are found: in a world, where domains have such stores. */
import assert from 'node:assert/strict';
import { isStoreError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import { OwnCorner, keptMs } from '../../server/model/ownCorner';
import { readRow } from '../../server/model/nodeRow';
import type { World } from '../../server/sim/world';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, openWorld, plainGuest } from '../sim/worldKit';

describe('the store of a domain that may not list all of it', () => {
  const clock = new ManualClock();
  let world: World;
  let all: StoreClient;
  let own: StoreClient;
  let corner: StoreClient;
  let domid: number;

  before(async () => {
    world = await openWorld({
      domains: ['back', 'front', 'other'].map((name) =>
        plainGuest({ name, guest: () => new Promise(() => undefined) }),
      ),
    });
    await world.settled();
    all = world.openStore();
    const byName = new Map(world.world.domains().map((one) => [one.name, one.domid!]));
    domid = byName.get('back')!;
    own = world.openProgram!(domid).store;
    corner = new OwnCorner(own, clock);
    const front = byName.get('front')!;
    await addDevice(front, domid, 'vif', '0');
    await addDevice(domid, 0, 'vbd', '51712');
    // As Xen's own toolstack leaves the folders above: for domain 0 alone.
    for (const path of ['/', '/local', '/local/domain', '/vm']) await all.setPerms(path, only(0));
    for (const one of [0, front, byName.get('other')!]) await all.setPerms(`/local/domain/${one}`, only(one));
  });
  after(async () => {
    for (const store of [all, own]) await store.close();
    await closeWorlds();
  });

  const only = (owner: number, reader?: number) => [
    { domid: owner, read: false, write: false },
    ...(reader === undefined ? [] : [{ domid: reader, read: true, write: false }]),
  ];

  async function addDevice(front: number, back: number, kind: string, devid: string): Promise<void> {
    const frontend = `/local/domain/${front}/device/${kind}/${devid}`;
    const backend = `/local/domain/${back}/backend/${kind}/${front}/${devid}`;
    await all.write(`${frontend}/backend`, backend);
    await all.write(`${backend}/frontend`, frontend);
    for (const path of [frontend, `${frontend}/backend`]) await all.setPerms(path, only(front, back));
    for (const path of [backend, `${backend}/frontend`]) await all.setPerms(path, only(back, front));
    for (const path of [`/local/domain/${front}/device`, `/local/domain/${back}/backend`])
      await all.setPerms(path, only(0, path.endsWith('backend') ? back : front));
    await all.setPerms(`/local/domain/${front}/device/${kind}`, only(0, front));
    await all.setPerms(`/local/domain/${back}/backend/${kind}`, only(0, back));
    await all.setPerms(`/local/domain/${back}/backend/${kind}/${front}`, only(0, back));
  }

  const front = () => world.world.domains().find(({ name }) => name === 'front')!.domid!;

  it('is not listed by the store itself', async () => {
    await assert.rejects(own.directory('/local/domain'), (error) => isStoreError(error, 'EACCES'));
  });

  it('leads to its own folder and to the other ends of its devices, and nowhere else', async () => {
    assert.ok((await corner.directory('/')).includes('local'));
    assert.deepEqual(await corner.directory('/local'), ['domain']);
    const domids = (await corner.directory('/local/domain')).map(Number).sort();
    assert.deepEqual(domids, [0, domid, front()].sort());
    assert.deepEqual(await corner.directory(`/local/domain/${front()}`), ['device']);
    assert.deepEqual(await corner.directory(`/local/domain/${front()}/device`), ['vif']);
    assert.deepEqual(await corner.directory(`/local/domain/${front()}/device/vif/0`), ['backend']);
    assert.deepEqual(await corner.directory(`/local/domain/0/backend/vbd/${domid}`), ['51712']);
  });

  it('has rows that say what may not be read, and open all the same', async () => {
    const row = await readRow(corner, '/local/domain', () => '');
    assert.equal(row!.unreadable, 'permission denied');
    assert.equal(row!.hasChildren, true);
  });

  it('refuses what nothing of its own lies below', async () => {
    const other = world.world.domains().find(({ name }) => name === 'other')!.domid!;
    await assert.rejects(corner.directory(`/local/domain/${other}`), (error) =>
      isStoreError(error, 'EACCES'),
    );
    await assert.rejects(corner.hasChildren(`/local/domain/${other}`), (error) =>
      isStoreError(error, 'EACCES'),
    );
  });

  it('is looked at again after a while', async () => {
    await addDevice(front(), domid, 'vkbd', '0');
    clock.tick(keptMs);
    assert.deepEqual((await corner.directory(`/local/domain/${front()}/device`)).sort(), ['vif', 'vkbd']);
  });

  it('believes no node that leads somewhere else', async () => {
    await all.write(`/local/domain/${front()}/device/vif/0/backend`, '/tool');
    await all.write(`/local/domain/${domid}/backend/vif/${front()}/0/frontend`, '/tool/secret');
    clock.tick(keptMs);
    assert.ok(!(await corner.directory('/')).includes('tool'));
  });
});
