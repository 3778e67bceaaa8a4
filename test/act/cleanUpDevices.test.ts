/** What is left of devices is cleaned up by hand: ends without the other, and what a domain that is gone left behind. */
import assert from 'node:assert/strict';
import type { Acts } from '../../server/act/acts';
import { XenbusState } from '../../server/wire/xenbusState';
import { type Rig, back, front } from '../xenbus/rig';
import { DeviceActs, edit } from './deviceActs';

const { Connected, Closed } = XenbusState;

describe('the clean-up of devices by hand', () => {
  let on: DeviceActs;
  let rig: Rig;
  let acts: Acts;

  beforeEach(async () => {
    on = await DeviceActs.open();
    ({ rig, acts } = on);
  });
  afterEach(() => on.close());

  const error = '/local/domain/0/error/backend/vif/3/0';

  it('takes a backend whose guest is gone, with what becomes empty, and can be taken back', async () => {
    await on.stands(Connected, Connected);
    await rig.store.write(`${error}/error`, '-22 no such grant');
    await rig.store.rm('/local/domain/3');
    const { verdict, changes, details } = await acts.preview(edit({ kind: 'cleanUp' }, back));
    assert.equal(verdict, 'confirm');
    assert.deepEqual(changes, [
      { path: '/local/domain/0/backend/vif' },
      { path: '/local/domain/0/error/backend' },
    ]);
    assert.equal(details[0], '/local/domain/0/backend/vif: removed, with all below it');
    const { text: said, undoId } = await acts.perform(edit({ kind: 'cleanUp' }, back, changes), true);
    assert.match(said, /^Removed what was left of vif 0 of domain 3|^Removed what was left of vif 0 of web/);
    assert.deepEqual([await on.isThere(back), await on.isThere(error)], [false, false]);
    await acts.undo(undoId!);
    assert.deepEqual(
      [await on.text(`${back}/state`), await on.text(`${error}/error`)],
      ['4', '-22 no such grant'],
    );
  });

  it('takes all backends that a domain left, and nobody else’s', async () => {
    await on.stands(Connected, Connected);
    const disk = '/local/domain/0/backend/vbd/3/51712';
    const others = '/local/domain/0/backend/vif/4/0';
    for (const folder of [disk, others]) await rig.store.write(`${folder}/state`, '4');
    await rig.store.rm('/local/domain/3');
    const gone = edit({ kind: 'cleanUp' }, '/local/domain/3');
    const { text: asked, changes } = await acts.preview(gone);
    assert.equal(asked, 'Remove all backends that web (3) left behind?');
    assert.deepEqual(changes!.map(({ path }) => path).sort(), [
      '/local/domain/0/backend/vbd',
      '/local/domain/0/backend/vif/3',
    ]);
    await acts.perform({ ...gone, expected: changes! }, true);
    assert.deepEqual(
      [await on.isThere(disk), await on.isThere(back), await on.isThere(others)],
      [false, false, true],
    );
    assert.match((await acts.preview(gone)).text, /No backend is left of domain 3/);
  });

  it('takes nothing once its guest is back', async () => {
    await on.stands(Connected, Connected);
    await rig.store.rm('/local/domain/3');
    const { changes } = await acts.preview(edit({ kind: 'cleanUp' }, back));
    await rig.add();
    await assert.rejects(acts.perform(edit({ kind: 'cleanUp' }, back, changes), true), { code: 'refused' });
    assert.ok(await on.isThere(back));
  });

  it('takes an end without the other, an end without a state, and a device that is offline and closed', async () => {
    await on.stands(Connected, Connected);
    await rig.store.rm(back);
    const paths = async (path = front) =>
      (await acts.preview(edit({ kind: 'cleanUp' }, path))).changes?.map((each) => each.path);
    assert.deepEqual(await paths(), ['/local/domain/3/device/vif']);
    await on.stands(Connected, Connected);
    await rig.store.rm(`${back}/state`);
    assert.deepEqual(await paths(), ['/local/domain/0/backend/vif']);
    await on.stands(Closed, Closed);
    await rig.store.write(`${back}/online`, '0');
    assert.deepEqual(await paths(), ['/local/domain/3/device/vif', '/local/domain/0/backend/vif']);
  });

  it('takes each device before the folder that it was the last in: a kernel looks at what it hears of', async () => {
    await on.stands(Closed, Closed);
    await rig.store.write(`${back}/online`, '0');
    const heard: string[] = [];
    const watches = await Promise.all(
      ['/local/domain/3/device', '/local/domain/0/backend'].map((path) => rig.store.watch(path)),
    );
    await acts.perform(edit({ kind: 'cleanUp' }), true);
    for (const watch of watches) {
      const end = `${watch.path}/end`;
      await rig.store.write(end, '');
      for await (const { path, kind } of watch) {
        if (path === end) break;
        if (kind === 'change') heard.push(path);
      }
      await watch.close();
    }
    assert.deepEqual(
      [front, back].filter((path) => !heard.includes(path)),
      [],
    );
  });

  it('never takes the first console of a guest that is there', async () => {
    const console = '/local/domain/0/backend/console/3/0';
    await rig.store.write(`${console}/frontend`, '/local/domain/3/console');
    await rig.store.write(`${console}/state`, '1');
    assert.equal((await acts.preview(edit({ kind: 'cleanUp' }, console))).verdict, 'refuse');
  });
});
