/** Acts on devices, with the drivers of both ends, and with one end or none: previews, races, and the way back. */
import assert from 'node:assert/strict';
import type { Acts } from '../../server/act/acts';
import type { DeviceAct } from '../../server/act/devices/deviceAct';
import { XenbusState } from '../../server/wire/xenbusState';
import type { FrontendHabits } from '../../server/xenbus/policies/frontendPolicy';
import { linuxBackend } from '../../server/xenbus/policies/linux';
import { modernBackend } from '../../server/xenbus/policies/modern';
import { type Rig, back, front, illegal } from '../xenbus/rig';
import { DeviceActs, edit } from './deviceActs';
import { openActs } from './openActs';

const { Initialising, InitWait, Initialised, Connected, Closing, Closed } = XenbusState;
const habits: FrontendHabits = { published: Initialised, closesFirst: 'ifUsed', reopens: false };

describe('acts on devices', () => {
  let on: DeviceActs;
  let rig: Rig;
  let acts: Acts;

  beforeEach(async () => {
    on = await DeviceActs.open();
    ({ rig, acts } = on);
  });
  afterEach(() => on.close());

  describe('are shown before', () => {
    it('node by node, with what both sides do then', async () => {
      await on.stands(Connected, Connected);
      const { verdict, text: asked, details, changes } = await acts.preview(edit({ kind: 'offline' }));
      assert.equal(verdict, 'confirm');
      assert.equal(asked, 'Take vif 0 of web (3) offline?');
      assert.deepEqual(changes, [
        { path: `${back}/online`, from: '1', to: '0' },
        { path: `${back}/state`, from: '4', to: '5' },
      ]);
      assert.deepEqual(details, [
        `${back}/online: "1" → "0"`,
        `${back}/state: 4 (Connected) → 5 (Closing)`,
        'Its rings go: what is in flight in them is asked again by the guest, or lost.',
        'Then, by the rules, the frontend goes to Closed (6) and the backend to Closed (6): both have closed, and the device is to be removed.',
      ]);
      assert.deepEqual(await rig.states(), [Connected, Connected], 'it only looked');
    });

    it('a reconnect with all that it writes, now and when both have closed', async () => {
      await on.stands(Connected, Connected);
      const { details, changes } = await acts.preview(edit({ kind: 'reconnect' }));
      assert.deepEqual(changes, [{ path: `${back}/state`, from: '4', to: '5' }]);
      assert.ok(
        details.includes(
          `${front}/state: 6 (Closed) → 1 (Initialising), unless the frontend begins anew by itself.`,
        ),
        details.join('\n'),
      );
      assert.equal(
        details.at(-1),
        'Then, by the rules, the backend goes to InitWait (2), the frontend to Initialised (3), the backend to Connected (4) and the frontend to Connected (4): both are connected.',
      );
    });

    it('and refused where they make no sense, with a way out', async () => {
      const refusal = async (act: DeviceAct, path = front) => {
        const { verdict, text: why } = await acts.preview(edit(act, path));
        assert.equal(verdict, 'refuse', why);
        return why;
      };
      assert.match(await refusal({ kind: 'reconnect' }), /^There is no device .*vif\/0, or no longer\.$/);
      await on.stands(InitWait, Connected);
      assert.match(
        await refusal({ kind: 'move', side: 'frontend', to: Connected }),
        /no frontend goes from InitWait \(2\) to Connected \(4\)/,
      );
      assert.match(await refusal({ kind: 'cleanUp' }), /is in use, or may be/);
      assert.match(await refusal({ kind: 'online' }), /is online already/);
      await rig.store.write(`${back}/online`, '0');
      assert.match(await refusal({ kind: 'reconnect' }), /is offline: it is to be removed/);
      await rig.store.rm(`${back}/state`);
      assert.match(await refusal({ kind: 'offline' }), /has no state: nobody serves/);
      assert.match(await refusal({ kind: 'online' }, '/local/domain/3/memory'), /There is no device/);
      assert.match(await refusal({ kind: 'cleanUp' }, '/local/domain/3'), /Domain 3 is there/);
      const suspend = '/local/domain/3/device/suspend/event-channel';
      await rig.store.write(suspend, '17');
      assert.match(await refusal({ kind: 'cleanUp' }, suspend), /There is no device/);
    });

    it('and refused when a guest names a backend that is not its own', async () => {
      await on.stands(Connected, Connected);
      const others = '/local/domain/0/backend/vif/5/0';
      await rig.store.write(`${others}/frontend`, '/local/domain/5/device/vif/0');
      await rig.store.write(`${others}/state`, '4');
      for (const named of [others, '/vm/1', '/local/domain/0/backend/../vif', `${front}`]) {
        await rig.store.write(`${front}/backend`, named);
        for (const kind of ['offline', 'forceClose', 'cleanUp'] as const) {
          const { verdict, text: why } = await acts.preview(edit({ kind }));
          assert.equal(verdict, 'refuse', `${kind} with ${named}`);
          assert.match(why, /do not name each other/);
        }
      }
    });
  });

  describe('on a real host', () => {
    let allowDomain0Edits = false;
    beforeEach(() => {
      allowDomain0Edits = false;
      acts = on.newActs({ isReal: true, allowDomain0Edits: () => allowDomain0Edits });
    });

    it('say that drivers keep their states to themselves', async () => {
      await on.stands(Connected, Connected);
      const { verdict, details } = await acts.preview(edit({ kind: 'forceClose' }));
      assert.equal(verdict, 'confirm');
      assert.match(details.at(-1)!, /^A frontend that keeps its state to itself/);
    });

    describe('with a device of domain 0 itself', () => {
      const ofDomain0 = '/local/domain/0/device/vif/0';
      const served = '/local/domain/3/backend/vif/0/0';
      beforeEach(async () => {
        for (const [path, value] of Object.entries({
          [`${ofDomain0}/backend`]: served,
          [`${ofDomain0}/state`]: '4',
          [`${served}/frontend`]: ofDomain0,
          [`${served}/state`]: '4',
          [`${served}/online`]: '1',
        }))
          await rig.store.write(path, value);
      });

      it('leave it alone, unless a setting allows it', async () => {
        const { verdict, text: why, details } = await acts.preview(edit({ kind: 'forceClose' }, ofDomain0));
        assert.equal(verdict, 'refuse');
        assert.match(why, /a path of domain 0 itself/);
        assert.match(details.at(-1)!, /xenscope\.allowDomain0Edits/);
        await assert.rejects(acts.perform(edit({ kind: 'forceClose' }, ofDomain0), true), /domain 0 itself/);
        allowDomain0Edits = true;
        assert.equal((await acts.preview(edit({ kind: 'forceClose' }, ofDomain0))).verdict, 'confirm');
      });

      it('do not begin a reconnect that would write there only later', async () => {
        for (const states of ['44', '54', '55', '65', '66']) {
          const [backend, frontend] = [...states] as [string, string];
          await rig.store.write(`${served}/state`, backend);
          await rig.store.write(`${ofDomain0}/state`, frontend);
          allowDomain0Edits = false;
          const { verdict, text: why } = await acts.preview(edit({ kind: 'reconnect' }, ofDomain0));
          assert.equal(verdict, 'refuse', states);
          assert.equal(why, `${ofDomain0}/state is a path of domain 0 itself, and this is a real host.`);
          await assert.rejects(acts.perform(edit({ kind: 'reconnect' }, ofDomain0), true), /domain 0 itself/);
          assert.equal(await on.text(`${served}/state`), backend);
          allowDomain0Edits = true;
          assert.equal(
            (await acts.preview(edit({ kind: 'reconnect' }, ofDomain0))).verdict,
            'confirm',
            states,
          );
        }
      });
    });
  });

  it('are refused where the store lets us read only, with who may', async () => {
    const { store, asGuest, text: read, close } = await openActs();
    const readable = [
      { domid: 0, read: false, write: false },
      { domid: 3, read: true, write: false },
    ];
    for (const [path, value] of Object.entries({
      [front]: '',
      [`${front}/backend`]: back,
      [`${front}/state`]: '4',
      [back]: '',
      [`${back}/frontend`]: front,
      [`${back}/state`]: '4',
    })) {
      await store.write(path, value);
      await store.setPerms(path, readable);
    }
    await assert.rejects(asGuest.perform(edit({ kind: 'forceClose' }), true), (error: Error) => {
      assert.match(error.message, /^The store does not let us write at the device .*vif\/0\. It belongs to/);
      return true;
    });
    assert.deepEqual([await read(`${front}/state`), await read(`${back}/state`)], ['4', '4']);
    await close();
  });

  describe('are done', () => {
    it('only when a person has agreed', async () => {
      await on.stands(Connected, Connected);
      await assert.rejects(acts.perform(edit({ kind: 'forceClose' }), false), { code: 'refused' });
      assert.deepEqual(await rig.states(), [Connected, Connected]);
    });

    it('by one side or the other, one legal move, and taken back while nobody has moved', async () => {
      await on.stands(Initialising, InitWait);
      const { text: said, undoId } = await acts.perform(
        edit({ kind: 'move', side: 'frontend', to: Initialised }, back),
        true,
      );
      assert.equal(said, 'Moved the frontend of vif 0 of web (3).');
      assert.deepEqual(await rig.states(), [Initialised, InitWait]);
      await acts.undo(undoId!);
      assert.deepEqual(await rig.states(), [Initialising, InitWait]);
    });

    it('and not taken back over what a driver did since', async () => {
      await on.stands(Connected, Connected);
      const { undoId } = await acts.perform(edit({ kind: 'offline' }), true);
      await rig.store.write(`${back}/state`, String(Closed));
      await assert.rejects(acts.undo(undoId!), /vif 0 of web \(3\) has moved on: .*state is "6" now/);
      assert.equal(await on.text(`${back}/online`), '0');
    });

    it('at both ends at once when it is forced', async () => {
      await on.stands(Initialised, InitWait);
      await acts.perform(edit({ kind: 'forceClose' }), true);
      assert.deepEqual(await rig.states(), [Closed, Closed]);
    });

    for (const [name, policy] of Object.entries({ linux: linuxBackend, modern: modernBackend })) {
      it(`offline and online again, with drivers at both ends, a ${name} backend`, async () => {
        rig.runBackend(policy);
        rig.runFrontend(habits);
        await rig.add();
        await rig.reaches({ frontend: Connected, backend: Connected });
        await acts.perform(edit({ kind: 'offline' }), true);
        await rig.reaches({ frontend: Closed, backend: Closed });
        await rig.holdsNothing();
        await acts.perform(edit({ kind: 'online' }), true);
        await rig.reaches({ frontend: Connected, backend: Connected });
        assert.deepEqual(illegal(rig.moves), []);
      });
    }
  });

  describe('never bring back what was removed', () => {
    it('between the preview and the act', async () => {
      await on.stands(Connected, Connected);
      for (const act of [
        { kind: 'reconnect' },
        { kind: 'offline' },
        { kind: 'forceClose' },
        { kind: 'move', side: 'backend', to: Closing },
      ] as const) {
        await on.stands(Connected, Connected);
        const { changes } = await acts.preview(edit(act));
        await rig.remove();
        await assert.rejects(acts.perform(edit(act, front, changes), true), { code: 'refused' });
        assert.deepEqual([await on.isThere(front), await on.isThere(back)], [false, false], act.kind);
      }
    });

    it('within the act itself: of a transaction that lost to the removal nothing is seen', async () => {
      await on.stands(Connected, Connected);
      const other = rig.connect();
      for (let times = 0; times < 50; times++) {
        await on.stands(Connected, Connected);
        const act = acts.perform(edit({ kind: 'forceClose' }), true).catch((error: Error) => error.message);
        await Promise.all([act, other.rm(back), other.rm(front)]);
        assert.deepEqual([await on.isThere(front), await on.isThere(back)], [false, false]);
      }
    });

    it('and write nothing else than what was shown', async () => {
      await on.stands(Connected, Connected);
      const { changes } = await acts.preview(edit({ kind: 'offline' }));
      await rig.store.write(`${back}/state`, String(Closed));
      await assert.rejects(acts.perform(edit({ kind: 'offline' }, front, changes), true), {
        code: 'overtaken',
      });
      assert.equal(await on.text(`${back}/online`), '1');
    });
  });
});
