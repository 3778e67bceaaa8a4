/** The observer of a real host over the store and the pages of a simulated one: when it maps, and when it lets go. */
import assert from 'node:assert/strict';
import { ForeignMemory } from '../../native/foreignMemory';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { leaseMs, NativeObserver, retryMs } from '../../native/observer/nativeObserver';
import { minPassIntervalMs } from '../../native/observer/passes';
import type { NativeObserverOptions } from '../../native/observer/nativeObserver';
import { mapRing } from '../../native/observer/ringPages';
import { XenscopeError } from '../../server/host/errors';
import { BufferMemory } from '../../server/host/bufferMemory';
import type { Grants, Mapped } from '../../server/host/grants';
import type { ObservedPage } from '../../server/host/observer';
import { PAGE_BYTES } from '../../server/host/pages';
import { demoDomains } from '../../server/sim/demo';
import type { World } from '../../server/sim/world';
import { openStoreClient } from '../../server/store/client/storeClient';
import { type DeviceRing, deviceRingId } from '../../server/wire/deviceRings/deviceRing';
import { pvcallsEditions, writePvCallsDataPage } from '../../server/wire/pvcalls/dataPage';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, openWorld } from '../sim/worldKit';
import { throwsCode } from '../support/throwsCode';

/** Without the two that offer each other vchans: those are looked at to see what they are, and lent to nobody here. */
const domains = demoDomains.filter(({ name }) => name !== 'work' && name !== 'vault');

describe('the observer of a real host', () => {
  let clock: ManualClock;
  let world: World;
  let observer: NativeObserver;
  let options: () => NativeObserverOptions;
  /** Pages that are mapped through the grants now. */
  const mapped = new Set<Mapped>();
  let isRefused = false;
  let attempts = 0;

  beforeEach(async () => {
    clock = new ManualClock();
    isRefused = false;
    attempts = 0;
    world = await openWorld({ domains });
    const real = world.machine.portsOf(0).grants;
    const grants: Pick<Grants, 'map'> = {
      map(domid, grefs, access) {
        attempts++;
        assert.equal(access, 'read');
        if (isRefused) throw new XenscopeError('notOurs', 'No such grant.');
        const one = real.map(domid, grefs, access);
        mapped.add(one);
        return { memory: one.memory, unmap: () => (mapped.delete(one), one.unmap()) };
      },
    };
    const foreign = new ForeignMemory(new XenLibraries({ folders: [] }));
    options = () => ({
      store: world.openStore(),
      clock,
      seesDomain0: true,
      map: (place) => mapRing({ grants: grants as Grants, foreign }, place),
    });
    observer = new NativeObserver(options());
  });
  afterEach(async () => {
    await observer.close();
    assert.equal(mapped.size, 0, 'nothing is mapped after the end');
    await closeWorlds();
  });

  const lines: string[] = [];

  /** The observer of a driver domain: the store serves it as that domain, with no right beyond. */
  async function observeFrom(domid: number): Promise<void> {
    await observer.close();
    lines.length = 0;
    observer = new NativeObserver({
      store: openStoreClient({ dial: world.store.connect({ domid }), clock, reconnect: false }),
      clock,
      seesDomain0: false,
      // The pages of others are lent to domain 0.
      map: (place) => {
        throw new XenscopeError(
          'notOurs',
          `The ${place.kind} page of domain ${place.domid} is not lent to us.`,
        );
      },
      log: (line) => lines.push(line),
    });
  }

  /** So that a domain may list all domains, as some hosts let theirs. */
  async function letRead(domid: number): Promise<void> {
    const store = world.openStore();
    await store.setPerms('/local/domain', [
      { domid: 0, read: false, write: false },
      { domid, read: true, write: false },
    ]);
    await store.close();
  }

  const changed = () => new Promise<void>((resolve) => void (stop = observer.onChange(resolve)));
  let stop: () => void = () => undefined;
  async function listed() {
    while (observer.pages().length === 0) await changed().finally(() => stop());
    return observer.pages();
  }
  async function until(isSo: () => boolean) {
    while (!isSo()) {
      clock.tick(minPassIntervalMs);
      // Devices of a domain that is destroyed take their time to close.
      await world.advance(minPassIntervalMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const look = (page: { copy(into: Uint8Array): boolean }) => {
    const bytes = Buffer.alloc(PAGE_BYTES);
    return page.copy(bytes) ? bytes : undefined;
  };

  it('finds what the machine has, and maps nothing for it', async () => {
    const inside = world.observer().pages();
    // Some backends are in a driver domain: their rings are lent to that.
    const forUs = inside.filter(({ device }) => device === undefined || device.backendDomid === 0);
    assert.ok(forUs.length < inside.length && forUs.some(({ device }) => device !== undefined));
    await until(() => observer.pages().length >= forUs.length);
    assert.deepEqual(
      observer
        .pages()
        .map(({ id }) => id)
        .sort(),
      forUs.map(({ id }) => id).sort(),
    );
    assert.equal(mapped.size, 0);
  });

  it('sees rings that no node names where somebody names them, and says why it does not', async () => {
    const socketsOf = (one: { pages(): readonly ObservedPage[] }) =>
      one.pages().filter(({ device }) => device?.format.kind === 'pvcallsData');
    const command = () => observer.pages().find(({ device }) => device?.deviceClass === 'pvcalls');
    await until(() => command() !== undefined);
    const own = world.machine.portsOf(command()!.domid).grants;
    const page = own.share(0, 1, { writable: true });
    const data = own.share(0, 2, { writable: true });
    const { draft7 } = pvcallsEditions;
    writePvCallsDataPage((offset, value) => page.memory.store32(offset, value), 1, data.grefs, draft7);
    const ring = (gref: number): DeviceRing => ({
      ...command()!.device!,
      name: `socket ${gref}`,
      format: { kind: 'pvcallsData' },
      grefs: [gref],
      port: undefined,
      node: 'CONNECT 1',
    });
    const [good, empty, missing] = [ring(page.grefs[0]!), ring(data.grefs[0]!), ring(99_999)];
    const namer = {};
    observer.nameRings(namer, [good, empty, missing]);
    world.observer().nameRings(namer, [good, empty, missing]);
    for (const one of [observer, world.observer()]) {
      const [seen, ...others] = socketsOf(one);
      assert.equal(others.length, 0);
      assert.deepEqual(
        [seen!.id, seen!.edition, seen!.ringBytes],
        [deviceRingId(good), 'draft7', [4096, 4096]],
      );
      data.memory.copyIn(4096, Buffer.from('out!'));
      const bytes = Buffer.alloc(4);
      assert.ok(seen!.copyRing!('out', bytes, 0));
      assert.equal(bytes.toString(), 'out!');
      assert.match(one.whyUnseen(empty) ?? '', /no page of indices/);
      assert.match(one.whyUnseen(missing) ?? '', /99999|No such grant/);
    }
    assert.equal(observer.whyUnseen(good), undefined);
    observer.nameRings(namer, []);
    world.observer().nameRings(namer, []);
    assert.deepEqual([...socketsOf(observer), ...socketsOf(world.observer())], []);
    for (const shared of [page, data]) shared.endWhenUnused();
  });

  it('sees the same bytes as the machine', async () => {
    for (const page of await listed()) {
      const other = world
        .observer()
        .pages()
        .find(({ id }) => id === page.id)!;
      assert.deepEqual(look(page), look(other), page.id);
      assert.match(page.found, /through its grant/);
    }
  });

  it('maps a page once while somebody looks, and lets go when nobody did for a while', async () => {
    const [page, other] = await listed();
    look(page!);
    look(page!);
    assert.equal(attempts, 1);
    clock.tick(leaseMs - 1);
    look(page!);
    look(other!);
    clock.tick(leaseMs - 1);
    assert.equal(observer.mappedPages, 2);
    look(other!);
    clock.tick(leaseMs);
    assert.equal(observer.mappedPages, 1);
    clock.tick(2 * leaseMs);
    assert.equal(observer.mappedPages, 0);
    assert.ok(look(page!));
    assert.equal(mapped.size, 1);
  });

  it('holds no page that it could not make anything of', async () => {
    const withVchans = await openWorld({ domains: demoDomains });
    let held = 0;
    let looked = 0;
    const other = new NativeObserver({
      ...options(),
      store: withVchans.openStore(),
      map(place) {
        if (place.kind !== 'vchan') throw new XenscopeError('notOurs', 'No such page.');
        held++;
        looked++;
        // It was taken away before the first look.
        const memory = new BufferMemory(
          { buffer: new ArrayBuffer(PAGE_BYTES), offset: 0, bytes: PAGE_BYTES },
          'read',
        );
        memory.revoke('Its domain is gone.');
        return { memory, found: 'nowhere', unmap: () => void held-- };
      },
    });
    await until(() => looked > 0);
    await other.close();
    assert.equal(held, 0);
  });

  it('does not ask again and again for what it cannot have', async () => {
    const [page] = await listed();
    isRefused = true;
    for (let times = 0; times < 5; times++) throwsCode(() => look(page!), 'notOurs');
    assert.equal(attempts, 1);
    clock.tick(retryMs);
    isRefused = false;
    assert.ok(look(page!));
  });

  it('lets go of all pages when a domain dies, and drops those of the dead', async () => {
    const pages = await listed();
    const victim = world.world
      .domains()
      .find(({ domid, can }) => domid !== undefined && can.includes('destroy'))!;
    for (const page of pages) look(page);
    assert.equal(mapped.size, pages.length);
    const ours = pages.filter(({ domid }) => domid === victim.domid);
    assert.ok(ours.length > 0);
    world.world.act('destroy', victim.domid!);
    await until(() => !observer.pages().some(({ domid }) => domid === victim.domid));
    assert.equal(mapped.size, 0);
    for (const page of ours) assert.equal(look(page), undefined);
    for (const page of observer.pages()) assert.ok(look(page));
  });

  describe('in a driver domain', () => {
    const driverDomid = 1;

    it('shows the own rings where no domains may be listed, and says so', async () => {
      await observeFrom(driverDomid);
      const pages = await listed();
      assert.deepEqual(pages.map(({ id }) => id).sort(), ['console:1', 'xenstore:1']);
      assert.match(lines.join(), /^The xenstore does not let this domain \(1\) list the others/);
    });

    it('takes those that are listed for introduced, for it may not ask', async () => {
      await letRead(driverDomid);
      await observeFrom(driverDomid);
      const domids = new Set((await listed()).map(({ domid }) => domid));
      const running = world.world.domains().filter(({ domid }) => domid !== undefined && domid > 0);
      assert.deepEqual([...domids].sort(), running.map(({ domid }) => domid).sort());
      assert.deepEqual(lines, []);
    });

    it('looks by itself who is gone, for nobody tells it', async () => {
      await letRead(driverDomid);
      await observeFrom(driverDomid);
      const ofOthers = () =>
        observer.pages().filter(({ domid, kind }) => domid !== driverDomid && kind !== 'device');
      await listed();
      const victim = ofOthers()[0]!.domid;
      world.world.act('destroy', victim);
      // Who looks at a page makes it look who is there; that none can be mapped changes nothing.
      await until(() => {
        for (const page of ofOthers()) throwsCode(() => look(page), 'notOurs');
        return !ofOthers().some(({ domid }) => domid === victim);
      });
      assert.ok(ofOthers().length > 0);
    });
  });

  describe('of vchans', () => {
    const root = '/local/domain/1/data';

    /** What a server does that offers a vchan to domain 0. */
    function offer(leftOrder = 10, toDomid = 0, domid = 1): number {
      const { grefs, memory } = world.machine.portsOf(domid).grants.share(toDomid, 1, { writable: true });
      memory.store32(16, leftOrder | (11 << 16));
      memory.store8(20, 2);
      memory.store8(21, 1);
      return grefs[0]!;
    }
    async function announce(path: string, gref: number | string): Promise<void> {
      const store = world.openStore();
      await store.write(`${path}/ring-ref`, String(gref));
      await store.write(`${path}/event-channel`, '7');
      await store.close();
    }
    const vchans = () => observer.pages().filter(({ kind }) => kind === 'vchan');

    it('finds those that are offered to this domain, wherever they are, and forgets them', async () => {
      await listed();
      const gref = offer();
      await announce(`${root}/vchan/0/512`, gref);
      await until(() => vchans().length > 0);
      const [page] = vchans();
      assert.deepEqual(
        { id: page!.id, domid: page!.domid, gref: page!.gref, ringBytes: page!.ringBytes },
        { id: `vchan:1:${gref}`, domid: 1, gref, ringBytes: [1024, 2048] },
      );
      assert.equal(mapped.size, 0, 'looking what it is holds nothing');
      assert.equal(look(page!)!.readUInt16LE(18), 11);
      assert.match(page!.found, /data\/vchan\/0\/512\/ring-ref names/);
      const store = world.openStore();
      await store.rm(`${root}/vchan`);
      await store.close();
      await until(() => vchans().length === 0);
      assert.equal(look(page!), undefined);
      assert.equal(mapped.size, 0);
    });

    it('shows the bytes of their rings where those are lent to this domain, and lets go of them as well', async () => {
      await listed();
      const { grants } = world.machine.portsOf(1);
      const control = grants.share(0, 1, { writable: true });
      const ours = grants.share(0, 2, { writable: false });
      const others = grants.share(2, 1, { writable: true });
      control.memory.store32(16, 12 | (13 << 16));
      control.memory.store8(20, 1);
      control.memory.store8(21, 1);
      [...others.grefs, ...ours.grefs].forEach((gref, at) => control.memory.store32(24 + 4 * at, gref));
      ours.memory.copyIn(4094, Buffer.from('to us'));
      await announce(`${root}/vchan/0/rings`, control.grefs[0]!);
      await until(() => vchans().length > 0);
      const [page] = vchans();
      const bytes = Buffer.alloc(5);
      assert.equal(page!.isRingAtHand!('right'), false);
      assert.equal(page!.copyRing!('right', bytes, 4094), true);
      assert.equal(page!.isRingAtHand!('right'), true);
      assert.equal(bytes.toString(), 'to us');
      throwsCode(() => page!.copyRing!('left', bytes, 0), 'notOurs');
      attempts = 0;
      throwsCode(() => page!.copyRing!('left', bytes, 0), 'notOurs');
      assert.equal(attempts, 0, 'not tried again at once');
      assert.equal(mapped.size, 2, 'the control page, and the pages of one ring');
      clock.tick(leaseMs);
      clock.tick(leaseMs);
      assert.equal(mapped.size, 0);
      assert.equal(page!.copyRing!('right', bytes, 4094), true, 'and mapped again when somebody looks');
    });

    it('takes no page for one that is not, or is not ours, and no node that says nothing', async () => {
      await listed();
      await announce(`${root}/nonsense`, 'nonsense');
      await announce(`${root}/nobody`, 4_000_000_000);
      await announce(`${root}/wrong`, offer(3));
      await announce(`${root}/others`, offer(10, 2));
      await announce(`${root}/a/b/c/d/e/f/deep`, offer());
      await announce(`${root}/right`, offer());
      await until(() => vchans().length > 0);
      assert.deepEqual(
        vchans().map(({ found }) => found).length,
        1,
        'the one that was announced last, when all others had been looked at',
      );
    });

    it('maps what did not fit once a second at most, however often its node is written', async () => {
      await listed();
      const gref = offer(3);
      await announce(`${root}/wrong`, gref);
      await until(() => attempts > 0);
      attempts = 0;
      const startMs = clock.nowMs();
      const store = world.openStore();
      for (let times = 0; times < 40; times++) {
        // Each makes another list: the list of what this domain offers changes.
        await store.write(`${root}/other/ring-ref`, String(4_000_000_000 + times));
        await store.write(`${root}/other/event-channel`, '7');
        clock.tick(minPassIntervalMs);
        await world.settled();
      }
      await store.close();
      const seconds = (clock.nowMs() - startMs) / 1000;
      const passes = seconds * (1000 / minPassIntervalMs);
      assert.ok(attempts > 0);
      assert.ok(attempts <= passes + 1 + seconds + 1, `${attempts} in ${seconds} s`);
    });

    it('looks at so many and no more, and says so', async () => {
      await observer.close();
      observer = new NativeObserver({ ...options(), maxVchanPages: 2, log: (line) => lines.push(line) });
      lines.length = 0;
      await listed();
      for (const name of ['a', 'b', 'c']) await announce(`${root}/${name}`, offer());
      await until(() => lines.length > 0);
      assert.deepEqual(lines, [
        'The domains announce 3 vchans; 2 are looked at, shared among the domains. Left out: 1 of domain 1.',
      ]);
      assert.equal(vchans().length, 2);
    });

    it('leaves out those of the domain that offers the most, whatever its number', async () => {
      await observer.close();
      observer = new NativeObserver({ ...options(), maxVchanPages: 3 });
      await listed();
      for (const name of ['a', 'b', 'c', 'd']) await announce(`${root}/${name}`, offer());
      await until(() => vchans().length === 3);
      const late = offer(10, 0, 2);
      await announce('/local/domain/2/data/late', late);
      await until(() => vchans().some(({ domid, gref }) => domid === 2 && gref === late));
      assert.deepEqual(
        vchans()
          .map(({ domid }) => domid)
          .sort(),
        [1, 1, 2],
      );
    });
  });

  it('says nothing and holds nothing after its end', async () => {
    const [page] = await listed();
    look(page!);
    let told = 0;
    observer.onChange(() => told++);
    await observer.close();
    assert.deepEqual(observer.pages(), []);
    assert.equal(look(page!), undefined);
    assert.equal(told, 0);
  });
});
