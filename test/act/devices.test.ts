/** Acts on devices, with the drivers of both ends, and with one end or none: previews, races, and the way back. */
import assert from 'node:assert/strict';
import { Acts } from '../../server/act/acts';
import type { DeviceAct, NodeChange } from '../../server/act/devices/deviceAct';
import type { DeviceEdit } from '../../server/act/edit';
import { systemClock } from '../../server/cli/systemClock';
import { XenbusState } from '../../server/wire/xenbusState';
import { classicBackend } from '../../server/xenbus/policies/classic';
import type { FrontendHabits } from '../../server/xenbus/policies/frontendPolicy';
import { linuxBackend } from '../../server/xenbus/policies/linux';
import { modernBackend } from '../../server/xenbus/policies/modern';
import { type Rig, back, front, illegal, openRig, turn } from '../xenbus/rig';
import { ManualClock } from '../sim/manualClock';
import { openActs } from './openActs';

const { Initialising, InitWait, Initialised, Connected, Closing, Closed } = XenbusState;
const habits: FrontendHabits = { published: Initialised, closesFirst: 'ifUsed', reopens: false };
const names = new Map([
  [0, 'Domain-0 (0)'],
  [3, 'web (3)'],
]);

describe('acts on devices', () => {
  let rig: Rig;
  let acts: Acts;
  let isReal = false;
  let allowDomain0Edits = false;
  let clock: ManualClock | undefined;

  beforeEach(async () => {
    rig = await openRig();
    await rig.store.write('/local/domain/3/name', 'web');
    [isReal, allowDomain0Edits, clock] = [false, false, undefined];
    acts = newActs();
  });
  afterEach(() => rig.close());

  const newActs = () =>
    new Acts({
      store: rig.store,
      nameDomain: (domid) => names.get(domid) ?? `domain ${domid}`,
      isReal,
      allowDomain0Edits: () => allowDomain0Edits,
      clock: clock ?? systemClock,
      isHeld: () => false,
    });
  const edit = (act: DeviceAct, path = front, expected?: readonly NodeChange[]): DeviceEdit => ({
    kind: 'device',
    path,
    act,
    ...(expected && { expected }),
  });
  const text = async (path: string) => (await rig.store.read(path)).toString('latin1');
  const isThere = (path: string) =>
    rig.store.getPerms(path).then(
      () => true,
      () => false,
    );

  /** The device as it stands, with nobody who moves it. */
  async function stands(frontend: XenbusState, backend: XenbusState): Promise<void> {
    await rig.add();
    await rig.store.write(`${front}/state`, String(frontend));
    await rig.store.write(`${back}/state`, String(backend));
  }

  describe('are shown before', () => {
    it('node by node, with what both sides do then', async () => {
      await stands(Connected, Connected);
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
      await stands(Connected, Connected);
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
      await stands(InitWait, Connected);
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
      await stands(Connected, Connected);
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
    beforeEach(() => {
      isReal = true;
      acts = newActs();
    });

    it('say that drivers keep their states to themselves', async () => {
      await stands(Connected, Connected);
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
          assert.equal(await text(`${served}/state`), backend);
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
      await stands(Connected, Connected);
      await assert.rejects(acts.perform(edit({ kind: 'forceClose' }), false), { code: 'refused' });
      assert.deepEqual(await rig.states(), [Connected, Connected]);
    });

    it('by one side or the other, one legal move, and taken back while nobody has moved', async () => {
      await stands(Initialising, InitWait);
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
      await stands(Connected, Connected);
      const { undoId } = await acts.perform(edit({ kind: 'offline' }), true);
      await rig.store.write(`${back}/state`, String(Closed));
      await assert.rejects(acts.undo(undoId!), /vif 0 of web \(3\) has moved on: .*state is "6" now/);
      assert.equal(await text(`${back}/online`), '0');
    });

    it('at both ends at once when it is forced', async () => {
      await stands(Initialised, InitWait);
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

  describe('connect a device anew', () => {
    for (const [name, policy] of Object.entries({
      linux: linuxBackend,
      modern: modernBackend,
      classic: classicBackend,
    })) {
      it(`whose backend is as in ${name}`, async () => {
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

    it('whose frontend begins anew by itself, as those of Windows do', async () => {
      rig.runBackend(linuxBackend);
      rig.runFrontend({ published: Connected, closesFirst: 'always', reopens: true });
      await rig.add();
      await rig.reaches({ frontend: Connected, backend: Connected });
      await acts.perform(edit({ kind: 'reconnect' }), true);
      assert.deepEqual(await rig.states(), [Connected, Connected]);
    });

    it('and say who does not move, after a while', async () => {
      await stands(Connected, Connected);
      clock = new ManualClock();
      acts = newActs();
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

    it('until nobody waits any longer', async () => {
      await stands(Connected, Connected);
      const nobody = new AbortController();
      const done = acts.perform(edit({ kind: 'reconnect' }), true, nobody.signal);
      await rig.reaches({ backend: Closing });
      nobody.abort();
      await assert.rejects(done, { code: 'cancelled' });
    });

    it('until the host is disconnected', async () => {
      await stands(Connected, Connected);
      const done = assert.rejects(acts.perform(edit({ kind: 'reconnect' }), true), { code: 'cancelled' });
      const other = rig.connect();
      while ((await other.read(`${back}/state`)).toString() !== String(Closing)) await turn();
      await rig.store.close();
      await done;
    });

    it('and end when it is removed meanwhile', async () => {
      await stands(Connected, Connected);
      const done = acts.perform(edit({ kind: 'reconnect' }), true);
      const ended = assert.rejects(done, /was removed before it was connected anew/);
      await rig.reaches({ backend: Closing });
      await rig.remove();
      await ended;
      assert.deepEqual([await isThere(front), await isThere(back)], [false, false]);
    });
  });

  describe('never bring back what was removed', () => {
    it('between the preview and the act', async () => {
      await stands(Connected, Connected);
      for (const act of [
        { kind: 'reconnect' },
        { kind: 'offline' },
        { kind: 'forceClose' },
        { kind: 'move', side: 'backend', to: Closing },
      ] as const) {
        await stands(Connected, Connected);
        const { changes } = await acts.preview(edit(act));
        await rig.remove();
        await assert.rejects(acts.perform(edit(act, front, changes), true), { code: 'refused' });
        assert.deepEqual([await isThere(front), await isThere(back)], [false, false], act.kind);
      }
    });

    it('within the act itself: of a transaction that lost to the removal nothing is seen', async () => {
      await stands(Connected, Connected);
      const other = rig.connect();
      for (let times = 0; times < 50; times++) {
        await stands(Connected, Connected);
        const act = acts.perform(edit({ kind: 'forceClose' }), true).catch((error: Error) => error.message);
        await Promise.all([act, other.rm(back), other.rm(front)]);
        assert.deepEqual([await isThere(front), await isThere(back)], [false, false]);
      }
    });

    it('and write nothing else than what was shown', async () => {
      await stands(Connected, Connected);
      const { changes } = await acts.preview(edit({ kind: 'offline' }));
      await rig.store.write(`${back}/state`, String(Closed));
      await assert.rejects(acts.perform(edit({ kind: 'offline' }, front, changes), true), {
        code: 'overtaken',
      });
      assert.equal(await text(`${back}/online`), '1');
    });
  });

  describe('clean up', () => {
    const error = '/local/domain/0/error/backend/vif/3/0';

    it('a backend whose guest is gone, with what becomes empty, and put it back', async () => {
      await stands(Connected, Connected);
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
      assert.match(
        said,
        /^Removed what was left of vif 0 of domain 3|^Removed what was left of vif 0 of web/,
      );
      assert.deepEqual([await isThere(back), await isThere(error)], [false, false]);
      await acts.undo(undoId!);
      assert.deepEqual(
        [await text(`${back}/state`), await text(`${error}/error`)],
        ['4', '-22 no such grant'],
      );
    });

    it('all backends that a domain left, and nobody else’s', async () => {
      await stands(Connected, Connected);
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
        [await isThere(disk), await isThere(back), await isThere(others)],
        [false, false, true],
      );
      assert.match((await acts.preview(gone)).text, /No backend is left of domain 3/);
    });

    it('not once its guest is back', async () => {
      await stands(Connected, Connected);
      await rig.store.rm('/local/domain/3');
      const { changes } = await acts.preview(edit({ kind: 'cleanUp' }, back));
      await rig.add();
      await assert.rejects(acts.perform(edit({ kind: 'cleanUp' }, back, changes), true), { code: 'refused' });
      assert.ok(await isThere(back));
    });

    it('an end without the other, an end without a state, and a device that is offline and closed', async () => {
      await stands(Connected, Connected);
      await rig.store.rm(back);
      const paths = async (path = front) =>
        (await acts.preview(edit({ kind: 'cleanUp' }, path))).changes?.map((each) => each.path);
      assert.deepEqual(await paths(), ['/local/domain/3/device/vif']);
      await stands(Connected, Connected);
      await rig.store.rm(`${back}/state`);
      assert.deepEqual(await paths(), ['/local/domain/0/backend/vif']);
      await stands(Closed, Closed);
      await rig.store.write(`${back}/online`, '0');
      assert.deepEqual(await paths(), ['/local/domain/3/device/vif', '/local/domain/0/backend/vif']);
    });

    it('never the first console of a guest that is there', async () => {
      const console = '/local/domain/0/backend/console/3/0';
      await rig.store.write(`${console}/frontend`, '/local/domain/3/console');
      await rig.store.write(`${console}/state`, '1');
      assert.equal((await acts.preview(edit({ kind: 'cleanUp' }, console))).verdict, 'refuse');
    });
  });
});
