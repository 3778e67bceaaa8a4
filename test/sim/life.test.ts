import assert from 'node:assert/strict';
import { isStoreError } from '../../server/host/errors';
import { domainPath } from '../../server/wire/xsPath';
import { linuxGuest, debian } from '../../server/sim/guests/linux';
import { demoDomains } from '../../server/sim/demo';
import { SeededRandom } from '../../server/sim/seededRandom';
import type { World } from '../../server/sim/world';
import { ManualClock } from './manualClock';
import { closeWorlds, dump, followAll, openWorld, plainGuest } from './worldKit';
import type { Dump } from './worldKit';

const minuteMs = 60_000;

/** The domids that a path speaks of, in the places where toolstacks keep something for a domain. */
const places = [
  /^\/local\/domain\/(\d+)$/,
  /^\/libxl\/(\d+)$/,
  /^\/local\/domain\/(\d+)\/backend\//,
  /^\/local\/domain\/\d+\/backend\/[a-z]+\/(\d+)$/,
  /^\/local\/domain\/\d+\/device-model\/(\d+)$/,
];

/** Paths that belong to a domain which is not there, and /vm folders that nobody points at. */
function orphans(world: World, nodes: Dump): string[] {
  const alive = new Set(world.hypervisor.list().map(({ domid }) => domid));
  const used = new Set([...nodes].filter(([path]) => path.endsWith('/vm')).map(([, node]) => node.value));
  return [...nodes.keys()].filter((path) => {
    if (/^\/vm\/[^/]+$/.test(path)) return !used.has(path);
    return places.some((place) => {
      const match = place.exec(path);
      return match !== null && !alive.has(Number(match[1]));
    });
  });
}

const domidOf = (world: World, name: string) => world.hypervisor.byName(name)?.domid;

async function advanceUntil(world: World, what: string, reached: () => boolean): Promise<void> {
  for (let step = 0; step < 1200; step++) {
    if (reached()) return;
    await world.advance(1000);
  }
  assert.fail(`within 20 minutes of the world's time it did not happen: ${what}`);
}

describe('the life of a world', () => {
  afterEach(closeWorlds);

  it('rebuilds a guest that crashed under a new domid and leaves nothing of the old one', async () => {
    const world = await openWorld();
    const oldDomid = domidOf(world, 'flaky')!;
    const oldVm = (await dump(world)).get(`${domainPath(oldDomid)}/vm`)!.value;
    const events = await followAll(world);
    await advanceUntil(world, 'a crash', () => !world.hypervisor.get(oldDomid));
    await advanceUntil(world, 'a rebuilt guest', () => world.hypervisor.byName('flaky')?.running === true);
    const newDomid = domidOf(world, 'flaky')!;
    assert.notEqual(newDomid, oldDomid);
    await world.advance(20_000);

    const nodes = await dump(world);
    assert.deepEqual(orphans(world, nodes), []);
    assert.ok(!nodes.has(oldVm));
    for (const path of nodes.keys()) {
      assert.ok(!path.split('/').includes(String(oldDomid)), `${path} is left of domain ${oldDomid}`);
    }
    assert.equal(nodes.get(`${domainPath(newDomid)}/name`)?.value, 'flaky');
    assert.equal(nodes.get(`${domainPath(newDomid)}/device/vif/0/state`)?.value, '4');
    assert.ok(events.includes(domainPath(oldDomid)), 'the removal was seen');
  });

  it('tells watchers of @introduceDomain and @releaseDomain', async () => {
    const world = await openWorld({ domains: [] });
    const store = world.openStore();
    const seen: string[] = [];
    for (const special of ['@introduceDomain', '@releaseDomain']) {
      const watch = await store.watch(special);
      void (async () => {
        for await (const { kind } of watch) if (kind === 'change') seen.push(special);
      })();
    }
    const guest = plainGuest({
      guest: async (domain) => {
        await domain.sleep(1000);
        domain.shutdown('poweroff');
      },
    });
    world.hypervisor.dom0.start('test', async () => {
      await world.toolstack.create(guest);
    });
    await world.advance(30_000);
    // Once when it shut down, once when it was destroyed.
    assert.deepEqual(seen, ['@introduceDomain', '@releaseDomain', '@releaseDomain']);
    assert.equal(domidOf(world, 'guest'), undefined);
  });

  it('survives a guest and a daemon that throw', async () => {
    const log: string[] = [];
    const broken = plainGuest({ name: 'broken', guest: () => Promise.reject(new Error('no init found')) });
    const sound = plainGuest({ name: 'sound', guest: linuxGuest(debian) });
    const world = await openWorld({ domains: [broken, sound], log: (line) => log.push(line) });
    assert.equal(domidOf(world, 'broken'), undefined);
    assert.ok(world.hypervisor.byName('sound')?.running);
    assert.ok(log.some((line) => line.includes('broken') && line.includes('no init found')));

    let starts = 0;
    world.hypervisor.dom0.start('a daemon', async () => {
      await Promise.resolve();
      if (++starts === 1) throw new Error('it fell');
    });
    await world.advance(5000);
    assert.equal(starts, 2);
    assert.deepEqual(orphans(world, await dump(world)), []);
  });

  it('shuts a guest down and reboots it when the toolstack asks', async () => {
    const world = await openWorld({ domains: [plainGuest({ guest: linuxGuest(debian) })] });
    const ask = (reason: 'poweroff' | 'reboot') =>
      world.hypervisor.dom0.start('test', () =>
        world.toolstack.askToShutDown(world.toolstack.byName('guest')!, reason),
      );
    ask('reboot');
    await world.advance(20_000);
    assert.equal(domidOf(world, 'guest'), 2);
    ask('poweroff');
    await world.advance(20_000);
    assert.equal(domidOf(world, 'guest'), undefined);
    assert.deepEqual(orphans(world, await dump(world)), []);
  });

  it('plugs devices in and out of running guests', async () => {
    const world = await openWorld();
    const events = await followAll(world, { values: true });
    await world.advance(10 * minuteMs);
    const database = domidOf(world, 'database')!;
    const state = `${domainPath(database)}/device/vbd/51744/state`;
    const states = events.filter((event) => event.startsWith(`${state} = `)).map((event) => event.at(-1));
    assert.match(states.join(''), /^(4?6)?(1346)+/);
    const web = domidOf(world, 'web')!;
    const backend = `/local/domain/0/backend/vif/${web}/1`;
    assert.ok(events.includes(`${backend}/state = 4`));
    assert.ok(events.includes(`${backend} = (gone)`));
  });

  it('takes a device away from a guest that does not answer, after waiting for it', async () => {
    const log: string[] = [];
    const world = await openWorld({ domains: [plainGuest()], log: (line) => log.push(line) });
    const { toolstack } = world;
    const guest = toolstack.byName('guest')!;
    world.hypervisor.dom0.start('test', async () => {
      const device = await toolstack.attachDisk(guest, { vdev: 'xvda', target: '/dev/vg0/data' });
      await world.hypervisor.dom0.sleep(5000);
      await toolstack.detach(guest, device);
    });
    await world.advance(10_000);
    const back = '/local/domain/0/backend/vbd/1/51712';
    assert.equal((await dump(world)).get(`${back}/state`)?.value, '5');
    await world.advance(10_000);
    assert.ok(![...(await dump(world)).keys()].some((node) => node.includes('51712')));
    assert.ok(log.some((line) => line.includes(`${back} does not close`)));
  });

  it('keeps a human pace: a few changes a second, never a burst without an act', async () => {
    const world = await openWorld();
    const events = await followAll(world);
    await world.advance(10 * minuteMs);
    const perSecond = events.length / 600;
    assert.ok(perSecond > 0.5 && perSecond < 8, `${perSecond} changes a second`);
  });

  it('piles nothing up in hours', async function () {
    this.timeout(120_000);
    const world = await openWorld({ seed: 3 });
    const nodesBefore = (await dump(world)).size;
    const { watches, waitingTimers } = world;
    for (let hour = 0; hour < 3; hour++) {
      await world.advance(60 * minuteMs);
      const nodes = await dump(world);
      // One short-lived guest and two plugged devices come and go.
      assert.ok(Math.abs(nodes.size - nodesBefore) < 350, `${nodesBefore} nodes became ${nodes.size}`);
      assert.ok(Math.abs(world.watches - watches) < 40, `${watches} watches became ${world.watches}`);
      assert.ok(world.waitingTimers < waitingTimers + 25, `${world.waitingTimers} timers wait`);
    }
    assert.equal(domidOf(world, 'database'), 3, 'a guest that should stay has crashed');
  });

  it('lives on when somebody tears at its store', async function () {
    this.timeout(60_000);
    const log: string[] = [];
    const world = await openWorld({ seed: 9, log: (line) => log.push(line) });
    const random = new SeededRandom(99);
    const store = world.openStore();
    let paths: string[] = [];
    for (let act = 0; act < 200; act++) {
      if (act % 20 === 0) paths = [...(await dump(world)).keys()];
      const path = random.pick(paths);
      // The root cannot be removed, and without domain 0 there is nothing left to look at.
      const isVital = ['/', '/local', '/local/domain', '/local/domain/0'].includes(path);
      if (random.chance(0.5) || isVital)
        await store.write(path, random.pick(['', '4', '6', 'nonsense', '/']));
      else
        await store
          .rm(path)
          .catch((error: unknown) => assert.ok(isStoreError(error, 'ENOENT'), `${String(error)}`));
      await world.advance(random.between(0, 4000));
    }
    await world.advance(20 * minuteMs);
    const starts = log.filter((line) => line.includes('started')).length;
    assert.ok(starts > demoDomains.length, `${starts} domains were started in all`);
    assert.ok(world.hypervisor.dom0.running);
    const events = await followAll(world);
    await world.advance(minuteMs);
    assert.ok(events.length > 0, 'nothing changes any more');
    assert.ok(world.waitingTimers < 200, `${world.waitingTimers} timers wait`);
  });

  it('is quiet at pace 0, and wakes at once', async () => {
    const clock = new ManualClock();
    const world = await openWorld({ clock });
    const events = await followAll(world);
    assert.equal(clock.waiting, 0);
    clock.tick(60 * minuteMs);
    await world.settled();
    assert.deepEqual(events, []);

    world.world.pace = 1;
    assert.equal(clock.waiting, 1);
    for (let second = 0; second < 60; second++) {
      clock.tick(1000);
      await world.settled();
    }
    assert.ok(events.length > 10, `${events.length} changes in a minute`);

    world.world.pace = 0;
    await world.settled();
    const count = events.length;
    clock.tick(60 * minuteMs);
    await world.settled();
    assert.equal(events.length, count);
  });
});
