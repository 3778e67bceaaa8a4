/** A device is connected anew by hand: with drivers of each kind, and where somebody does not move, or is gone. */
import assert from 'node:assert/strict';
import type { Acts } from '../../server/act/acts';
import { XenbusState } from '../../server/wire/xenbusState';
import { classicBackend } from '../../server/xenbus/policies/classic';
import type { FrontendHabits } from '../../server/xenbus/policies/frontendPolicy';
import { linuxBackend } from '../../server/xenbus/policies/linux';
import { modernBackend } from '../../server/xenbus/policies/modern';
import { ManualClock } from '../sim/manualClock';
import { type Rig, back, front, illegal, turn } from '../xenbus/rig';
import { DeviceActs, edit } from './deviceActs';

const { Initialised, Connected, Closing } = XenbusState;
const habits: FrontendHabits = { published: Initialised, closesFirst: 'ifUsed', reopens: false };

describe('a device that is connected anew by hand', () => {
  let on: DeviceActs;
  let rig: Rig;
  let acts: Acts;

  beforeEach(async () => {
    on = await DeviceActs.open();
    ({ rig, acts } = on);
  });
  afterEach(() => on.close());

  for (const [name, policy] of Object.entries({
    linux: linuxBackend,
    modern: modernBackend,
    classic: classicBackend,
  })) {
    it(`has a backend as in ${name}`, async () => {
      rig.runBackend(policy);
      rig.runFrontend(habits);
      await rig.add();
      await rig.reaches({ frontend: Connected, backend: Connected });
      const before = rig.calls.filter((call) => call === 'frontend initialise').length;
      const { text: said, undoId } = await acts.perform(edit({ kind: 'reconnect' }), true);
      assert.equal(said, 'vif 0 of web (3) is connected anew.');
      assert.equal(undoId, undefined);
      assert.deepEqual(await rig.states(), [Connected, Connected]);
      assert.equal(rig.calls.filter((call) => call === 'frontend initialise').length, before + 1);
      assert.deepEqual(illegal(rig.moves), []);
    });
  }

  it('has a frontend that begins anew by itself, as those of Windows do', async () => {
    rig.runBackend(linuxBackend);
    rig.runFrontend({ published: Connected, closesFirst: 'always', reopens: true });
    await rig.add();
    await rig.reaches({ frontend: Connected, backend: Connected });
    await acts.perform(edit({ kind: 'reconnect' }), true);
    assert.deepEqual(await rig.states(), [Connected, Connected]);
  });

  it('is not, and it is said who does not move, after a while', async () => {
    await on.stands(Connected, Connected);
    const clock = new ManualClock();
    acts = on.newActs({ clock });
    const done = acts.perform(edit({ kind: 'reconnect' }), true);
    let isOver = false;
    const ended = done.then(
      () => assert.fail('nobody has moved'),
      (error: Error) => {
        isOver = true;
        return error;
      },
    );
    while (!isOver) {
      clock.tick(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.match(
      (await ended).message,
      /^vif 0 of web \(3\) is not connected anew yet: the frontend in web \(3\) stands at Connected \(4\) for 20 s and has to go to Closed \(6\)\.$/,
    );
    assert.deepEqual(await rig.states(), [Connected, Closing]);
  });

  it('is waited for until nobody wants it any longer', async () => {
    await on.stands(Connected, Connected);
    const nobody = new AbortController();
    const done = acts.perform(edit({ kind: 'reconnect' }), true, nobody.signal);
    await rig.reaches({ backend: Closing });
    nobody.abort();
    await assert.rejects(done, { code: 'cancelled' });
  });

  it('is waited for until the host is disconnected', async () => {
    await on.stands(Connected, Connected);
    const done = assert.rejects(acts.perform(edit({ kind: 'reconnect' }), true), { code: 'cancelled' });
    const other = rig.connect();
    while ((await other.read(`${back}/state`)).toString() !== String(Closing)) await turn();
    await rig.store.close();
    await done;
  });

  it('is gone when it is removed meanwhile', async () => {
    await on.stands(Connected, Connected);
    const done = acts.perform(edit({ kind: 'reconnect' }), true);
    const ended = assert.rejects(done, /was removed before it was connected anew/);
    await rig.reaches({ backend: Closing });
    await rig.remove();
    await ended;
    assert.deepEqual([await on.isThere(front), await on.isThere(back)], [false, false]);
  });
});
