/**
 * Our native ends of a vchan that look before they sleep, as on a real host, against an unchanged libxenvchan in
 * another process: rings of every order, within the control page and beside it.
 */
import assert from 'node:assert/strict';
import { NativeSpins } from '../../../native/spin';
import type { Spin } from '../../../server/host/spin';
import { connectVchan } from '../../../server/vchan/connect';
import type { VchanPorts } from '../../../server/vchan/ports';
import { serveVchan } from '../../../server/vchan/serve';
import type { Vchan } from '../../../server/vchan/vchan';
import { type VchanOrders, chooseVchanOrders } from '../../../server/wire/vchanRings';
import { effort } from '../../fuzz/seed';
import { describeWithDaemons } from '../daemons/requirements';
import type { Program } from './kit';
import { NativeEnds } from './nativeEnds';
import { exchangeBytes } from './vchanBytes';

/** Each way. */
const total = 2 ** 19 * effort;
/** The sizes that libxenvchan makes orders 10 to 20 of. */
const sizes = [1, 1025, ...Array.from({ length: 9 }, (_, at) => 2 ** (12 + at))];

/** Each order in each direction at least once; in a soak each with each. */
function pairsOfSizes(): (readonly [leftBytes: number, rightBytes: number])[] {
  const all = sizes.flatMap((left, at) =>
    sizes.map((right, place) => ({ left, right, isFirst: (at + place) % sizes.length === 1 })),
  );
  return all.filter(({ isFirst }) => isFirst || effort > 1).map(({ left, right }) => [left, right] as const);
}

describeWithDaemons('a native end of a vchan that looks before it sleeps, and libxenvchan', function () {
  this.timeout(60_000 * effort);
  let ends: NativeEnds;
  let ports: VchanPorts;
  let looksThatPaid: number;

  before(async () => {
    ends = await NativeEnds.open('ours', 'theirs');
    const spins = new NativeSpins(ends.joined.libraries, everLaterClock());
    ports = { ...ends.openProgram(), spin: () => counted(spins.open()) };
  });
  beforeEach(() => (looksThatPaid = 0));
  after(() => ends.close());

  const counted = ({ until }: Spin): Spin => ({
    until: (isSo) => {
      const paid = until(isSo);
      if (paid) looksThatPaid++;
      return paid;
    },
  });

  async function open(role: Vchan['role'], [left, right]: (typeof pairs)[number]): Promise<[Vchan, Program]> {
    const { theirs } = ends;
    if (role === 'server') {
      const path = ends.paths('ours').server;
      const rings = { leftBytes: left, rightBytes: right };
      const vchan = await serveVchan(ports, { clientDomid: theirs, path, ...rings });
      return [vchan, ends.start('client', '0', 'stream', total)];
    }
    const peer = ends.start('server', `${left}/${right}`, 'stream', total);
    const path = ends.paths('theirs').client;
    return [await connectVchan(ports, { serverDomid: theirs, path, waits: true }), peer];
  }

  const pairs = pairsOfSizes();
  for (const role of ['server', 'client'] as const) {
    it(`exchange bytes over rings of every order, as the ${role}`, async function () {
      const seen = { left: new Set<number>(), right: new Set<number>() };
      for (const pair of pairs) {
        const orders = chooseVchanOrders(...pair) as VchanOrders;
        const [vchan, peer] = await open(role, pair);
        const [left, right] = [vchan.readRingBytes, vchan.writeRingBytes];
        const rings = role === 'server' ? [left, right] : [right, left];
        assert.deepEqual(rings, [2 ** orders.left, 2 ** orders.right]);
        await exchangeBytes(vchan, total);
        assert.match(await peer.output(), new RegExp(`exchanged ${total}\n`));
        seen.left.add(orders.left);
        seen.right.add(orders.right);
      }
      const every = sizes.map((_, at) => 10 + at);
      for (const side of ['left', 'right'] as const)
        assert.deepEqual([...seen[side]].sort(), every, `orders of the ${side} rings`);
      assert.ok(looksThatPaid > 0, 'no look found anything');
    });
  }
});

/** Each look at it takes half a microsecond: how often an end looks does not depend on how crowded the machine is. */
function everLaterClock(): () => number {
  let nowMs = 0;
  return () => (nowMs += 0.0005);
}
