import assert from 'node:assert/strict';
import type { DomainAct } from '../../server/host/worldControl';
import { debian, linuxGuest } from '../../server/sim/guests/linux';
import type { DomainConfig } from '../../server/sim/toolstack/config';
import type { World } from '../../server/sim/world';
import { domainPath } from '../../server/wire/xsPath';
import { closeWorlds, dump, followAll, openWorld, plainGuest } from './worldKit';

const guest = (overrides: Partial<DomainConfig> = {}) =>
  plainGuest({
    type: 'pvh',
    guest: linuxGuest(debian),
    disks: [{ vdev: 'xvda', target: '/dev/vg0/guest' }],
    ...overrides,
  });

const seen = (world: World, name = 'guest') => world.world.domains().find((domain) => domain.name === name)!;
const stateOf = (world: World) => seen(world).state;

describe('the life of domains in the hands of a person', () => {
  afterEach(closeWorlds);

  it('lists what exists and what may be done with it', async () => {
    const world = await openWorld({ domains: [guest()] });
    const [dom0, first] = world.world.domains();
    assert.deepEqual([dom0!.domid, dom0!.can], [0, []]);
    assert.deepEqual([first!.domid, first!.name, first!.state], [1, 'guest', 'running']);
    assert.ok(first!.can.includes('kexec') && !first!.can.includes('unpause'));
    assert.throws(() => world.world.act('unpause', 1), { code: 'refused', message: /guest is running/ });
    assert.throws(() => world.world.act('pause', 77), { code: 'input', message: /no domain 77/ });
    assert.throws(() => world.world.act('crash', 0), { code: 'refused' });
  });

  it('starts, shuts down, and starts again a domain by its name', async () => {
    const world = await openWorld({ domains: [guest()] });
    world.world.act('shutdown', 1);
    await world.advance(30_000);
    assert.deepEqual([stateOf(world), seen(world).domid, seen(world).can], ['absent', undefined, ['start']]);
    world.world.act('start', 'guest');
    await world.advance(30_000);
    assert.deepEqual([stateOf(world), seen(world).domid], ['running', 2]);
    const nodes = await dump(world);
    assert.equal(nodes.get(`${domainPath(2)}/device/vbd/51712/state`)?.value, '4');
    assert.ok(!nodes.has(domainPath(1)));
  });

  it('does what the configuration says after each kind of end', async () => {
    const ends: [Partial<DomainConfig>, DomainAct, number | undefined, string][] = [
      [{ onCrash: 'restart' }, 'crash', 2, 'running'],
      [{ onCrash: 'destroy' }, 'crash', undefined, 'absent'],
      [{ onCrash: 'preserve' }, 'crash', 1, 'shutdown'],
      [{}, 'watchdog', undefined, 'absent'],
      [{ onWatchdog: 'restart' }, 'watchdog', 2, 'running'],
      [{}, 'reboot', 2, 'running'],
      [{ onReboot: 'destroy' }, 'reboot', undefined, 'absent'],
    ];
    for (const [config, act, domid, state] of ends) {
      const world = await openWorld({ domains: [guest(config)] });
      world.world.act(act, 1);
      await world.advance(60_000);
      assert.deepEqual(
        [seen(world).domid, stateOf(world)],
        [domid, state],
        `${act} with ${JSON.stringify(config)}`,
      );
      if (state !== 'shutdown') continue;
      assert.equal(seen(world).reason, 'crash');
      world.world.act('destroy', 1);
      await world.advance(60_000);
      assert.equal(stateOf(world), 'absent');
    }
  });

  it('pauses a guest, which does nothing until it goes on', async () => {
    const world = await openWorld({ domains: [guest()] });
    await world.advance(60_000);
    world.world.act('pause', 1);
    assert.equal(stateOf(world), 'paused');
    const events = await followAll(world);
    await world.openStore().write('/local/domain/1/memory/target', '100000');
    await world.advance(600_000);
    assert.deepEqual(events, ['/local/domain/1/memory/target']);
    world.world.act('unpause', 1);
    await world.advance(60_000);
    assert.ok(
      events.some((path) => path.endsWith('data/meminfo_total')),
      events.join(),
    );
  });

  it('has a guest stay as large as it is while its target is no number', async () => {
    const world = await openWorld({ domains: [guest()] });
    await world.advance(60_000);
    const data = async () => {
      const nodes = await dump(world);
      return ['meminfo_total', 'meminfo_free', 'updated'].map(
        (name) => nodes.get(`/local/domain/1/data/${name}`)!.value,
      );
    };
    const [total, , updated] = await data();
    assert.match(total!, /^[0-9]+$/);
    const store = world.openStore();
    for (const target of ['abc', '']) {
      await store.write('/local/domain/1/memory/target', target);
      await world.advance(60_000);
      const [after, free, later] = await data();
      assert.notEqual(later, updated, 'it goes on');
      assert.equal(after, total);
      assert.match(free!, /^[0-9]+$/);
    }
    await store.write('/local/domain/1/memory/target', '100000');
    await world.advance(60_000);
    assert.equal((await data())[0], '100000');
  });

  it('suspends a guest and lets it go on with its devices as they were', async () => {
    const world = await openWorld({ domains: [guest()] });
    world.world.act('suspend', 1);
    await world.advance(20_000);
    assert.deepEqual([stateOf(world), seen(world).reason, seen(world).domid], ['suspended', 'suspend', 1]);
    const events = await followAll(world);
    await world.advance(120_000);
    assert.equal(events.length, 0, events.join());
    world.world.act('resume', 1);
    await world.advance(60_000);
    assert.equal(stateOf(world), 'running');
    assert.ok(events.length > 0);
    assert.ok(!events.some((path) => path.endsWith('/state')), 'a device was connected anew');
    // Its next end is told again.
    world.world.act('crash', 1);
    await world.advance(20_000);
    assert.equal(stateOf(world), 'absent');
  });

  for (const act of ['kexec', 'softReset'] as const) {
    for (const ringFeatures of [0, 3]) {
      it(`comes back after ${act} with features ${ringFeatures} in the same domain, devices and all`, async () => {
        const log: string[] = [];
        const world = await openWorld({ domains: [guest()], ringFeatures, log: (line) => log.push(line) });
        const events = await followAll(world, { values: true });
        const watches = world.watches;
        world.world.act(act, 1);
        await world.advance(60_000);
        assert.deepEqual([seen(world).domid, stateOf(world)], [1, 'running'], log.join('\n'));
        const state = `${domainPath(1)}/device/vbd/51712/state`;
        const states = events.filter((event) => event.startsWith(`${state} = `)).map((event) => event.at(-1));
        assert.equal(states.at(-1), '4', states.join());
        assert.ok(states.length > 2, states.join());
        assert.ok(Math.abs(world.watches - watches) <= 1, `${watches} watches became ${world.watches}`);
      });
    }
  }

  it('takes what the old kernel held with it at kexec, and leaves ring and console as they were', async () => {
    const world = await openWorld({ domains: [guest()] });
    const { grants, events } = world.machine.portsOf(1);
    const lent = grants.share(0, 1, { writable: true });
    events.bindUnbound(0);
    const before = world.machine.startInfo(1);
    const held = world.machine.usageOf(1);
    world.world.act('kexec', 1);
    assert.notEqual(lent.memory.dead, undefined, 'its pages are gone');
    const now = world.machine.usageOf(1);
    // Left are store and console, and of its disk the page of the ring for as long as the backend maps it.
    assert.deepEqual([now.grants, now.ports], [3, 2]);
    assert.equal(world.machine.startInfo(1).xenstore.memory, before.xenstore.memory);
    await world.advance(60_000);
    assert.equal(stateOf(world), 'running');
    const later = world.machine.usageOf(1);
    assert.deepEqual(
      [later.grants, later.ports],
      [held.grants - 1, held.ports - 1],
      'the disk is connected anew',
    );
  });

  it('tells who listens, once for all that changes at a time', async () => {
    const world = await openWorld({ domains: [guest()] });
    const states: string[] = [];
    const stop = world.world.onChange(() => states.push(`${stateOf(world)} ${world.world.isHeld}`));
    world.world.act('pause', 1);
    world.world.hold();
    await world.settled();
    world.world.act('unpause', 1);
    await world.settled();
    stop();
    world.world.resume();
    await world.settled();
    assert.deepEqual(states, ['paused true', 'running true']);
  });
});
