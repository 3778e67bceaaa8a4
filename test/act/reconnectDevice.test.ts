/** A device is connected anew by hand: with drivers of each kind, and where somebody does not move, or is gone. */
import assert from 'node:assert/strict';
import type { Acts } from '../../server/act/acts';
import type { XenscopeError } from '../../server/host/errors';
import { XenbusState } from '../../server/wire/xenbusState';
import { classicBackend } from '../../server/xenbus/policies/classic';
import type { FrontendHabits } from '../../server/xenbus/policies/frontendPolicy';
import { linuxBackend } from '../../server/xenbus/policies/linux';
import { modernBackend } from '../../server/xenbus/policies/modern';
import { ManualClock } from '../sim/manualClock';
import { type Rig, back, front, illegal, turn } from '../xenbus/rig';
import { DeviceActs, edit } from './deviceActs';

const { Initialising, Initialised, Connected, Closing, Closed } = XenbusState;
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

  /** Why a reconnect that waits for nobody who moves has failed. */
  async function inVain(): Promise<XenscopeError> {
    const clock = new ManualClock();
    const done = on.newActs({ clock }).perform(edit({ kind: 'reconnect' }), true);
    let isOver = false;
    const ended = done.then(
      () => assert.fail('nobody has moved'),
      (error: XenscopeError) => {
        isOver = true;
        return error;
      },
    );
    while (!isOver) {
      clock.tick(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return ended;
  }

  it('is not, and it is said who does not move, after a while', async () => {
    await on.stands(Connected, Connected);
    assert.match(
      (await inVain()).message,
      /^vif 0 of web \(3\) is not connected anew yet: the frontend in web \(3\) stands at Connected \(4\) for 20 s and has to go to Closed \(6\)\.$/,
    );
    assert.deepEqual(await rig.states(), [Connected, Closing]);
  });

  it('has nothing to be written where its frontend has begun anew already, and it is said once who is waited for', async () => {
    await on.stands(Initialising, Closed);
    const { details, changes } = await acts.preview(edit({ kind: 'reconnect' }));
    assert.deepEqual(changes, []);
    assert.equal(details.length, 2);
    assert.match(
      details[0]!,
      /^Nothing is written: .* only its backend is waited for\. .*Force Close, and then/,
    );
    assert.match(details[1]!, /^Then, by the rules, the backend goes to InitWait \(2\)/);
    const { message, wayOut } = await inVain();
    assert.match(message, /the backend in Domain-0 \(0\) stands at Closed \(6\) for 20 s/);
    assert.match(wayOut!, /Force Close, and then Bring Online, has both ends begin anew/);
    assert.doesNotMatch(wayOut!, /frontend of Linux/);
  });

  it('has nothing to be written either where it is closing, but what comes later', async () => {
    await on.stands(Connected, Closing);
    const { details } = await acts.preview(edit({ kind: 'reconnect' }));
    assert.match(details[0]!, /^Nothing is written now: the device is closing already/);
    assert.match(details[2]!, /\/state: 6 \(Closed\) → 1 .*, unless the frontend begins anew by itself/);
  });

  it('is, where its backend has given it up, when it was closed by force and brought online', async () => {
    rig.runBackend(linuxBackend);
    rig.runFrontend(habits);
    await rig.add();
    await rig.reaches({ frontend: Connected, backend: Connected });
    await rig.store.write(`${front}/state`, '9');
    await rig.reaches({ backend: Closed });
    await rig.store.write(`${front}/state`, String(Initialising));
    await acts.perform(edit({ kind: 'forceClose' }), true);
    await acts.perform(edit({ kind: 'online' }), true);
    await rig.reaches({ frontend: Connected, backend: Connected });
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
