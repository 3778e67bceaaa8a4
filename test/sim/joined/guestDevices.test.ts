/** What joined programs do with grants, event channels and foreign pages, each over a connection of its own. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { maxMappedPagesPerDomain } from '../../../server/sim/machine/machine';
import {
  GUEST_NONE,
  GUEST_PLACE_BYTES,
  GuestErrno,
  GuestKind,
  GuestOp,
  GuestWorldTime,
} from '../../../server/wire/guestSocket';
import { GuestClient, openEvtchn } from '../../support/guestClient';
import { stepTo, until, useJoinedWorld } from './joinedWorld';

const none = [GUEST_NONE, GUEST_NONE];

if (process.platform === 'linux') {
  describe('devices of joined programs', function () {
    this.timeout(30_000);
    const { joined, domid } = useJoinedWorld();

    describe('grants', () => {
      async function two() {
        const [alice, bob] = [await domid('alice'), await domid('bob')];
        const shares = await joined().device(GuestKind.gntalloc, alice);
        const maps = await joined().device(GuestKind.gntdev, bob);
        return { alice, bob, shares, maps };
      }

      it('names the file of the pages, in the folder of the world and nowhere else', async () => {
        const { bob, shares } = await two();
        const { result, payload } = await shares.ask(GuestOp.share, bob, 1, 3, ...none);
        assert.ok(result > 0);
        assert.equal(payload.length, GUEST_PLACE_BYTES + 3 * 4);
        const name = payload.subarray(0, payload.indexOf(0)).toString();
        assert.match(name, /^pages-\d+$/);
        assert.equal(readFileSync(path.join(shares.greeting.toString(), name)).length, 3 * 4096);
      });

      it('are checked by the domain that asks', async () => {
        const { alice, bob, shares, maps } = await two();
        const { payload } = await shares.ask(GuestOp.share, bob, 0, 1, ...none);
        const gref = payload.readUInt32LE(GUEST_PLACE_BYTES);
        const stranger = await joined().device(GuestKind.gntdev, await domid('carol'));
        const ask = (who: GuestClient, writable: number, from = alice, ref = gref) =>
          who.ask(GuestOp.map, writable, ...none, from, ref).then(({ result }) => result);
        assert.equal(await ask(stranger, 0), -GuestErrno.EINVAL);
        assert.equal(await ask(maps, 1), -GuestErrno.EINVAL, 'lent for reading');
        assert.equal(await ask(maps, 0, alice, gref + 1), -GuestErrno.EINVAL);
        assert.equal(await ask(maps, 0, 4000), -GuestErrno.EINVAL);
        assert.ok((await ask(maps, 0)) > 0);
      });

      it('map several at once or none', async () => {
        const { alice, bob, shares, maps } = await two();
        const { payload } = await shares.ask(GuestOp.share, bob, 1, 2, ...none);
        const grefs = [0, 1].map((at) => payload.readUInt32LE(GUEST_PLACE_BYTES + 4 * at));
        const bad = await maps.ask(GuestOp.map, 1, ...none, alice, grefs[0]!, bob, 12);
        assert.equal(bad.result, -GuestErrno.EINVAL);
        assert.equal(joined().world.machine.usageOf(bob).mappedPages, 0);
        const good = await maps.ask(GuestOp.map, 1, ...none, alice, grefs[1]!, alice, grefs[0]!);
        assert.equal(good.payload.readUInt32LE(28), 1, 'page 1 comes first');
        assert.equal(joined().world.machine.usageOf(bob).mappedPages, 2);
        assert.equal((await maps.ask(GuestOp.unmap, good.result)).result, 0);
        assert.equal((await maps.ask(GuestOp.unmap, good.result)).result, -GuestErrno.EINVAL);
        assert.equal(joined().world.machine.usageOf(bob).mappedPages, 0);
      });

      it('that are taken back while they are mapped go with the last mapping', async () => {
        const { alice, bob, shares, maps } = await two();
        const before = joined().world.machine.usageOf(alice).grants;
        const { result, payload } = await shares.ask(GuestOp.share, bob, 1, 1, ...none);
        const gref = payload.readUInt32LE(GUEST_PLACE_BYTES);
        const mapped = await maps.ask(GuestOp.map, 1, ...none, alice, gref);
        assert.equal((await shares.ask(GuestOp.unshare, result)).result, 0);
        assert.equal(joined().world.machine.usageOf(alice).grants, before + 1);
        await maps.ask(GuestOp.unmap, mapped.result);
        assert.equal(joined().world.machine.usageOf(alice).grants, before);
      });

      it('have limits for one request', async () => {
        const { bob, shares } = await two();
        assert.equal((await shares.ask(GuestOp.share, bob, 1, 4097, ...none)).result, -GuestErrno.E2BIG);
        assert.equal((await shares.ask(GuestOp.share, bob, 1, 0, ...none)).result, -GuestErrno.EINVAL);
        assert.equal((await shares.ask(GuestOp.share, bob)).result, -GuestErrno.EINVAL);
      });
    });

    describe('event channels', () => {
      async function doorbell() {
        const [alice, bob] = [await domid('alice'), await domid('bob')];
        const near = await openEvtchn(joined().socketPath, alice);
        const far = await openEvtchn(joined().socketPath, bob);
        const nearPort = (await near.calls.ask(GuestOp.bindUnbound, bob)).result;
        const farPort = (await far.calls.ask(GuestOp.bindInterdomain, alice, nearPort)).result;
        assert.equal(await far.events.event(), farPort, 'a newcomer is told once');
        await far.calls.ask(GuestOp.unmask, farPort);
        return { alice, bob, near, far, nearPort, farPort };
      }

      it('tell each port once until it is unmasked, however often it rings', async () => {
        const { near, far, nearPort, farPort } = await doorbell();
        for (let ring = 0; ring < 5; ring++) {
          assert.equal((await near.calls.ask(GuestOp.notify, nearPort)).result, 0);
        }
        assert.equal(await far.events.event(), farPort);
        await joined().world.settled();
        assert.equal(far.events.unreadBytes, 0);
        await far.calls.ask(GuestOp.unmask, farPort);
        await near.calls.ask(GuestOp.notify, nearPort);
        assert.equal(await far.events.event(), farPort);
      });

      it('belong to the handle that bound them', async () => {
        const { near, alice, nearPort } = await doorbell();
        const other = await openEvtchn(joined().socketPath, alice);
        assert.equal((await other.calls.ask(GuestOp.notify, nearPort)).result, -GuestErrno.ENOTCONN);
        assert.equal((await other.calls.ask(GuestOp.unbind, nearPort)).result, -GuestErrno.ENOTCONN);
        assert.equal((await other.calls.ask(GuestOp.unmask, nearPort)).result, 0);
        assert.equal((await near.calls.ask(GuestOp.unbind, nearPort)).result, 0);
        assert.equal((await near.calls.ask(GuestOp.notify, nearPort)).result, -GuestErrno.ENOTCONN);
      });

      it('can be restricted to one domain, once', async () => {
        const { near, bob } = await doorbell();
        assert.equal((await near.calls.ask(GuestOp.restrict, 0)).result, -GuestErrno.EINVAL);
        assert.equal((await near.calls.ask(GuestOp.restrict, bob)).result, 0);
        assert.equal((await near.calls.ask(GuestOp.restrict, bob)).result, -GuestErrno.EACCES);
        assert.equal((await near.calls.ask(GuestOp.bindUnbound, 0)).result, -GuestErrno.EACCES);
        assert.ok((await near.calls.ask(GuestOp.bindUnbound, bob)).result > 0);
      });

      it('give their events to one connection that has the token', async () => {
        const { near } = await doorbell();
        const second = await GuestClient.dial(joined().socketPath);
        const greeted = await second.hello(GuestKind.events, { rest: near.calls.greeting });
        assert.equal(greeted.result, -GuestErrno.EINVAL);
        const guess = await GuestClient.dial(joined().socketPath);
        assert.equal(
          (await guess.hello(GuestKind.events, { rest: Buffer.alloc(8) })).result,
          -GuestErrno.EINVAL,
        );
      });

      it('stop whoever rings in a held world, one step at a time', async () => {
        const { near, far, nearPort, farPort } = await doorbell();
        const { world } = joined().world;
        await joined().world.settled();
        world.hold();
        let answered = false;
        void near.calls.ask(GuestOp.notify, nearPort).then(() => (answered = true));
        await stepTo(joined().world, /^A joined program of alice \(domain \d+\) rings the doorbell \d+\.$/);
        await until(() => answered);
        assert.equal(far.events.unreadBytes, 0, 'rung, and not heard yet');
        await stepTo(joined().world, /^bob \(domain \d+\) hears the doorbell/);
        assert.equal(await far.events.event(), farPort);
        world.resume();
      });

      it('wait while the domain that rings is paused', async () => {
        const { alice, near, far, nearPort, farPort } = await doorbell();
        const { world } = joined().world;
        world.act('pause', alice);
        let answered = false;
        const rung = near.calls.ask(GuestOp.notify, nearPort).then(() => (answered = true));
        // Whatever else its program asks of the devices is its kernel's business, and waits behind it.
        await until(() => joined().world.hypervisor.get(alice)!.gate.parked.length > 0);
        await joined().world.settled();
        assert.ok(!answered);
        world.act('unpause', alice);
        await rung;
        assert.equal(await far.events.event(), farPort);
      });

      it('lose a ring where that fault is set', async () => {
        const { bob, near, far, nearPort, farPort } = await doorbell();
        const { world } = joined().world;
        world.setFault('lostNotify', 1, bob);
        await near.calls.ask(GuestOp.notify, nearPort);
        await joined().world.settled();
        assert.equal(far.events.unreadBytes, 0);
        assert.ok(world.faults.find(({ name }) => name === 'lostNotify')!.count >= 1);
        world.setFault('lostNotify', 0, bob);
        await near.calls.ask(GuestOp.notify, nearPort);
        assert.equal(await far.events.event(), farPort);
      });
    });

    it('does what an unmap is to do when a program dies, whichever of its descriptors goes first', async () => {
      const [alice, bob] = [await domid('alice'), await domid('bob')];
      const { machine } = joined().world;
      const before = [machine.usageOf(alice), machine.usageOf(bob)];
      for (const evtchnFirst of [true, false]) {
        const near = await openEvtchn(joined().socketPath, alice);
        const far = await openEvtchn(joined().socketPath, bob);
        const shares = await joined().device(GuestKind.gntalloc, alice);
        const maps = await joined().device(GuestKind.gntdev, bob);
        const nearPort = (await near.calls.ask(GuestOp.bindUnbound, bob)).result;
        const farPort = (await far.calls.ask(GuestOp.bindInterdomain, alice, nearPort)).result;
        const { payload } = await shares.ask(GuestOp.share, bob, 1, 1, ...none);
        const file = path.join(
          shares.greeting.toString(),
          payload.subarray(0, payload.indexOf(0)).toString(),
        );
        const live = () => readFileSync(file)[20];
        const gref = payload.readUInt32LE(GUEST_PLACE_BYTES);
        assert.ok((await maps.ask(GuestOp.map, 1, 20, farPort, alice, gref)).result > 0);
        const mapping = joined()
          .world.machine.holdersOf(alice)
          .find((holder) => holder.domid === bob);
        assert.deepEqual(mapping?.grefs, [gref]);
        for (const close of evtchnFirst ? [far, maps] : [maps, far]) close.close();
        assert.equal(await near.events.event(), nearPort);
        assert.equal(live(), 0);
        near.close();
        shares.close();
        await until(() => machine.usageOf(alice).ports === before[0]!.ports);
        await until(() => machine.usageOf(alice).grants === before[0]!.grants);
        assert.deepEqual(machine.usageOf(bob), before[1]);
      }
    });

    describe('for programs of domain 0', () => {
      it('maps the xenstore and console pages of any domain, and says which domains there are', async () => {
        const alice = await domid('alice');
        await domid('0');
        const privcmd = await joined().device(GuestKind.privcmd, 0);
        const { xenstore } = joined().world.machine.startInfo(alice);
        const param = await privcmd.ask(GuestOp.hvmParam, alice, 1);
        assert.equal(param.payload.readUInt32LE(0), xenstore.gfn);
        const mapped = await privcmd.ask(GuestOp.mapForeign, alice, 0, xenstore.gfn, 0, 1234, 0);
        assert.ok(mapped.result > 0);
        assert.notEqual(mapped.payload[0], 0);
        assert.equal(mapped.payload[GUEST_PLACE_BYTES], 0, 'no such frame');
        const domains = await privcmd.ask(GuestOp.domains, 0, 10);
        assert.equal(domains.result, 2);
        assert.equal(domains.payload.readUInt32LE(16), alice);
        assert.equal((await privcmd.ask(GuestOp.hvmParam, 4000, 1)).result, -GuestErrno.ESRCH);
        assert.equal((await privcmd.ask(GuestOp.hvmParam, alice, 99)).result, -GuestErrno.EINVAL);
      });

      it('maps all that is asked for or nothing', async () => {
        const alice = await domid('alice');
        await domid('0');
        const privcmd = await joined().device(GuestKind.privcmd, 0);
        const { machine } = joined().world;
        const { xenstore } = machine.startInfo(alice);
        // Fills up what a domain may map, but for two pages.
        const room = maxMappedPagesPerDomain - machine.usageOf(0).mappedPages;
        const ports = machine.portsOf(0);
        ports.grants.map(alice, new Array<number>(room - 2).fill(xenstore.gref), 'read');
        const frames = (count: number) => new Array<number[]>(count).fill([xenstore.gfn, 0]).flat();
        const before = machine.usageOf(0).mappedPages;
        const refused = await privcmd.ask(GuestOp.mapForeign, alice, 0, ...frames(3));
        assert.equal(refused.result, -GuestErrno.ENOSPC);
        assert.equal(machine.usageOf(0).mappedPages, before);
        assert.ok((await privcmd.ask(GuestOp.mapForeign, alice, 0, ...frames(2))).result > 0);
        ports.close();
      });

      it('and for nobody else', async () => {
        const privcmd = await joined().device(GuestKind.privcmd, await domid('alice'));
        assert.equal((await privcmd.ask(GuestOp.domains, 0, 10)).result, -GuestErrno.EPERM);
      });

      it('but every domain learns whether time passes', async () => {
        const { world } = joined().world;
        const privcmd = await joined().device(GuestKind.privcmd, await domid('alice'));
        const time = async () => (await privcmd.ask(GuestOp.worldTime)).result;
        assert.equal(await time(), GuestWorldTime.paceIs0);
        world.pace = 1;
        assert.equal(await time(), GuestWorldTime.passes);
        world.hold();
        assert.equal(await time(), GuestWorldTime.isHeld);
      });
    });
  });
}
