import assert from 'node:assert/strict';
import { Asker, newCore } from '../askStore';

describe('watchTable', () => {
  it('fires the watches of one connection in the order in which they were set', () => {
    const asker = new Asker(newCore());
    for (const path of ['/a/b', '/', '/a', '/a/b/c']) asker.ask('WATCH', `${path}\0${path}\0`);
    asker.ask('WRITE', '/a/b/c\0');
    assert.deepEqual(asker.takeEvents(), ['/a/b/c /a/b', '/a/b/c /', '/a/b/c /a', '/a/b/c /a/b/c']);
  });

  it('tells of a removed subtree deepest first in the order of the directories, also where it is large', () => {
    const asker = new Asker(newCore());
    for (let child = 0; child < 40; child += 1) asker.ask('WRITE', `/d/n${child}/x\0`);
    for (const path of ['/d/n30', '/d/n7/x', '/d/n7', '/d/nowhere', '/d']) asker.ask('WATCH', `${path}\0t\0`);
    asker.ask('RM', '/d\0');
    assert.deepEqual(asker.takeEvents(), ['/d/n7/x t', '/d/n7 t', '/d/n30 t', '/d t']);
    assert.deepEqual(asker.session.core.store.check(), []);
  });

  it('forgets the watches of a session that ends', () => {
    const core = newCore();
    const [asker, other] = [new Asker(core), new Asker(core)];
    for (const path of ['/a', '/a/b', '@releaseDomain']) asker.ask('WATCH', `${path}\0t\0`);
    asker.session.reset();
    other.ask('WRITE', '/a/b\0');
    core.introduce(4, 0, 1);
    core.release(core.domains.get(4)!);
    assert.deepEqual(asker.events, []);
    assert.equal(asker.ask('UNWATCH', '/a\0t\0'), 'ENOENT');
  });

  it('bounds what all watches weigh, for privileged clients too', () => {
    const asker = new Asker(newCore());
    const deep = '/a'.repeat(1000);
    let set = 0;
    while (asker.ask('WATCH', `${deep}\0${set}\0`) === 'OK\0') set += 1;
    assert.ok(set > 100 && set < 10_000, `${set} watches`);
    assert.equal(asker.ask('WATCH', `${deep}\0again\0`), 'E2BIG');
    asker.ask('UNWATCH', `${deep}\0${0}\0`);
    assert.equal(asker.ask('WATCH', `${deep}\0again\0`), 'OK\0');
  });
});
