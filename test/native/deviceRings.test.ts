/** Rings of devices on a real host, over the store and the pages of a simulated one: what is mapped, and for how long. */
import assert from 'node:assert/strict';
import { ForeignMemory } from '../../native/foreignMemory';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { quietMs } from '../../native/observer/deviceFinder';
import { leaseMs, NativeObserver, retryMs } from '../../native/observer/nativeObserver';
import { minPassIntervalMs } from '../../native/observer/passes';
import { mapRing } from '../../native/observer/ringPages';
import { PageSampler } from '../../server/capture/pageSampler';
import type { Grants, Mapped } from '../../server/host/grants';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import type { World } from '../../server/sim/world';
import { FLEX_RING_INDEXES, FLEX_RING_REFS_OFFSET } from '../../server/wire/flexRing';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, openWorld } from '../sim/worldKit';
import { throwsCode } from '../support/throwsCode';

const guest = 40;
const front = (device: string) => `/local/domain/${guest}/device/${device}`;

describe('device rings on a real host', () => {
  let clock: ManualClock;
  let world: World;
  let store: StoreClient;
  let observer: NativeObserver;
  let lend: Grants;
  const mapped = new Set<Mapped>();
  const maxDeviceRings = 3;
  const lines: string[] = [];
  /** What the observer reads at this path it gets when the test lets it. */
  let slow: { readonly path: string; isAsked: boolean; readonly answered: Promise<void> } | undefined;

  beforeEach(async () => {
    clock = new ManualClock();
    lines.length = 0;
    slow = undefined;
    world = await openWorld({ domains: [] });
    world.machine.createDomain(guest);
    lend = world.machine.portsOf(guest).grants;
    store = world.openStore();
    await store.mkdir(`/local/domain/${guest}`);
    world.store.connect({ domid: guest });
    const real = world.machine.portsOf(0).grants;
    const grants: Pick<Grants, 'map'> = {
      map(domid, grefs, access) {
        assert.equal(access, 'read');
        const one = real.map(domid, grefs, access);
        mapped.add(one);
        return { memory: one.memory, unmap: () => (mapped.delete(one), one.unmap()) };
      },
    };
    const foreign = new ForeignMemory(new XenLibraries({ folders: [] }));
    observer = new NativeObserver({
      store: slowly(world.openStore()),
      clock,
      seesDomain0: true,
      maxDeviceRings,
      log: (line) => lines.push(line),
      map: (place) => mapRing({ grants: grants as Grants, foreign }, place),
    });
  });
  afterEach(async () => {
    await observer.close();
    assert.equal(mapped.size, 0, 'nothing is mapped after the end');
    await closeWorlds();
  });

  function slowly(observed: StoreClient): StoreClient {
    const read = observed.read.bind(observed);
    observed.read = async (path, options) => {
      const value = await read(path, options);
      if (path !== slow?.path) return value;
      slow.isAsked = true;
      await slow.answered;
      return value;
    };
    return observed;
  }
  /** From now on what stands at `path` is read slowly, until the answer is let through. */
  function hold(path: string): () => void {
    let release: () => void = () => undefined;
    slow = { path, isAsked: false, answered: new Promise((resolve) => (release = resolve)) };
    return release;
  }

  async function write(folder: string, nodes: Readonly<Record<string, string | number>>): Promise<void> {
    for (const [name, value] of Object.entries(nodes)) await store.write(`${folder}/${name}`, String(value));
  }

  /** As the toolstack and both ends leave it once they are connected. */
  async function connect(device: string, nodes: Readonly<Record<string, string | number>>): Promise<void> {
    await write(front(device), { 'backend-id': 0, ...nodes, state: 4 });
    const [deviceClass, devid] = device.split('/');
    await write(`/local/domain/0/backend/${deviceClass}/${guest}/${devid}`, {
      frontend: front(device),
      'frontend-id': guest,
      state: 4,
    });
  }

  const devices = () => observer.pages().filter(({ kind }) => kind === 'device');
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      clock.tick(minPassIntervalMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const seen = async () => {
    await until(() => devices().length > 0);
    return devices()[0]!;
  };

  it('are mapped, all their pages, for reading, while somebody looks', async () => {
    const shares = [0, 1].map(() => lend.share(0, 1, { writable: true }));
    const [first, second] = shares.map(({ grefs }) => grefs[0]!);
    await connect('vbd/51712', {
      'ring-page-order': 1,
      'ring-ref0': first!,
      'ring-ref1': second!,
      'event-channel': 3,
    });
    const page = await seen();
    assert.equal(page.id, `device:${guest}:vbd/51712`);
    assert.equal(mapped.size, 0);
    const sampler = new PageSampler(page);
    shares[0]!.memory.store32(0, 5);
    assert.equal(sampler.sample(0), 'moved');
    assert.deepEqual([sampler.slots!.inFlight, sampler.slots!.layout.slots], [5, 64]);
    assert.match(page.found, /^mapped for reading through grants \d+, \d+, as ring-ref0 of vbd 51712 tells$/);
    assert.equal(mapped.size, 1);
    clock.tick(2 * leaseMs);
    assert.equal(mapped.size, 0);
    assert.equal(sampler.sample(1), 'same');
  });

  for (const end of ['frontend', 'backend'] as const) {
    it(`are let go at once when the ${end} closes, and mapped anew when it has come back`, async () => {
      const ring = lend.share(0, 1, { writable: true });
      await connect('vbd/1', { 'ring-ref': ring.grefs[0]! });
      const page = await seen();
      const sampler = new PageSampler(page);
      assert.equal(sampler.sample(0), 'moved');
      const state =
        end === 'frontend' ? `${front('vbd/1')}/state` : `/local/domain/0/backend/vbd/${guest}/1/state`;
      await store.write(state, '5');
      // No time passes on the clock: the event alone does it.
      while (mapped.size > 0) await new Promise((resolve) => setImmediate(resolve));
      await until(() => devices().length === 0);
      assert.equal(sampler.sample(1), 'gone');
      assert.equal(sampler.unreadable, undefined);
      await store.write(state, '4');
      assert.ok((await seen()).copy(Buffer.alloc(16)));
    });
  }

  it('are not mapped while it is not known how an end has moved', async () => {
    const ring = lend.share(0, 1, { writable: true });
    await connect('vbd/1', { 'ring-ref': ring.grefs[0]! });
    const page = await seen();
    assert.ok(page.copy(Buffer.alloc(16)));
    await store.write(`${front('vbd/1')}/state`, '4');
    while (mapped.size > 0) await new Promise((resolve) => setImmediate(resolve));
    throwsCode(() => page.copy(Buffer.alloc(16)), 'busy');
    await until(() => {
      try {
        return page.copy(Buffer.alloc(16));
      } catch {
        return false;
      }
    });
    assert.equal(mapped.size, 1, 'it stands where it stood');
  });

  it('are not mapped before that is read, whatever else is found meanwhile', async () => {
    const ring = lend.share(0, 1, { writable: true });
    await connect('vbd/1', { 'ring-ref': ring.grefs[0]! });
    const page = await seen();
    const answer = hold(`${front('vbd/1')}/state`);
    await store.write(`${front('vbd/1')}/state`, '5');
    await until(() => slow!.isAsked);
    await store.write(`/local/domain/${guest}/console/ring-ref`, '9');
    await until(() => observer.pages().some(({ kind }) => kind === 'console'));
    throwsCode(() => page.copy(Buffer.alloc(16)), 'busy');
    answer();
    await until(() => devices().length === 0);
  });

  it('are not mapped when they are found by what an end had said before it moved', async () => {
    const answer = hold(`backend/vbd/${guest}/1/state`);
    await connect('vbd/1', { 'ring-ref': lend.share(0, 1, { writable: true }).grefs[0]! });
    await until(() => slow!.isAsked);
    await store.write(`${front('vbd/1')}/state`, '5');
    await world.settled();
    answer();
    // No time passes on the clock: what has moved is not read yet.
    while (devices().length === 0) await new Promise((resolve) => setImmediate(resolve));
    throwsCode(() => devices()[0]!.copy(Buffer.alloc(16)), 'busy');
    await until(() => devices().length === 0);
  });

  it('that their frontend names anew are other pages', async () => {
    const [one, other] = [lend.share(0, 1, { writable: true }), lend.share(0, 1, { writable: true })];
    await connect('vbd/1', { 'ring-ref': one.grefs[0]! });
    const page = await seen();
    assert.ok(page.copy(Buffer.alloc(16)));
    await store.write(`${front('vbd/1')}/ring-ref`, String(other.grefs[0]!));
    await until(() => devices()[0] !== page);
    assert.equal(page.copy(Buffer.alloc(16)), false);
    other.memory.store32(0, 9);
    const bytes = Buffer.alloc(16);
    assert.ok(devices()[0]!.copy(bytes));
    assert.equal(bytes.readUInt32LE(0), 9);
  });

  it('of bytes tell how long they are, and are left out while they do not', async () => {
    const indexes = lend.share(0, 1, { writable: true });
    indexes.memory.store32(FLEX_RING_INDEXES.fields.ring_order.offsetBytes, 77);
    await connect('vbd/1', { 'ring-ref': lend.share(0, 1, { writable: true }).grefs[0]! });
    await connect('9pfs/0', { 'num-rings': 1, 'ring-ref0': indexes.grefs[0]! });
    await until(() => devices().length > 0);
    assert.deepEqual(
      devices().map(({ id }) => id),
      [`device:${guest}:vbd/1`],
    );
    assert.equal(mapped.size, 0, 'looking what it is holds nothing');
    indexes.memory.store32(FLEX_RING_INDEXES.fields.ring_order.offsetBytes, 1);
    clock.tick(retryMs);
    await store.write(`${front('9pfs/0')}/state`, '4');
    await until(() => devices().length === 2);
    const page = devices().find(({ id }) => id.includes('9pfs'))!;
    assert.deepEqual(page.ringBytes, [4096, 4096]);
    const data = lend.share(0, 2, { writable: true });
    data.grefs.forEach((gref, at) => indexes.memory.store32(FLEX_RING_REFS_OFFSET + 4 * at, gref));
    data.memory.copyIn(4096, Buffer.from('Tread'));
    const bytes = Buffer.alloc(5);
    assert.equal(page.copyRing!('out', bytes, 0), true);
    assert.equal(bytes.toString(), 'Tread');
    assert.equal(mapped.size, 2, 'the page of indices, and the pages that it names');
    clock.tick(leaseMs);
    clock.tick(leaseMs);
    assert.equal(mapped.size, 0);
  });

  it('that cannot be mapped are told with the reason, and not tried all the time', async () => {
    await connect('vbd/1', { 'ring-ref': 4_000 });
    const page = await seen();
    const sampler = new PageSampler(page);
    assert.equal(sampler.sample(0), 'gone');
    assert.match(sampler.unreadable!, /grants nothing under reference 4000/);
  });

  it('are seen although an end writes its state in a loop, and let go when it does move', async () => {
    await connect('vbd/1', { 'ring-ref': lend.share(0, 1, { writable: true }).grefs[0]! });
    const page = await seen();
    const heard = async (state: number) => {
      await store.write(`${front('vbd/1')}/state`, String(state));
      // Nothing is read again before the clock moves.
      await world.settled();
    };
    const isShown = () => {
      try {
        return page.copy(Buffer.alloc(16));
      } catch (error) {
        assert.ok(error instanceof XenscopeError && error.code === 'busy');
        return false;
      }
    };
    const passed = async (ms: number) => {
      clock.tick(ms);
      await world.settled();
    };
    const shown: boolean[] = [];
    for (let write = 0; write < 8; write++) {
      await heard(4);
      shown.push(isShown());
      await passed(minPassIntervalMs);
    }
    assert.deepEqual(shown, [false, false, false, false, true, true, true, true]);
    await heard(5);
    await passed(minPassIntervalMs);
    assert.equal(mapped.size, 0);
    assert.equal(devices().length, 0);

    // One that has kept still is believed again.
    await heard(4);
    await passed(quietMs + 1);
    const again = await seen();
    assert.ok(again.copy(Buffer.alloc(16)));
    await heard(4);
    assert.equal(mapped.size, 0);
  });

  it('are so many and no more, which is said once', async () => {
    for (const device of ['vbd/1', 'vbd/2', 'vbd/3', 'vbd/4']) {
      await connect(device, { 'ring-ref': lend.share(0, 1, { writable: true }).grefs[0]! });
    }
    await until(() => devices().length === maxDeviceRings);
    await until(() => lines.length > 0);
    assert.deepEqual(lines, [
      `Devices share 4 rings with this domain; 3 are looked at, shared among the domains. Left out: 1 of domain ${guest}.`,
    ]);
    await store.rm(front('vbd/1'));
    await until(() => devices().some(({ id }) => id.endsWith('/4')));
    assert.equal(devices().length, 3);
  });

  it('go with their domain, and with their device', async () => {
    for (const device of ['vbd/1', 'vbd/2']) {
      await connect(device, { 'ring-ref': lend.share(0, 1, { writable: true }).grefs[0]! });
    }
    await until(() => devices().length === 2);
    for (const page of devices()) assert.ok(page.copy(Buffer.alloc(16)));
    await store.rm(front('vbd/1'));
    await until(() => devices().length === 1);
    assert.equal(mapped.size, 1);
    world.machine.destroyDomain(guest, { sudden: true });
    world.store.domainDied(guest);
    await until(() => devices().length === 0);
    assert.equal(mapped.size, 0);
  });
});
