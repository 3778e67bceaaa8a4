import assert from 'node:assert/strict';
import { PAGE_BYTES } from '../../../server/host/pages';
import { storeRings } from '../../../server/sim/machine/storeRings';
import { newHost, settled } from '../../support/machineHost';

describe('the observer of a machine', () => {
  it('sees the xenstore and console pages of every domain, and how they were found', () => {
    const observer = newHost().observer();
    assert.deepEqual(
      observer.pages().map(({ id, domid, kind }) => [id, domid, kind]),
      [
        ['xenstore:0', 0, 'xenstore'],
        ['xenstore:1', 1, 'xenstore'],
        ['console:1', 1, 'console'],
        ['xenstore:2', 2, 'xenstore'],
        ['console:2', 2, 'console'],
      ],
    );
    assert.match(observer.pages()[1]!.found, /grant 1$/);
    assert.equal(observer.pages()[1], observer.pages()[1], 'the same page is the same object');
  });

  it('copies without writing, as much as is wanted', () => {
    const machine = newHost();
    const { memory } = machine.startInfo(1).xenstore;
    memory.store32(2056, 0x01020304);
    const before = Buffer.alloc(PAGE_BYTES);
    memory.copyOut(0, before);
    const page = machine.observer().pages()[1]!;
    const seen = Buffer.alloc(PAGE_BYTES);
    assert.equal(page.copy(seen), true);
    assert.equal(seen.readUInt32LE(2056), 0x01020304);
    assert.equal(page.copy(Buffer.alloc(10)), true);
    assert.equal(page.copy(Buffer.alloc(2 * PAGE_BYTES)), true);
    const after = Buffer.alloc(PAGE_BYTES);
    memory.copyOut(0, after);
    assert.ok(after.equals(before));
  });

  it('tells when domains come and go, and finds the pages of the dead no more', () => {
    const machine = newHost();
    const observer = machine.observer();
    let changes = 0;
    const stop = observer.onChange(() => changes++);
    const page = observer.pages().find(({ id }) => id === 'xenstore:2')!;
    assert.equal(page.copy(Buffer.alloc(8)), true);
    machine.destroyDomain(2);
    assert.equal(page.copy(Buffer.alloc(8)), false);
    assert.equal(changes, 1);
    assert.ok(!observer.pages().some(({ domid }) => domid === 2));
    machine.createDomain(2);
    assert.equal(changes, 2);
    assert.equal(page.copy(Buffer.alloc(8)), false, 'the new domain has another page');
    assert.equal(
      observer
        .pages()
        .find(({ id }) => id === 'xenstore:2')!
        .copy(Buffer.alloc(8)),
      true,
    );
    stop();
    machine.destroyDomain(1);
    assert.equal(changes, 2);
  });

  it('keeps no page of a dead domain alive', () => {
    const machine = newHost();
    for (const page of machine.observer().pages()) page.copy(Buffer.alloc(8));
    const before = machine.pagesInUse;
    machine.destroyDomain(1);
    assert.equal(machine.pagesInUse, before - 2);
  });

  it('sees inside who has been rung and has not looked', async () => {
    const machine = newHost();
    const { xenstore } = machine.startInfo(1);
    const page = machine.observer().pages()[1]!;
    const rung = () => {
      const { pendingToServer, pendingToGuest } = page.inside!;
      return { server: pendingToServer, guest: pendingToGuest };
    };
    const nobody = { server: false, guest: false };
    assert.deepEqual(rung(), nobody);
    const ring = storeRings(machine).attach(1, xenstore.gfn, xenstore.port.port);
    await settled();
    assert.deepEqual(rung(), { server: true, guest: false });
    ring.port.onEvent = () => ring.port.unmask();
    await settled();
    assert.deepEqual(rung(), nobody);
    ring.port.notify();
    await settled();
    assert.deepEqual(rung(), { server: false, guest: true });
    xenstore.port.onEvent = () => undefined;
    await settled();
    assert.deepEqual(rung(), nobody);
  });
});
