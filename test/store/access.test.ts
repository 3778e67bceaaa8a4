import assert from 'node:assert/strict';
import { isTooBig } from '../../server/store/access';
import { nodeBytes } from '../../server/store/tree/nodeBytes';
import { privatePerms } from '../../server/store/permissions/permList';
import { defaultQuotas, limits } from '../../server/store/quotas';
import { Asker, newCore } from './askStore';

describe('access', () => {
  it('measures a node as C xenstored 4.17 stores it', () => {
    assert.equal(nodeBytes('value', privatePerms, 10), 24 + 8 + 5 + 10);
    assert.ok(!isTooBig(2047, defaultQuotas));
    assert.ok(isTooBig(2048, defaultQuotas));
    assert.ok(!isTooBig(1e9, { ...defaultQuotas, nodeSizeLimitBytes: 0 }));
  });

  it('creates nothing when one of several new nodes is over a quota', () => {
    const core = newCore({ maxNodes: 3 });
    const [dom0, guest] = [new Asker(core), new Asker(core, 1)];
    dom0.ask('WRITE', '/g\0');
    dom0.ask('SET_PERMS', '/g\0n1\0');
    assert.equal(guest.ask('WRITE', '/g/a/b/c\0'), 'ENOSPC');
    assert.equal(guest.ask('DIRECTORY', '/g\0'), '');
    assert.equal(guest.ask('WRITE', '/g/a/b\0'), 'OK\0');
    assert.equal(guest.ask('WRITE', `/g/a\0${'x'.repeat(2048)}`), 'ENOSPC');
    assert.equal(guest.ask('READ', '/g/a\0'), '');
    assert.deepEqual(core.store.check(), []);
  });

  it('lets a guest grow a directory to its node size, and dom0 beyond', () => {
    const core = newCore({ maxNodes: 0 });
    const [dom0, guest] = [new Asker(core), new Asker(core, 1)];
    dom0.ask('WRITE', '/g\0');
    dom0.ask('SET_PERMS', '/g\0n1\0');
    const name = (at: number): string => `n${String(at).padStart(98, '0')}`;
    let made = 0;
    while (guest.ask('WRITE', `/g/${name(made)}\0`) === 'OK\0') made += 1;
    // Header 24, one permission 8, and 20 names of 99 bytes and a NUL are 2032 bytes.
    assert.equal(made, 20);
    assert.equal(dom0.ask('WRITE', `/g/${name(made)}\0`), 'OK\0');
  });

  it('bounds the whole store, for privileged clients too, and frees with what goes', () => {
    const core = newCore();
    const dom0 = new Asker(core);
    const deep = (top: number): string => `/t${top}${'/a'.repeat(999)}`;
    let made = 0;
    while (dom0.ask('MKDIR', `${deep(made)}\0`) === 'OK\0') made += 1;
    assert.ok(made > 400, `${made} branches of a thousand nodes`);
    assert.ok(core.budget.treeBytes <= limits.maxTreeBytes);
    assert.equal(dom0.ask('MKDIR', `${deep(made)}\0`), 'ENOSPC');
    assert.equal(dom0.ask('RM', '/t0\0'), 'OK\0');
    assert.equal(dom0.ask('MKDIR', `${deep(made)}\0`), 'OK\0');
    assert.deepEqual(core.store.check(), []);
  });

  it('has one account of bytes for values, names, access lists, watches and transactions', () => {
    const core = newCore();
    const dom0 = new Asker(core);
    const tree = (): number => core.budget.treeBytes;
    const value = 'v'.repeat(4000);
    let made = 0;
    while (dom0.ask('WRITE', `/fill/n${made}\0${value}`) === 'OK\0') made += 1;
    assert.ok(tree() <= limits.maxTreeBytes && tree() > limits.maxTreeBytes - 5000, `${tree()} bytes`);
    assert.ok(made * value.length > limits.maxTreeBytes * 0.9);
    assert.equal(dom0.ask('WRITE', `/fill/n0\0${value}`), 'OK\0', 'the same again needs no more');
    assert.equal(dom0.ask('WRITE', '/fill/n0\0'), 'OK\0');
    const longList = Array.from({ length: 700 }, (_, domid) => `r${domid}\0`).join('');
    assert.equal(dom0.ask('SET_PERMS', `/fill/n1\0${longList}`), 'ENOSPC');

    // A full store still takes watches and transactions, until these have filled the rest.
    const id = dom0.start();
    let written = 0;
    while (dom0.ask('WRITE', `/fill/n${written}\0${value}`, id) === 'OK\0') written += 1;
    assert.ok(written > 500 && written * value.length < limits.maxHeldBytes - limits.maxTreeBytes);
    assert.equal(dom0.ask('WATCH', `${'/a'.repeat(1000)}\0t\0`), 'E2BIG');
    assert.equal(dom0.ask('TRANSACTION_END', 'F\0', id), 'OK\0');
    assert.equal(dom0.ask('WATCH', `${'/a'.repeat(1000)}\0t\0`), 'OK\0');
    assert.equal(dom0.ask('RM', '/fill\0'), 'OK\0');
    assert.ok(tree() < 5000);
    assert.deepEqual(core.store.check(), []);
  });

  it('counts what a transaction overwrites or removes again only once', () => {
    const core = newCore();
    const dom0 = new Asker(core);
    dom0.ask('WRITE', '/a\0');
    const id = dom0.start();
    for (let n = 0; n < 100; n += 1) dom0.ask('WRITE', `/a\0${'v'.repeat(4000)}`, id);
    const heldBytes = core.budget.transactionBytes;
    assert.ok(heldBytes > 4000 && heldBytes < 8000, `${heldBytes} bytes`);
    for (let n = 0; n < 20; n += 1) {
      assert.equal(dom0.ask('WRITE', `/b\0${'v'.repeat(4000)}`, id), 'OK\0');
      assert.equal(dom0.ask('RM', '/b\0', id), 'OK\0');
    }
    assert.ok(core.budget.transactionBytes < heldBytes + 8000);
  });
});
