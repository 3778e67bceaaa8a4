/** Requests and responses that really pass through the rings of devices. */
import assert from 'node:assert/strict';
import { GENERIC_RING, genericRingSlotOffset, genericRingSlots } from '../../server/wire/genericRing';
import { blockRequest } from '../../server/sim/devices/blockSlots';
import { runDomainFrontends } from '../../server/sim/devices/simPorts';
import { bootLinux } from '../../server/sim/guests/linux';
import { mirageGuest } from '../../server/sim/guests/mirage';
import { XenbusState } from '../../server/wire/xenbusState';
import type { World } from '../../server/sim/world';
import { closeWorlds, dump, openWorld, plainGuest } from './worldKit';

const { req_prod, rsp_prod } = GENERIC_RING.fields;
const minuteMs = 60_000;

/** The page that a device's node names, as its owner has it. */
async function ringOf(world: World, domid: number, node: string) {
  const gref = Number((await dump(world)).get(`/local/domain/${domid}/device/${node}`)?.value);
  const lent = world.machine
    .lent()
    .find((each) => each.ownerDomid === domid && each.grants[0]?.gref === gref);
  assert.ok(lent, `${node} names grant ${gref}, which is not lent`);
  const { memory } = lent.frames;
  return {
    memory,
    requests: memory.load32(req_prod.offsetBytes),
    responses: memory.load32(rsp_prod.offsetBytes),
    maps: lent.grants[0]!.maps,
  };
}

const linux = (name: string) =>
  plainGuest({
    name,
    nics: [{ bridge: 'xenbr0' }],
    disks: [{ vdev: 'xvda', target: '/dev/vg0/root' }],
    guest: (domain, { config }) => bootLinux(domain, config),
  });

describe('rings of simulated devices', () => {
  afterEach(closeWorlds);

  it('carry requests to a disk, and all are answered', async () => {
    const world = await openWorld({ domains: [linux('guest')] });
    const before = await ringOf(world, 1, 'vbd/51712/ring-ref');
    assert.equal(before.maps, 1, 'the backend maps it');
    await world.advance(10 * minuteMs);
    const after = await ringOf(world, 1, 'vbd/51712/ring-ref');
    assert.ok(after.requests > before.requests + 5, `${after.requests} requests`);
    assert.equal(after.responses, after.requests);
    const slots = genericRingSlots(4096, 112);
    const last = Buffer.alloc(12);
    after.memory.copyOut(genericRingSlotOffset(after.responses - 1, 112, slots), last);
    assert.ok(last.readUInt8(8) <= 1, 'a read or a write');
    assert.equal(last.readInt16LE(10), 0, 'done');
  });

  it('carry frames from one guest to the others of its bridge', async () => {
    const unikernel = plainGuest({ name: 'dns', nics: [{ bridge: 'xenbr0' }], guest: mirageGuest });
    const elsewhere = plainGuest({ name: 'lone', nics: [{ bridge: 'xenbr1' }], guest: mirageGuest });
    const world = await openWorld({ domains: [linux('guest'), unikernel, elsewhere] });
    await world.advance(10 * minuteMs);
    const sent = await ringOf(world, 1, 'vif/0/tx-ring-ref');
    const received = await ringOf(world, 2, 'vif/0/rx-ring-ref');
    const alone = await ringOf(world, 3, 'vif/0/rx-ring-ref');
    assert.ok(sent.responses >= 3, `${sent.responses} frames sent`);
    assert.equal(sent.responses, sent.requests);
    assert.equal(received.responses, sent.responses, 'each frame arrives, none twice');
    assert.equal(received.requests - received.responses, 4, 'buffers are posted again');
    assert.equal(alone.responses, 0, 'another bridge hears nothing');
  });

  it('survive guests that break the rules: their requests fail, their neighbours go on', async () => {
    const log: string[] = [];
    const domains = [handmade('bad', 1000), handmade('odd', 1), linux('good')];
    const world = await openWorld({ domains, log: (line) => log.push(line) });
    await world.advance(5 * minuteMs);
    assert.ok(
      log.some((line) => line.includes('1000 requests in a ring of 32 slots')),
      log.join('\n'),
    );
    assert.equal((await ringOf(world, 1, 'vbd/51712/ring-ref')).responses, 0);
    const odd = await ringOf(world, 2, 'vbd/51712/ring-ref');
    assert.equal(odd.responses, 1);
    const answer = Buffer.alloc(12);
    odd.memory.copyOut(genericRingSlotOffset(0, 112, 32), answer);
    assert.equal(answer.readInt16LE(10), -1, 'a grant that is not there');
    const good = await ringOf(world, 3, 'vbd/51712/ring-ref');
    assert.ok(good.responses > 0 && good.requests === good.responses);
  });
});

/** A guest whose disk driver publishes a ring with `requests` in it, the first of which names no grant of its. */
const handmade = (name: string, requests: number) =>
  plainGuest({
    name,
    disks: [{ vdev: 'xvda', target: '/dev/vg0/root' }],
    guest: (domain) =>
      runDomainFrontends(domain, {
        vbd: {
          habits: { published: XenbusState.Connected, closesFirst: 'never', reopens: false },
          make: ({ resources, other }) => ({
            initialise: () => {
              const { grefs, memory } = resources.share(other.domid, 1);
              const request = blockRequest({ operation: 0, handle: 0, id: 1, sector: 0, gref: 4000 });
              memory.copyIn(genericRingSlotOffset(0, 112, 32), request);
              memory.store32(req_prod.offsetBytes, requests);
              return [
                ['ring-ref', grefs[0]!],
                ['event-channel', resources.bindUnbound(other.domid).port],
              ];
            },
          }),
        },
      }),
  });
