import assert from 'node:assert/strict';
import { domidFrom } from '../../../server/store/operations/request';
import { Asker, newCore } from '../askStore';

/** Gives a node to a domain, with further entries if there are. */
function give(asker: Asker, path: string, perms: string): void {
  assert.equal(asker.ask('WRITE', `${path}\0`), 'OK\0');
  assert.equal(asker.ask('SET_PERMS', `${path}\0${perms}`), 'OK\0');
}

describe('domains', () => {
  it('leave with all they own, and watches hear of each part before of the release', () => {
    const core = newCore();
    const [dom0, guest] = [new Asker(core), new Asker(core, 3)];
    give(dom0, '/local/domain/3', 'n3\0');
    guest.ask('WRITE', 'data/x\0');
    give(dom0, '/mixed/theirs', 'n3\0');
    give(dom0, '/mixed/theirs/ours', 'n0\0');
    dom0.ask('WATCH', '/\0all\0');
    dom0.ask('WATCH', '/local/domain/3/data/x\0deep\0');
    dom0.ask('WATCH', '@releaseDomain\0gone\0');
    dom0.takeEvents();
    assert.equal(dom0.ask('RELEASE', '3\0'), 'OK\0');
    assert.deepEqual(dom0.takeEvents(), [
      '/local/domain/3/data/x deep',
      '/local/domain/3 all',
      '/mixed/theirs all',
      '@releaseDomain gone',
    ]);
    assert.equal(dom0.ask('DIRECTORY', '/mixed\0'), '');
    assert.equal(core.store.ownedBy(3), 0);
    assert.deepEqual(core.store.check(), []);
  });

  it('leave no right to a later domain of the same number', () => {
    const core = newCore();
    const dom0 = new Asker(core);
    new Asker(core, 3);
    give(dom0, '/lent', 'n0\0b3\0r4\0');
    give(dom0, '/', 'n3\0');
    dom0.ask('SET_PERMS', '@introduceDomain\0n3\0');
    dom0.ask('RELEASE', '3\0');
    const later = new Asker(core, 3);
    assert.equal(later.ask('READ', '/lent\0'), 'EACCES');
    assert.equal(later.ask('WRITE', '/new\0'), 'EACCES');
    assert.equal(dom0.ask('GET_PERMS', '/lent\0'), 'n0\0r4\0');
    assert.equal(dom0.ask('GET_PERMS', '/\0'), 'n0\0');
    assert.equal(dom0.ask('GET_PERMS', '@introduceDomain\0'), 'n0\0');
    assert.deepEqual(core.store.check(), []);
  });

  it('do not come back with a transaction that looked at their rights before', () => {
    const core = newCore();
    const dom0 = new Asker(core);
    new Asker(core, 3);
    give(dom0, '/lent', 'n0\0b3\0');
    const id = dom0.start();
    dom0.ask('WRITE', '/lent\0value', id);
    dom0.ask('RELEASE', '3\0');
    assert.equal(dom0.ask('TRANSACTION_END', 'T\0', id), 'EAGAIN');
    assert.equal(dom0.ask('GET_PERMS', '/lent\0'), 'n0\0');
  });

  it('take the target away from who stood in for them', () => {
    const core = newCore();
    const [dom0, stubdom] = [new Asker(core), new Asker(core, 2)];
    new Asker(core, 1);
    give(dom0, '/theirs', 'n1\0');
    assert.equal(dom0.ask('SET_TARGET', '2\x001\0'), 'OK\0');
    assert.equal(stubdom.ask('WRITE', '/theirs\0'), 'OK\0');
    dom0.ask('RELEASE', '1\0');
    new Asker(core, 1);
    give(dom0, '/theirs', 'n1\0');
    assert.equal(stubdom.ask('WRITE', '/theirs\0'), 'EACCES');
  });

  it('may be named as owner from when they exist on, before they are introduced', () => {
    const core = newCore();
    const dom0 = new Asker(core);
    dom0.ask('WRITE', '/early\0');
    assert.equal(dom0.ask('SET_PERMS', '/early\0n9\0'), 'ENOENT');
    core.domains.add(9);
    assert.equal(dom0.ask('SET_PERMS', '/early\0n9\0'), 'OK\0');
    assert.equal(dom0.ask('IS_DOMAIN_INTRODUCED', '9\0'), 'F\0');
    assert.equal(dom0.ask('RESUME', '9\0'), 'ENOENT');
  });

  it('are told apart by numbers as strtoul reads them, and by nothing else', () => {
    const read = ['', '0', '7', '007', '010', '0x1f', '65535'].map(domidFrom);
    assert.deepEqual(read, [0, 0, 7, 7, 8, 31, 65535]);
    for (const text of ['65536', '-1', 'abc', '5x', '08', ' 5', '1e3', '99999999999999999999']) {
      assert.equal(domidFrom(text), undefined, text);
    }
  });

  it('are not introduced under reserved numbers or without a port', () => {
    const dom0 = new Asker(newCore());
    for (const payload of [
      '32752\x001\x001\0',
      '5\x001\x000\0',
      '5\x001\0',
      '5\x001\0-3\0',
      'x\x001\x001\0',
    ]) {
      assert.equal(dom0.ask('INTRODUCE', payload), 'EINVAL', payload);
    }
    assert.equal(dom0.ask('IS_DOMAIN_INTRODUCED', '32752\0'), 'T\0');
  });
});
