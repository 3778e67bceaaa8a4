/**
 * Hostile programs at a world's guest socket: requests of any content, cut anywhere, left half done,
 * while a well-behaved program goes on ringing. The world stays up and everything comes back.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { joinWorld } from '../../server/cli/joinWorld';
import { systemClock } from '../../server/cli/systemClock';
import type { Random } from '../../server/host/clock';
import { createWorld } from '../../server/sim/world';
import type { World } from '../../server/sim/world';
import { GuestKind, GuestOp, guestRequestBytes, guestWordBytes } from '../../server/wire/guestSocket';
import { openFilePages } from '../../native/pages';
import { GuestClient, openEvtchn } from '../support/guestClient';
import { effort, pick, randomBytes, seed, seededRandom } from './seed';

const visits = 300 * effort;
const ops = Object.values(GuestOp);
const kinds = Object.values(GuestKind);

if (process.platform === 'linux') {
  describe('hostile programs at the guest socket', function () {
    this.timeout(60_000 * effort);
    const random = seededRandom(seed);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'guests-'));
    const socketPath = path.join(folder, 'guests');
    let world: World;

    before(async () => {
      const pages = openFilePages({ maxPages: 20_000 });
      world = await createWorld({
        seed: 1,
        pace: 0,
        clock: systemClock,
        domains: [],
        pages,
        guestSocketPath: socketPath,
      });
    });
    after(async () => {
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    });
    afterEach(function () {
      if (this.currentTest?.state === 'failed') console.log(`· repeat with XENSCOPE_SEED=${seed}`);
    });

    it(`hurt nobody in ${visits} visits, and leave nothing`, async () => {
      const alice = await joinWorld(socketPath, 'alice');
      const bob = await joinWorld(socketPath, 'bob');
      const usage = () => [alice, bob].map(({ domid }) => world.machine.usageOf(domid));
      const [before, pagesBefore] = [usage(), world.machine.pagesInUse];
      const bell = await openBell(socketPath, alice.domid);
      const visitors: Promise<void>[] = [];
      for (let visit = 0; visit < visits; visit++) {
        visitors.push(visitOf(random, socketPath, [alice.domid, bob.domid]));
        if (visitors.length >= 8) await visitors.shift();
        await bell.ring();
      }
      await Promise.all(visitors);
      bell.close();
      while (world.machine.pagesInUse !== pagesBefore) await turn();
      while (JSON.stringify(usage()) !== JSON.stringify(before)) await turn();
      alice.leave();
      bob.leave();
      while (world.hypervisor.list().length > 1) await turn();
      // The daemons of domain 0 let go of the consoles and rings a moment later.
      while (world.machine.usageOf(0).mappedPages > 0) await turn();
    });
  });
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

/** A loop of a domain with itself that must be heard each time. */
async function openBell(socketPath: string, domid: number) {
  const evtchn = await openEvtchn(socketPath, domid);
  const near = (await evtchn.calls.ask(GuestOp.bindUnbound, domid)).result;
  const far = (await evtchn.calls.ask(GuestOp.bindInterdomain, domid, near)).result;
  assert.equal(await evtchn.events.event(), far);
  return {
    async ring() {
      await evtchn.calls.ask(GuestOp.unmask, far);
      assert.equal((await evtchn.calls.ask(GuestOp.notify, near)).result, 0);
      // A program of the same domain may have had the other port rung at an unmap, as with Linux.
      while ((await evtchn.events.event()) !== far);
    },
    close: () => evtchn.close(),
  };
}

/** One program that does what it likes for a while, and goes without a word. */
async function visitOf(random: Random, socketPath: string, domids: readonly number[]): Promise<void> {
  const client = await GuestClient.dial(socketPath);
  const words = () => Array.from({ length: random.below(9) }, () => wordOf(random, domids));
  if (random.next() < 0.9) {
    void client
      .hello(pick(random, kinds), {
        domid: pick(random, domids),
        rest: random.next() < 0.5 ? Buffer.alloc(0) : randomBytes(random, random.below(80)),
        version: random.next() < 0.95 ? 1 : random.below(3),
      })
      .catch(() => undefined);
  }
  for (let act = random.below(40); act > 0; act--) {
    const op = random.next() < 0.9 ? pick(random, ops) : random.below(2 ** 32);
    const payload = random.next() < 0.8 ? guestWordBytes(words()) : randomBytes(random, random.below(300));
    const request = guestRequestBytes({ op, payload });
    if (random.next() < 0.1) request.writeUInt32LE(random.below(2 ** 32), 4);
    const cut = random.next() < 0.1 ? random.below(request.length) : request.length;
    client.send(request.subarray(0, cut));
    if (random.next() < 0.2) await turn();
  }
  if (random.next() < 0.5) await turn();
  client.close();
}

function wordOf(random: Random, domids: readonly number[]): number {
  switch (random.below(5)) {
    case 0:
      return pick(random, domids);
    case 1:
      return random.below(40);
    case 2:
      return random.below(5000);
    case 3:
      return 0xffff_ffff;
    default:
      return random.below(2 ** 32);
  }
}
