/** The rings that devices of a world share, as its observer sees them. */
import assert from 'node:assert/strict';
import { PageSampler } from '../../server/capture/pageSampler';
import { GENERIC_RING } from '../../server/wire/genericRing';
import { FLEX_RING_INDEXES, FLEX_RING_REFS_OFFSET } from '../../server/wire/flexRing';
import type { World } from '../../server/sim/world';
import { closeWorlds, openWorld } from './worldKit';

const { req_prod, rsp_prod } = GENERIC_RING.fields;

/** A guest whose devices nobody drives but the test: it publishes as a frontend does. */
async function rig() {
  const world = await openWorld({ domains: [] });
  const { grants, events } = (() => {
    world.machine.createDomain(40);
    world.store.domainCreated(40);
    return world.machine.portsOf(40);
  })();
  const store = world.openStore();
  const publish = async (device: string, nodes: Readonly<Record<string, string | number>>) => {
    for (const [name, value] of Object.entries({ 'backend-id': 0, ...nodes })) {
      await store.write(`/local/domain/40/device/${device}/${name}`, String(value));
    }
  };
  return { world, grants, events, publish };
}

const ids = (world: World) =>
  world
    .observer()
    .pages()
    .filter(({ kind, domid }) => kind === 'device' && domid === 40)
    .map(({ id }) => id);

describe('device rings of a world', () => {
  afterEach(closeWorlds);

  it('are seen when their nodes are there and their pages are lent, and no more afterwards', async () => {
    const { world, grants, events, publish } = await rig();
    let changes = 0;
    world.observer().onChange(() => changes++);
    const ring = grants.share(0, 1, { writable: true });
    const port = events.bindUnbound(0);
    await publish('vbd/51712', { 'ring-ref': ring.grefs[0]!, 'event-channel': port.port, state: 1 });
    assert.deepEqual(ids(world), [], 'not before the frontend says that it has published them');
    changes = 0;
    await publish('vbd/51712', { state: 3 });
    assert.ok(changes > 0, 'who looks is told');
    assert.deepEqual(ids(world), ['device:40:vbd/51712']);
    const page = world
      .observer()
      .pages()
      .find(({ id }) => id === 'device:40:vbd/51712')!;
    const sampler = new PageSampler(page);
    ring.memory.store32(req_prod.offsetBytes, 5);
    ring.memory.store32(rsp_prod.offsetBytes, 2);
    assert.equal(sampler.sample(0), 'moved');
    assert.deepEqual([sampler.slots!.inFlight, sampler.slots!.layout.slots], [3, 32]);
    assert.equal(page.inside?.toldServer, undefined, 'nobody is bound to its doorbell');
    const backend = world.machine.portsOf(0).events.bindInterdomain(40, port.port);
    assert.equal(page.inside?.toldServer, 0);
    backend.close();
    await publish('vbd/51712', { state: 5 });
    assert.deepEqual(ids(world), [], 'a frontend that closes takes them back');
    assert.equal(sampler.sample(1), 'gone');
    await publish('vbd/51712', { state: 3 });
    assert.equal(ids(world).length, 1);
    ring.end();
    assert.deepEqual(ids(world), [], 'what is not lent is not shown');
  });

  it('of several pages are read as one, from shares of their own', async () => {
    const { world, grants, publish } = await rig();
    const one = grants.share(0, 1, { writable: true });
    const other = grants.share(0, 1, { writable: true });
    await publish('vbd/0', {
      'ring-page-order': 1,
      'ring-ref0': one.grefs[0]!,
      'ring-ref1': other.grefs[0]!,
      state: 4,
    });
    const page = world
      .observer()
      .pages()
      .find(({ id }) => id === 'device:40:vbd/0')!;
    other.memory.store32(8, 0x1234_5678);
    const bytes = Buffer.alloc(8192);
    assert.ok(page.copy(bytes));
    assert.equal(bytes.readUInt32LE(4096 + 8), 0x1234_5678);
    assert.equal(new PageSampler(page).slots!.layout.slots, 64);
  });

  it('of bytes are as long as their page says', async () => {
    const { world, grants, publish } = await rig();
    const indexes = grants.share(0, 1, { writable: true });
    indexes.memory.store32(FLEX_RING_INDEXES.fields.ring_order.offsetBytes, 2);
    await publish('9pfs/0', {
      'num-rings': 1,
      'ring-ref0': indexes.grefs[0]!,
      'event-channel-0': 9,
      state: 4,
    });
    const page = world
      .observer()
      .pages()
      .find(({ id }) => id === 'device:40:9pfs/0')!;
    indexes.memory.store32(FLEX_RING_INDEXES.fields.out_prod.offsetBytes, 100);
    const sampler = new PageSampler(page);
    sampler.sample(0);
    assert.deepEqual(
      sampler.directions.map(({ layout, counter }) => [layout.name, layout.sizeBytes, counter.usedBytes]),
      [
        ['in', 8192, 0],
        ['out', 8192, 100],
      ],
    );
    const bytes = Buffer.alloc(5);
    assert.throws(() => page.copyRing!('out', bytes, 0), /does not lend the pages that it names/);
    const data = grants.share(0, 4, { writable: true });
    data.grefs.forEach((gref, at) => indexes.memory.store32(FLEX_RING_REFS_OFFSET + 4 * at, gref));
    data.memory.copyIn(8192 + 4094, Buffer.from('hello'));
    assert.equal(page.copyRing!('out', bytes, 4094), true);
    assert.equal(bytes.toString(), 'hello');
    data.memory.copyIn(0, Buffer.from('there'));
    assert.equal(page.copyRing!('in', bytes, 0), true);
    assert.equal(bytes.toString(), 'there');
    await publish('9pfs/0', { state: 6 });
    assert.deepEqual(ids(world), []);
    assert.equal(page.copyRing!('in', bytes, 0), false);
  });

  it('are not shown where another domain is the backend than the pages are lent to', async () => {
    const { world, grants, publish } = await rig();
    const ring = grants.share(0, 1, { writable: true });
    await publish('vbd/0', { 'backend-id': 7, 'ring-ref': ring.grefs[0]!, state: 4 });
    assert.deepEqual(ids(world), []);
    await publish('vbd/0', { 'backend-id': 0, 'ring-ref': 4_000_000 });
    assert.deepEqual(ids(world), []);
  });

  it('go with their domain, and keep none of its pages', async () => {
    const { world, grants, publish } = await rig();
    const before = world.machine.pagesInUse;
    const ring = grants.share(0, 1, { writable: true });
    await publish('vbd/0', { 'ring-ref': ring.grefs[0]!, state: 4 });
    assert.equal(ids(world).length, 1);
    world.machine.destroyDomain(40, { sudden: true });
    world.store.domainDied(40);
    assert.deepEqual(ids(world), []);
    assert.ok(world.machine.pagesInUse < before, 'its pages are freed');
  });
});
