import assert from 'node:assert/strict';
import { VCHAN_GRANTS_OFFSET, VCHAN_PAGE } from '../../../server/wire/vchanPage';
import { newMachine } from '../../support/machineHost';

const { fields } = VCHAN_PAGE;

describe('the observer of vchans', () => {
  /** A vchan of domain 1 for domain 2 as its server leaves it, with rings of these orders. */
  function vchan(leftOrder: number, rightOrder: number) {
    const machine = newMachine();
    machine.createDomain(1);
    machine.createDomain(2);
    const [server, client] = [machine.portsOf(1), machine.portsOf(2)];
    const control = server.grants.share(2, 1, { writable: true });
    const words = control.memory;
    const orders = leftOrder | (rightOrder << 16);
    words.store32(fields.left_order.offsetBytes, orders);
    words.store8(fields.cli_live.offsetBytes, 2);
    words.store8(fields.srv_live.offsetBytes, 1);
    const seen = () =>
      machine
        .observer()
        .pages()
        .filter(({ kind }) => kind === 'vchan');
    return { machine, server, client, control, words, seen };
  }

  it('finds one when its client maps it, with the sizes that it says', () => {
    const { client, control, seen } = vchan(10, 11);
    assert.deepEqual(seen(), []);
    const mapped = client.grants.map(1, control.grefs, 'write');
    const [page] = seen();
    assert.deepEqual([page?.domid, page?.gref, page?.ringBytes], [1, control.grefs[0], [1024, 2048]]);
    assert.equal(seen()[0], page, 'the same while it is there');
    mapped.unmap();
    assert.equal(seen().length, 1, 'the server waits for the next client');
    control.end();
    assert.deepEqual(seen(), []);
    assert.equal(page!.copy(new Uint8Array(24)), false);
  });

  it('wants the grants that the page names, and words that can be', () => {
    const { server, client, control, words, seen } = vchan(12, 13);
    client.grants.map(1, control.grefs, 'write');
    assert.deepEqual(seen(), [], 'no such grants');
    const rings = [...server.grants.share(2, 1, { writable: true }).grefs];
    rings.push(...server.grants.share(2, 2, { writable: true }).grefs);
    rings.forEach((gref, at) => words.store32(VCHAN_GRANTS_OFFSET + 4 * at, gref));
    assert.deepEqual(seen()[0]?.ringBytes, [4096, 8192]);
    for (const [left, right] of [
      [10, 10],
      [9, 11],
      [21, 12],
      [0, 0],
    ] as const) {
      const other = vchan(left, right);
      other.client.grants.map(1, other.control.grefs, 'write');
      assert.deepEqual(other.seen(), [], `${left}, ${right}`);
    }
  });

  it('shows the bytes of its rings: within the page, and in pages of their own', () => {
    const { server, client, control, words, seen } = vchan(11, 13);
    const ring = server.grants.share(2, 2, { writable: false });
    ring.grefs.forEach((gref, at) => words.store32(VCHAN_GRANTS_OFFSET + 4 * at, gref));
    client.grants.map(1, control.grefs, 'write');
    words.copyIn(2048 + 100, Buffer.from('to the server'));
    ring.memory.copyIn(4090, Buffer.from('to the client'));
    const [page] = seen();
    const bytes = Buffer.alloc(13);
    assert.equal(page!.copyRing!('left', bytes, 100), true);
    assert.equal(bytes.toString(), 'to the server');
    assert.equal(page!.copyRing!('right', bytes, 4090), true);
    assert.equal(page!.isRingAtHand!('right'), true);
    assert.equal(bytes.toString(), 'to the client');
    assert.equal(page!.peerDomid, 2);
    ring.end();
    assert.equal(page!.copyRing!('right', bytes, 0), false, 'its pages are taken back');
    control.endWhenUnused();
    assert.equal(page!.copyRing!('left', bytes, 0), false);
  });

  it('tells when one comes and when it goes, and keeps no page alive', () => {
    const { machine, server, client, control, seen } = vchan(11, 12);
    const gref = server.grants.share(2, 1, { writable: true }).grefs[0]!;
    control.memory.store32(VCHAN_GRANTS_OFFSET, gref);
    let changes = 0;
    machine.observer().onChange(() => changes++);
    client.grants.map(1, control.grefs, 'write');
    assert.ok(changes > 0);
    assert.equal(seen().length, 1);
    changes = 0;
    server.close();
    assert.ok(changes > 0);
    assert.deepEqual(seen(), []);
    client.close();
    machine.close();
    assert.equal(machine.pagesInUse, 0);
  });
});
