/** Faults that stop a device in InitWait: what the doctor says of it then, and what brings it on again. */
import assert from 'node:assert/strict';
import { diagnoseDevice } from '../../server/doctor/devices/deviceDoctor';
import { DeviceModel } from '../../server/model/devices/deviceModel';
import type { DeviceRow } from '../../server/model/devices/deviceTypes';
import { RootFeed } from '../../server/model/rootFeed';
import { bootLinux } from '../../server/sim/guests/linux';
import { windowsGuest } from '../../server/sim/guests/windows';
import type { World } from '../../server/sim/world';
import { ManualClock } from './manualClock';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

const linux = (name: string) =>
  plainGuest({
    name,
    nics: [{ bridge: 'xenbr0' }],
    guest: (domain, { config }) => bootLinux(domain, config),
  });

/** A world whose devices are followed as an editor's host follows them. */
async function openRig(domains = [linux('hit'), linux('spared')]) {
  const clock = new ManualClock();
  const world = await openWorld({ clock, domains });
  const store = world.openStore();
  const feed = new RootFeed(store);
  await feed.start();
  const model = new DeviceModel({
    store,
    clock,
    feed,
    hasDomain: () => true,
    judge: diagnoseDevice,
    onChange: () => undefined,
  });
  await model.rows();
  const row = async (id: string) => (await model.rows()).find((each) => each.id === id);
  return {
    world,
    write: (path: string, value: string | number) => store.write(path, String(value)),
    /** Lets both times pass: the world's and the person's who looks. */
    async pass(ms: number): Promise<void> {
      await world.advance(ms);
      clock.tick(ms);
      await world.settled();
    },
    async states(id: string) {
      const seen = await row(id);
      return [seen?.frontend.state, seen?.backend.state];
    },
    row,
    /** The row, once its states are these. */
    async until(id: string, front: number, back: number): Promise<DeviceRow> {
      for (let passedMs = 0; ; passedMs += 500) {
        const seen = await row(id);
        if (seen?.frontend.state === front && seen.backend.state === back) return seen;
        const now = `${seen?.frontend.state} and ${seen?.backend.state}`;
        assert.ok(passedMs < 300_000, `${id} stays at ${now}, not ${front} and ${back}`);
        await world.advance(500);
        clock.tick(500);
        await world.settled();
      }
    },
    close: () => model.close(),
  };
}

const vif = (domid: number, devid: number) => `/local/domain/${domid}/device/vif/${devid}`;
const vifBack = (domid: number, devid: number) => `/local/domain/0/backend/vif/${domid}/${devid}`;

async function plugIn(world: World, name: string): Promise<void> {
  const attached = world.toolstack.attachNic(world.toolstack.byName(name)!, { bridge: 'xenbr0' });
  await world.advance(2_000);
  await attached;
}

const strikes = (world: World, name: string) =>
  world.world.faults.find((fault) => fault.name === name)!.count;

describe('faults that stop a device in InitWait', () => {
  afterEach(closeWorlds);

  it('hotplugHangs: the backend waits for its script, and the doctor says so', async () => {
    const rig = await openRig();
    rig.world.world.setFault('hotplugHangs', 1, 1);
    await plugIn(rig.world, 'hit');
    await plugIn(rig.world, 'spared');
    await rig.until(vif(2, 1), 4, 4);
    assert.equal(strikes(rig.world, 'hotplugHangs'), 1);
    await rig.until(vif(1, 1), 4, 2);
    assert.deepEqual((await rig.row(vif(1, 1)))!.diagnoses[0]!.rule, 'at-rest', 'scripts take a while');
    await rig.pass(60_000);
    const { diagnoses, turn } = (await rig.row(vif(1, 1)))!;
    assert.equal(turn.who, 'backend');
    assert.deepEqual(
      diagnoses.map(({ rule, severity }) => [rule, severity]),
      [['hotplug-script', 'warning']],
    );
    assert.match(
      diagnoses[0]!.text,
      /^stuck for \d+ s: the backend waits for its hotplug script, which has not answered$/,
    );
    assert.ok(diagnoses[0]!.evidence.some((line) => line.includes('/etc/xen/scripts/vif-bridge')));
    assert.deepEqual(await rig.states(vif(1, 0)), [4, 4], 'what was plugged before stays as it is');
    rig.close();
  });

  it('hotplugHangs: a device that hangs goes on when somebody says that it is plugged', async () => {
    const rig = await openRig();
    rig.world.world.setFault('hotplugHangs', 1);
    await plugIn(rig.world, 'hit');
    await rig.until(vif(1, 1), 4, 2);
    await rig.write(`${vifBack(1, 1)}/hotplug-status`, 'busy');
    await rig.pass(5_000);
    assert.deepEqual(await rig.states(vif(1, 1)), [4, 2]);
    await rig.write(`${vifBack(1, 1)}/hotplug-status`, 'connected');
    const { diagnoses } = await rig.until(vif(1, 1), 4, 4);
    assert.equal(diagnoses[0]!.text, 'connected');
    rig.close();
  });

  it('hotplugHangs: a device that hangs closes when it is told to, and connects when it is begun anew', async () => {
    const rig = await openRig();
    rig.world.world.setFault('hotplugHangs', 1);
    await plugIn(rig.world, 'hit');
    await rig.until(vif(1, 1), 4, 2);
    for (const isOn of [true, false]) {
      rig.world.world.setFault('hotplugHangs', isOn ? 1 : 0);
      await rig.write(`${vif(1, 1)}/state`, 5);
      await rig.until(vif(1, 1), 6, 6);
      await rig.write(`${vif(1, 1)}/state`, 1);
      await rig.until(vif(1, 1), 4, isOn ? 2 : 4);
    }
    assert.equal(strikes(rig.world, 'hotplugHangs'), 2);
    rig.close();
  });

  it('hotplugHangs: a device that hangs is unplugged, and leaves nothing', async () => {
    const rig = await openRig();
    const lentBefore = rig.world.machine.usageOf(1);
    rig.world.world.setFault('hotplugHangs', 1);
    await plugIn(rig.world, 'hit');
    await rig.until(vif(1, 1), 4, 2);
    const managed = rig.world.toolstack.byName('hit')!;
    const detached = rig.world.toolstack.detach(managed, managed.devices.at(-1)!);
    await rig.world.advance(30_000);
    await detached;
    await rig.pass(1_000);
    assert.equal(await rig.row(vif(1, 1)), undefined);
    assert.deepEqual(rig.world.machine.usageOf(1), lentBefore);
    rig.close();
  });

  it('a script that failed is told of at once, with what it said', async () => {
    const rig = await openRig();
    rig.world.world.setFault('hotplugHangs', 1);
    await plugIn(rig.world, 'hit');
    await rig.until(vif(1, 1), 4, 2);
    await rig.write(`${vifBack(1, 1)}/hotplug-error`, 'Could not find bridge xenbr0');
    await rig.write(`${vifBack(1, 1)}/hotplug-status`, 'error');
    await rig.pass(1_000);
    const [said] = (await rig.row(vif(1, 1)))!.diagnoses;
    assert.deepEqual(
      [said!.rule, said!.severity, said!.text],
      ['hotplug-script', 'error', 'the hotplug script failed: Could not find bridge xenbr0'],
    );
    rig.close();
  });

  for (const guest of [
    linux('hit'),
    plainGuest({ name: 'hit', type: 'hvm', nics: [{ bridge: 'xenbr0' }], guest: windowsGuest }),
  ]) {
    const kind = guest.guest === windowsGuest ? 'Windows' : 'Linux';
    it(`unseenBackend: a frontend of ${kind} that begins anew does not see its backend, and connects when it looks again`, async () => {
      const rig = await openRig([guest, linux('spared')]);
      await rig.until(vif(1, 0), 4, 4);
      rig.world.world.setFault('unseenBackend', 1, 1);
      await rig.write(`${vif(1, 0)}/state`, 5);
      if (kind === 'Linux') {
        await rig.until(vif(1, 0), 6, 6);
        await rig.write(`${vif(1, 0)}/state`, 1);
      }
      await rig.until(vif(1, 0), 1, 2);
      await rig.pass(60_000);
      const { diagnoses, turn } = await rig.until(vif(1, 0), 1, 2);
      assert.equal(turn.who, 'frontend');
      assert.deepEqual(
        diagnoses.map(({ rule, severity }) => [rule, severity]),
        [['stuck', 'warning']],
      );
      assert.match(diagnoses[0]!.text, /waits for the frontend, which began anew and has not taken in/);
      assert.ok(diagnoses[0]!.evidence.some((line) => line.includes(`${vifBack(1, 0)}/state changed`)));
      assert.deepEqual(await rig.states(vif(2, 0)), [4, 4]);
      rig.world.world.setFault('unseenBackend', 0, 1);
      // The same state once more: an event like any other.
      await rig.write(`${vifBack(1, 0)}/state`, 2);
      await rig.until(vif(1, 0), 4, 4);
      rig.close();
    });
  }
});
