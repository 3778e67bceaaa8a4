import assert from 'node:assert/strict';
import { isTooBig, nodeBytes } from '../../server/store/access';
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
    assert.ok(
      core.store.nodeCount <= limits.maxStoreNodes && core.store.nodeCount > limits.maxStoreNodes - 1000,
    );
    assert.equal(dom0.ask('MKDIR', `${deep(made)}\0`), 'ENOSPC');
    assert.equal(dom0.ask('RM', '/t0\0'), 'OK\0');
    assert.equal(dom0.ask('MKDIR', `${deep(made)}\0`), 'OK\0');
    assert.deepEqual(core.store.check(), []);
  });
});
