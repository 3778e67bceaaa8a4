/** Devices as they are followed through a store, ours; the drivers that dance are real ones where they can be. */
import assert from 'node:assert/strict';
import { diagnoseDevice } from '../../../server/doctor/devices/deviceDoctor';
import { XenscopeError } from '../../../server/host/errors';
import { DeviceModel } from '../../../server/model/devices/deviceModel';
import { devicePathOf } from '../../../server/model/devices/devicePaths';
import { SideSeen } from '../../../server/model/devices/deviceSeen';
import type { DeviceRow } from '../../../server/model/devices/deviceTypes';
import { XenbusState } from '../../../server/wire/xenbusState';
import { back, front, writeDevice } from '../../support/deviceNodes';
import { openRig } from '../rig';
import type { Rig } from '../rig';

describe('the devices of a host', () => {
  let rig: Rig;
  let model: DeviceModel;
  let changes = 0;
  const alive = new Set([0, 3]);

  beforeEach(async () => {
    rig = await openRig();
    rig.xenstored.domainCreated(3);
    changes = 0;
    model = new DeviceModel({
      store: rig.store,
      clock: rig.clock,
      feed: rig.feed,
      hasDomain: (domid) => alive.has(domid),
      judge: diagnoseDevice,
      onChange: () => changes++,
    });
  });
  afterEach(async () => {
    model.close();
    await rig.close();
  });

  const write = (path: string, value: string | number) => rig.other.write(path, String(value));

  async function add({ state = XenbusState.Initialising }: { state?: XenbusState } = {}): Promise<void> {
    await rig.other.transaction(async (transaction) => {
      await writeDevice(transaction, { frontend: state, backend: state });
      const readable = (owner: number, reader: number) => [
        { domid: owner, read: false, write: false },
        { domid: reader, read: true, write: false },
      ];
      await transaction.setPerms(front, readable(3, 0));
      await transaction.setPerms(back, readable(0, 3));
    });
  }

  /** The first device, once it fits. */
  async function until(fits: (row: DeviceRow | undefined) => boolean): Promise<DeviceRow | undefined> {
    for (;;) {
      const [row] = await model.rows();
      if (fits(row)) return row;
      const before = changes;
      await rig.until(() => changes > before);
    }
  }

  it('are found by either end, with both states and whose turn it is', async () => {
    await add();
    await write(`${front}/mac`, '00:16:3e:00:00:01');
    await rig.other.write('/local/domain/3/device/suspend/event-channel', '');
    const rows = await model.rows();
    assert.equal(rows.length, 1);
    const [{ id, kind, devid, frontend, backend, online, turn }] = rows as [DeviceRow];
    assert.deepEqual([id, kind, devid, online], [front, 'vif', '0', true]);
    assert.deepEqual([frontend.path, frontend.domid, frontend.state], [front, 3, 1]);
    assert.deepEqual([backend.path, backend.domid, backend.state], [back, 0, 1]);
    assert.equal(turn.who, 'backend');
    assert.equal(turn.to, XenbusState.InitWait);
    const detail = await model.detail(front);
    assert.deepEqual(detail?.published.frontend, [{ name: 'mac', value: '00:16:3e:00:00:01' }]);
    assert.deepEqual(detail?.legal.backend, [2, 5, 6]);
    assert.equal(await model.detail('/local/domain/3/device/vif/9'), undefined);
  });

  it('are not said to be none while the store is away, and are told when it is back', async () => {
    await add();
    rig.cut();
    for (let times = 0; times < 2; times++) await assert.rejects(model.rows(), XenscopeError);
    await rig.until(() => rig.store.state.kind === 'connected');
    assert.deepEqual(
      (await model.rows()).map(({ id }) => id),
      [front],
    );
  });

  it('have a history of each move, and time in each state', async () => {
    await model.rows();
    await add();
    for (const [name, value] of Object.entries({ 'tx-ring-ref': 8, 'rx-ring-ref': 9, 'event-channel': 5 })) {
      await write(`${front}/${name}`, value);
    }
    await until((row) => row !== undefined);
    for (const [path, state] of [
      [back, 2],
      [front, 4],
      [back, 4],
    ] as const) {
      await write(`${path}/state`, state);
      await until((row) => (path === back ? row?.backend : row?.frontend)?.state === state);
    }
    const beforeMs = rig.clock.nowMs();
    rig.clock.tick(60_000);
    const [row] = await model.rows();
    assert.ok(row!.backend.sinceMs! <= beforeMs);
    assert.equal(row!.diagnoses[0]!.text, 'connected');
    const steps = (await model.detail(front))!.history.map(({ side, from, to }) => `${side} ${from} ${to}`);
    assert.deepEqual(steps, ['backend 1 2', 'frontend 1 4', 'backend 2 4']);
  });

  it('tell an illegal move', async () => {
    await add({ state: 4 });
    await until((row) => row?.frontend.state === 4);
    await write(`${front}/state`, 1);
    await until((row) => row?.frontend.state === 1);
    const last = (await model.detail(front))!.history.at(-1)!;
    assert.deepEqual([last.from, last.to, last.isDirect, last.isIllegal], [4, 1, true, true]);
    assert.ok((await model.rows())[0]!.diagnoses.some(({ rule }) => rule === 'illegal-move'));
  });

  it('count the events of a state: with two of them nobody is accused', () => {
    const place = devicePathOf(`${front}/state`);
    assert.ok(place?.at === 'side');
    const side = new SideSeen(place.side);
    side.noteFirst('4', undefined);
    side.noteEvent();
    const { events } = side;
    side.noteEvent();
    // The answer to what was asked after the first event already shows the second move.
    assert.equal(side.noteState('1', 5, events), true);
    assert.equal(side.noteState('1', 6, side.events), false);
    side.noteEvent();
    assert.equal(side.noteState('5', 7, side.events), true);
    assert.deepEqual(
      side.steps.map(({ from, to, isDirect, isIllegal }) => [from, to, isDirect, isIllegal]),
      [
        [4, 1, false, false],
        [1, 5, true, false],
      ],
    );
  });

  it('go when they are removed, and are found again after the store was away', async () => {
    await add();
    await until((row) => row !== undefined);
    await rig.other.rm('/local/domain/3');
    const half = await until((row) => row?.frontend.exists === false);
    assert.deepEqual([half!.id, half!.frontend.path], [back, front]);
    await rig.other.rm(back);
    await until((row) => row === undefined);
    rig.cut();
    await add();
    await until((row) => row?.frontend.exists === true);
  });

  it('are followed no longer when nobody looks, and found anew by who does', async () => {
    await add();
    await until((row) => row !== undefined);
    await write(`${back}/state`, 2);
    await until((row) => row?.backend.state === 2);
    model.rest();
    const before = changes;
    await write(`${back}/state`, 4);
    // An event of the same watch that comes after: whoever followed would have read by then.
    await rig.store.read(`${back}/state`);
    rig.clock.tick(60_000);
    assert.equal(changes, before, 'nothing was read');
    const [row] = await model.rows();
    assert.deepEqual([row!.backend.state, row!.backend.sinceMs], [4, undefined]);
    assert.deepEqual((await model.detail(front))!.history, [], 'what was not seen is not told');
    await write(`${back}/state`, 5);
    await until((each) => each?.backend.state === 5);
  });

  it('are forgotten also when nobody looks while they are read', async () => {
    await add();
    const reading = model.rows();
    model.rest();
    assert.equal((await reading).length, 1, 'who has asked gets an answer');
    model.rest();
    await write(`${back}/state`, 2);
    const [row] = await model.rows();
    assert.deepEqual([row!.backend.state, row!.backend.sinceMs], [2, undefined]);
  });

  it('beyond the limit are counted once each, and have the room of those that go', async () => {
    model.close();
    const { store, clock, feed } = rig;
    const hasDomain = () => true;
    const onChange = () => changes++;
    model = new DeviceModel({ store, clock, feed, hasDomain, judge: diagnoseDevice, onChange, maxSides: 2 });
    const folders = [0, 1, 2, 3].map((devid) => `/local/domain/3/device/vif/${devid}`);
    for (const folder of folders) await write(`${folder}/state`, 1);
    assert.equal((await model.rows()).length, 2);
    assert.equal(model.leftOut, 2);
    for (const folder of folders) await write(`${folder}/mac`, '00:16:3e:00:00:01');
    await write(`${folders[0]}/state`, 2);
    await until((row) => row?.frontend.state === 2);
    assert.equal(model.leftOut, 2, 'not once more with each change');
    await rig.other.rm(folders[0]!);
    await rig.until(() => model.leftOut === 1);
    assert.deepEqual(
      (await model.rows()).map(({ id }) => id),
      folders.slice(1, 3),
    );
  });

  describe('are judged:', () => {
    const said = (row: DeviceRow | undefined) => row!.diagnoses.map(({ rule }) => rule);
    const longMs = 20_000;

    it('stuck, with whom it waits for', async () => {
      await add({ state: 1 });
      await until((row) => row !== undefined);
      await write(`${back}/state`, 2);
      await write(`${front}/state`, 5);
      await until((row) => row?.frontend.state === 5 && row.backend.state === 2);
      assert.deepEqual(said((await model.rows())[0]), ['at-rest'], 'not yet');
      rig.clock.tick(longMs);
      const [row] = await model.rows();
      assert.deepEqual(said(row), ['stuck']);
      assert.match(row!.diagnoses[0]!.text, /^stuck for 20 s: waits for the backend/);
      assert.ok(row!.diagnoses[0]!.evidence.some((line) => line.includes('Windows')));
    });

    it('stuck where the backend has given the device up, with what has both begin anew', async () => {
      await add({ state: 1 });
      await until((row) => row !== undefined);
      await write(`${back}/state`, 6);
      await until((row) => row?.backend.state === 6);
      rig.clock.tick(longMs);
      const [row] = await model.rows();
      assert.deepEqual(said(row), ['stuck']);
      assert.ok(
        row!.diagnoses[0]!.evidence.some((line) => line.includes('Force Close, and then Bring Online')),
        row!.diagnoses[0]!.evidence.join('\n'),
      );
    });

    it('not taken, which is nobody’s mistake', async () => {
      await add();
      await write(`${back}/state`, 2);
      await until((row) => row?.backend.state === 2);
      rig.clock.tick(longMs);
      const [row] = await model.rows();
      assert.deepEqual(
        row!.diagnoses.map(({ rule, severity }) => [rule, severity]),
        [['stuck', 'note']],
      );
    });

    it('left behind by a domain that is gone, and half removed', async () => {
      await add({ state: 4 });
      await until((row) => row?.frontend.state === 4);
      await rig.other.rm(front);
      await until((row) => row?.frontend.exists === false);
      rig.clock.tick(longMs);
      assert.deepEqual(said((await model.rows())[0]), ['half-removed']);
      alive.delete(3);
      assert.deepEqual(said((await model.rows())[0]), ['leaked-backend']);
      alive.add(3);
      await add();
      await until((row) => row?.frontend.exists === true);
      await rig.other.rm(back);
      await until((row) => row?.backend.exists === false);
      rig.clock.tick(longMs);
      assert.deepEqual(said((await model.rows())[0]), ['half-removed']);
    });

    it('nodes without a state', async () => {
      await add();
      await rig.other.rm(`${back}/state`);
      await until((row) => row?.backend.exists === true && row.backend.state === 0);
      assert.deepEqual(said((await model.rows())[0]), ['orphan-nodes']);
    });

    it('a side that may not read the other', async () => {
      await add();
      await rig.other.setPerms(back, [{ domid: 0, read: false, write: false }]);
      const row = await until((each) => said(each).includes('missing-permission'));
      assert.match(row!.diagnoses[0]!.text, /domain 3 may not read the backend/);
    });

    it('rings that cannot be mapped', async () => {
      await add({ state: 3 });
      let row = await until((each) => said(each).includes('ring-not-mappable'));
      assert.match(row!.diagnoses[0]!.text, /no grant of a ring/);
      await write(`${front}/tx-ring-ref`, 'x');
      await write(`${front}/rx-ring-ref`, 9);
      await write(`${front}/event-channel`, 5);
      row = await until((each) => each?.diagnoses[0]?.text.includes('tx-ring-ref') === true);
      assert.match(row!.diagnoses[0]!.text, /tx-ring-ref is "x", and no number/);
      await write(`${front}/tx-ring-ref`, 8);
      await until((each) => !said(each).includes('ring-not-mappable'));
    });

    it('a side that said why it failed', async () => {
      await add();
      await write('/local/domain/0/error/backend/vif/3/0/error', '-22 no such grant');
      const row = await until((each) => said(each).includes('failed'));
      assert.equal(row!.diagnoses[0]!.text, 'the backend failed: -22 no such grant');
    });
  });
});

describe('paths that speak of devices', () => {
  it('are told from all others', () => {
    assert.equal(devicePathOf('/local/domain/3/memory/target'), undefined);
    assert.equal(devicePathOf('/local/domain/3/devices'), undefined);
    assert.equal(devicePathOf('/libxl/3/device/vif/0/state'), undefined);
    assert.deepEqual(devicePathOf('/local/domain/3'), { at: 'domain', domid: 3 });
    assert.deepEqual(devicePathOf('/local/domain/0/backend/vif/3'), { at: 'domain', domid: 0 });
    assert.deepEqual(devicePathOf('/local/domain'), { at: 'all' });
    const place = devicePathOf('/local/domain/0/error/backend/vif/3/0/error');
    assert.ok(place?.at === 'side' && place.side.folder === back && place.node === 'error');
  });
});
