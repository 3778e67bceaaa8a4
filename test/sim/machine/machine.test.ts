import assert from 'node:assert/strict';
import { PAGE_BYTES } from '../../../server/host/pages';
import type { Delivery } from '../../../server/sim/machine/delivery';
import type { Machine } from '../../../server/sim/machine/machine';
import { storeRings } from '../../../server/sim/machine/storeRings';
import { openProcessPages } from '../../../server/sim/pages';
import { newHost, settled } from '../../support/machineHost';
import { throwsCode } from '../../support/throwsCode';

/** What travels waits here until a test lets it. */
function heldSchedule() {
  const held: { readonly deliver: () => void; readonly what: Delivery }[] = [];
  return {
    held,
    schedule: (deliver: () => void, what: Delivery) => {
      held.push({ deliver, what });
      return 'sent' as const;
    },
    release: () => {
      for (const { deliver } of held.splice(0)) deliver();
    },
  };
}

describe('a machine', () => {
  describe('at the start of a domain', () => {
    it('has its xenstore and console pages under the reserved grants, for domain 0', () => {
      const machine = newHost();
      const { xenstore, console } = machine.startInfo(1);
      assert.deepEqual([xenstore.gref, console!.gref], [1, 0]);
      assert.deepEqual([xenstore.port.port, console!.port.port], [1, 2]);
      assert.notEqual(xenstore.gfn, console!.gfn);
      const { grants } = machine.portsOf(0);
      xenstore.memory.store32(2052, 12);
      assert.equal(grants.map(1, [1], 'write').memory.load32(2052), 12);
      assert.equal(grants.map(1, [0], 'write').memory.bytes, PAGE_BYTES);
      throwsCode(() => machine.portsOf(2).grants.map(1, [1], 'read'), 'notOurs');
      assert.equal(machine.startInfo(0).console, undefined);
    });

    it('joins the ring of a domain with the store', async () => {
      const machine = newHost();
      const { xenstore } = machine.startInfo(1);
      const ring = storeRings(machine).attach(1, xenstore.gfn, xenstore.port.port);
      let heard = 0;
      ring.port.onEvent = () => {
        heard++;
        ring.port.unmask();
      };
      await settled();
      const before = heard;
      xenstore.port.notify();
      await settled();
      assert.equal(heard, before + 1);
      assert.deepEqual(machine.holdersOf(1), [{ domid: 0, grefs: [1], ownerIsDead: false }]);
      ring.detach();
      ring.detach();
      assert.deepEqual(machine.holdersOf(1), []);
      storeRings(machine).attach(1, xenstore.gfn, xenstore.port.port);
    });

    it('refuses to join with a frame or a port that is not the one, and keeps nothing of it', () => {
      const machine = newHost();
      const { xenstore } = machine.startInfo(1);
      const rings = storeRings(machine);
      throwsCode(() => rings.attach(1, 7, xenstore.port.port), 'notOurs');
      throwsCode(() => rings.attach(1, xenstore.gfn, 77), 'notOurs');
      throwsCode(() => rings.attach(9, xenstore.gfn, xenstore.port.port), 'gone');
      rings.attach(1, xenstore.gfn, xenstore.port.port);
    });

    it('changes the doorbell of a joined ring, and keeps the one it has when there is no other', async () => {
      const machine = newHost();
      const { xenstore } = machine.startInfo(1);
      const ring = storeRings(machine).attach(1, xenstore.gfn, xenstore.port.port);
      throwsCode(() => ring.rebind(77), 'notOurs');
      let heard = 0;
      xenstore.port.onEvent = () => heard++;
      await settled();
      const before = heard;
      xenstore.port.unmask();
      ring.port.notify();
      await settled();
      assert.equal(heard, before + 1, 'the one it has still rings');
      const same = ring.rebind(xenstore.port.port);
      xenstore.port.unmask();
      same.notify();
      await settled();
      assert.equal(heard, before + 2);
      const open = machine.portsOf(0).events.bindUnbound(1).port;
      const other = machine.portsOf(1).events.bindUnbound(0);
      ring.rebind(other.port);
      assert.equal(same.port, machine.portsOf(0).events.bindUnbound(1).port, 'the former one is free');
      assert.notEqual(open, same.port);
      assert.deepEqual(machine.holdersOf(1), [{ domid: 0, grefs: [1], ownerIsDead: false }]);
      ring.detach();
      assert.deepEqual(machine.holdersOf(1), []);
    });

    it('fills further reserved grants when it is told to, and no others', () => {
      const machine = newHost();
      const memory = machine.setReservedGrant(1, 5, { toDomid: 2, writable: false });
      memory.store8(0, 9);
      const { grants } = machine.portsOf(2);
      throwsCode(() => grants.map(1, [5], 'write'), 'notOurs');
      const mapped = grants.map(1, [5], 'read');
      assert.equal(mapped.memory.load8(0), 9);
      throwsCode(() => machine.setReservedGrant(1, 5, { toDomid: 0, writable: true }), 'busy');
      mapped.unmap();
      machine.setReservedGrant(1, 5, { toDomid: 0, writable: true });
      throwsCode(() => grants.map(1, [5], 'read'), 'notOurs');
      for (const gref of [-1, 8, 0.5]) {
        assert.throws(() => machine.setReservedGrant(1, gref, { toDomid: 0, writable: true }), RangeError);
      }
    });
  });

  describe('at the end of a domain', () => {
    it('tells who keeps the pages of the dead alive, until nobody does', () => {
      const machine = newHost();
      const before = machine.pagesInUse;
      const { grefs } = machine.portsOf(1).grants.share(2, 2, { writable: true });
      const mapped = machine.portsOf(2).grants.map(1, grefs, 'read');
      machine.destroyDomain(1);
      assert.deepEqual(machine.holdersOf(1), [{ domid: 2, grefs, ownerIsDead: true }]);
      assert.equal(machine.pagesInUse, before - 2 + 2, 'its own two pages went, the two it lent did not');
      mapped.unmap();
      assert.deepEqual(machine.holdersOf(1), []);
      assert.equal(machine.pagesInUse, before - 2);
    });

    it('keeps a new domain of the same number apart from the dead one', () => {
      const machine = newHost();
      const old = machine.portsOf(1).grants.share(2, 1, { writable: true });
      old.memory.store8(0, 1);
      const { grants } = machine.portsOf(2);
      const mapped = grants.map(1, old.grefs, 'write');
      machine.destroyDomain(1);
      machine.createDomain(1);
      throwsCode(() => grants.map(1, old.grefs, 'write'), 'notOurs');
      const fresh = machine.portsOf(1).grants.share(2, 1, { writable: true });
      assert.deepEqual(fresh.grefs, old.grefs, 'the new one counts from the beginning');
      assert.equal(grants.map(1, fresh.grefs, 'write').memory.load8(0), 0);
      assert.equal(mapped.memory.load8(0), 1);
      mapped.unmap();
      throwsCode(() => fresh.end(), 'busy');
    });

    it('rings at an unmap through a port that its owner has closed before, and frees it then', async () => {
      const machine = newHost();
      const near = machine.portsOf(1).events.bindUnbound(2);
      const ports = machine.portsOf(2);
      const far = ports.events.bindInterdomain(1, near.port);
      let rings = 0;
      near.onEvent = () => {
        rings++;
        near.unmask();
      };
      await settled();
      const before = [rings, machine.usageOf(2).ports] as const;
      const shared = machine.portsOf(1).grants.share(2, 1, { writable: true });
      const onUnmap = { signalPort: far.port };
      const mapped = ports.grants.map(1, shared.grefs, 'write', { onUnmap });
      far.close();
      far.close();
      near.notify();
      assert.equal(machine.usageOf(2).ports, before[1], 'kept for the notification');
      mapped.unmap();
      await settled();
      assert.deepEqual([rings, machine.usageOf(2).ports], [before[0] + 1, before[1] - 1]);
    });

    it('clears and signals nothing when its kernel had stopped', async () => {
      const machine = newHost();
      const near = machine.portsOf(1).events.bindUnbound(2);
      const ports = machine.portsOf(2);
      const far = ports.events.bindInterdomain(1, near.port);
      let rings = 0;
      near.onEvent = () => rings++;
      const shared = machine.portsOf(1).grants.share(2, 1, { writable: true });
      shared.memory.store8(0, 1);
      ports.grants.map(1, shared.grefs, 'write', { onUnmap: { clearByteOffset: 0, signalPort: far.port } });
      machine.destroyDomain(2, { sudden: true });
      await settled();
      assert.deepEqual([shared.memory.load8(0), rings], [1, 0]);
      shared.end();
    });

    it('does not mind being told twice', () => {
      const machine = newHost();
      machine.destroyDomain(1);
      machine.destroyDomain(1);
      throwsCode(() => machine.startInfo(1), 'gone');
      throwsCode(() => machine.portsOf(1), 'gone');
      machine.close();
      assert.equal(machine.pagesInUse, 0);
    });
  });

  it('after a soft reset has the same pages with the same bytes, and new doorbells', async () => {
    const machine = newHost();
    const { xenstore } = machine.startInfo(1);
    xenstore.memory.store32(2052, 0xdead);
    const rings = storeRings(machine);
    const ring = rings.attach(1, xenstore.gfn, xenstore.port.port);
    const { grefs } = machine.portsOf(1).grants.share(2, 1, { writable: true });
    const mapped = machine.portsOf(1).grants;
    const fresh = machine.softReset(1);
    assert.equal(fresh.xenstore.memory.load32(2052), 0xdead);
    assert.equal(ring.memory.load32(2052), 0xdead, 'the store still maps it');
    throwsCode(() => machine.portsOf(2).grants.map(1, grefs, 'read'), 'notOurs');
    throwsCode(() => mapped.share(2, 1, { writable: true }), 'gone');
    let heard = 0;
    fresh.xenstore.port.onEvent = () => heard++;
    ring.port.notify();
    await settled();
    assert.equal(heard, 0, 'the old doorbell leads nowhere');
    ring.detach();
    const again = rings.attach(1, fresh.xenstore.gfn, fresh.xenstore.port.port);
    again.port.notify();
    await settled();
    assert.equal(heard, 1);
  });

  it('after kexec is found as the old kernel left it, with nobody listening', async () => {
    const machine = newHost();
    const { xenstore } = machine.startInfo(1);
    const ring = storeRings(machine).attach(1, xenstore.gfn, xenstore.port.port);
    const ports = machine.portsOf(1);
    const shared = ports.grants.share(2, 1, { writable: true, onUnmap: { clearByteOffset: 0 } });
    shared.memory.store8(0, 1);
    const theirs = machine.portsOf(2).grants.map(1, shared.grefs, 'read');
    let heardByOld = 0;
    xenstore.port.onEvent = () => heardByOld++;
    const found = machine.kexec(1);
    ring.port.notify();
    await settled();
    assert.equal(heardByOld, 0);
    assert.equal(theirs.memory.load8(0), 1, 'the old kernel tidied nothing up');
    throwsCode(() => ports.events.bindUnbound(2), 'gone');
    assert.equal(found.xenstore.port.port, xenstore.port.port);
    let heardByNew = 0;
    found.xenstore.port.onEvent = () => heardByNew++;
    found.xenstore.port.unmask();
    await settled();
    assert.equal(heardByNew, 1, 'the ring that came meanwhile');
  });

  describe('limits', () => {
    it('the grants of a domain', () => {
      const machine = newHost({ maxGrants: 5 });
      const { grants } = machine.portsOf(1);
      // Two of the five are those of xenstore and console.
      throwsCode(() => grants.share(2, 4, { writable: true }), 'limit');
      const shared = grants.share(2, 3, { writable: true });
      throwsCode(() => grants.share(2, 1, { writable: true }), 'limit');
      shared.end();
      grants.share(2, 2, { writable: true });
    });

    it('its event channels', () => {
      const machine = newHost({ maxPorts: 3 });
      const { events } = machine.portsOf(1);
      const port = events.bindUnbound(2);
      throwsCode(() => events.bindUnbound(2), 'limit');
      port.close();
      assert.equal(events.bindUnbound(2).port, port.port, 'the lowest free number');
      const other = machine.portsOf(2).events;
      other.bindUnbound(1);
      throwsCode(() => other.bindInterdomain(1, port.port), 'limit');
    });

    it('the pages that it maps of others', () => {
      const machine = newHost({ maxMappedPages: 2 });
      const { grefs } = machine.portsOf(1).grants.share(2, 1, { writable: true });
      const { grants } = machine.portsOf(2);
      const mapped = grants.map(1, [grefs[0]!, grefs[0]!], 'read');
      throwsCode(() => grants.map(1, grefs, 'read'), 'limit');
      mapped.unmap();
      grants.map(1, grefs, 'read');
    });

    it('the pages of the pool, and leaves nothing half done', () => {
      const machine = newHost({ pool: openProcessPages({ maxPages: 6 }) });
      const { grants } = machine.portsOf(1);
      throwsCode(() => grants.share(2, 2, { writable: true }), 'limit');
      assert.equal(machine.pagesInUse, 5);
      grants.share(2, 1, { writable: true });
      throwsCode(() => machine.createDomain(3), 'limit');
      assert.equal(machine.hasDomain(3), false);
      assert.equal(machine.pagesInUse, 6);
    });
  });

  describe('deliveries', () => {
    function bell(machine: Machine) {
      const near = machine.portsOf(1).events.bindUnbound(2);
      const far = machine.portsOf(2).events.bindInterdomain(1, near.port);
      const heard = { events: 0 };
      far.onEvent = () => {
        heard.events++;
        far.unmask();
      };
      return { near, far, heard };
    }

    it('go through the schedule, which learns whence and where to', () => {
      const { held, schedule, release } = heldSchedule();
      const { near, far, heard } = bell(newHost({ schedule }));
      release();
      assert.equal(heard.events, 1);
      near.notify();
      assert.equal(heard.events, 1, 'not before the schedule lets it');
      assert.deepEqual(
        held.map(({ what }) => what),
        [{ kind: 'ring', fromDomid: 1, toDomid: 2, toPort: far.port }],
      );
      release();
      assert.equal(heard.events, 2);
    });

    it('that are under way take further rings with them, so that they cannot pile up', () => {
      const { held, schedule, release } = heldSchedule();
      const { near, heard } = bell(newHost({ schedule }));
      release();
      for (let ring = 0; ring < 1000; ring++) near.notify();
      assert.equal(held.length, 1);
      release();
      assert.equal(heard.events, 2);
    });

    it('may be lost: the next ring is heard again', () => {
      const queue: (() => void)[] = [];
      let loses = false;
      const machine = newHost({
        schedule: (deliver) => {
          if (loses) return 'lost';
          queue.push(deliver);
          return 'sent';
        },
      });
      const { near, heard } = bell(machine);
      const release = () => queue.splice(0).forEach((deliver) => deliver());
      release();
      loses = true;
      near.notify();
      loses = false;
      release();
      assert.equal(heard.events, 1);
      near.notify();
      release();
      assert.equal(heard.events, 2);
    });

    it('may come twice: one event too many, no more', () => {
      const { held, schedule, release } = heldSchedule();
      const { near, heard } = bell(newHost({ schedule }));
      release();
      near.notify();
      held.push(...held);
      while (held.length > 0) release();
      assert.equal(heard.events, 3);
    });

    it('that come too late find a closed door', () => {
      const { schedule, release } = heldSchedule();
      const { near, far, heard } = bell(newHost({ schedule }));
      release();
      near.notify();
      far.close();
      release();
      assert.equal(heard.events, 1);
    });

    it('leave the event loop its turn when two ends ring in a circle', async () => {
      const { near, far } = bell(newHost());
      let rounds = 0;
      near.onEvent = () => {
        near.unmask();
        near.notify();
      };
      far.onEvent = () => {
        far.unmask();
        rounds++;
        far.notify();
      };
      await new Promise((resolve) => setImmediate(resolve));
      near.close();
      assert.ok(rounds > 0);
    });
  });
});
