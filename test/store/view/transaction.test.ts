import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { StoreNode } from '../../../server/store/tree/storeTree';
import { Asker, newCore } from '../askStore';

/** A store as simple as can be: values by path, in the order of creation below each parent. */
class Model {
  constructor(readonly values: Map<string, string> = new Map([['/', '']])) {}

  do([kind, path, value]: Change): void {
    if (kind === 'rm') {
      for (const key of [...this.values.keys()])
        if (key === path || key.startsWith(`${path}/`)) this.values.delete(key);
      return;
    }
    if (kind === 'mkdir' && this.values.has(path)) return;
    const names = path.slice(1).split('/');
    names.forEach((_, at) => {
      const above = `/${names.slice(0, at + 1).join('/')}`;
      if (!this.values.has(above)) this.values.set(above, '');
    });
    if (kind === 'write') this.values.set(path, value);
  }

  get text(): string {
    return [...this.values].sort().join('\n');
  }
}

type Change = readonly [kind: 'write' | 'mkdir' | 'rm' | 'look', path: string, value: string];

const types = { write: 'WRITE', mkdir: 'MKDIR', rm: 'RM', look: 'DIRECTORY' } as const;

function text(node: StoreNode, path = '', into: [string, string][] = []): string {
  into.push([path || '/', node.value]);
  for (const name of node.children.names()) text(node.children.get(name)!, `${path}/${name}`, into);
  return into.sort().join('\n');
}

const path = fc
  .array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 })
  .map((names) => `/${names.join('/')}`);
const change: fc.Arbitrary<Change> = fc.tuple(
  fc.constantFrom('write' as const, 'write' as const, 'mkdir' as const, 'rm' as const, 'look' as const),
  path,
  fc.string({ maxLength: 2, unit: 'grapheme-ascii' }),
);
const step = fc.tuple(
  fc.constantFrom('plain', 'one', 'other', 'one', 'other', 'commit one', 'commit other', 'abort one'),
  change,
);

describe('transaction', () => {
  it('that commits has the effect of its changes done at the commit, and one that does not has none', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const core = newCore();
        const asker = new Asker(core);
        asker.ask('RM', '/tool\0');
        const model = new Model();
        const open = new Map<string, { id: number; changes: Change[]; disturbed: boolean }>();
        const disturbOthers = (but?: string): void => {
          for (const [name, each] of open) if (name !== but) each.disturbed = true;
        };
        for (const [what, each] of steps) {
          const [verb, name] = what.includes(' ') ? (what.split(' ') as [string, string]) : ['do', what];
          const payload = `${each[1]}\0${each[0] === 'write' ? each[2] : ''}`;
          if (name === 'plain') {
            if (asker.ask(types[each[0]], payload) !== 'OK\0') continue;
            model.do(each);
            disturbOthers();
          } else if (verb === 'do') {
            if (!open.has(name)) open.set(name, { id: asker.start(), changes: [], disturbed: false });
            const transaction = open.get(name)!;
            if (asker.ask(types[each[0]], payload, transaction.id) === 'OK\0') transaction.changes.push(each);
          } else if (open.has(name)) {
            const { id, changes, disturbed } = open.get(name)!;
            open.delete(name);
            const answer = asker.ask('TRANSACTION_END', verb === 'commit' ? 'T\0' : 'F\0', id);
            if (!disturbed) assert.equal(answer, 'OK\0');
            else assert.ok(answer === 'OK\0' || answer === 'EAGAIN');
            if (verb === 'commit' && answer === 'OK\0') {
              changes.forEach((done) => model.do(done));
              if (changes.length > 0) disturbOthers(name);
            }
            assert.equal(asker.ask('READ', '/\0', id), 'ENOENT');
          }
          assert.equal(text(core.store.root), model.text);
        }
        assert.deepEqual(core.store.check(), []);
        asker.session.reset();
        assert.deepEqual([core.openTransactions, core.budget.transactionBytes], [0, 0]);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps the order of a directory in which it removed, made anew and made', () => {
    const asker = new Asker(newCore());
    for (const name of ['one', 'two', 'three']) asker.ask('WRITE', `/d/${name}\0${name}`);
    const id = asker.start();
    asker.ask('RM', '/d/one\0', id);
    asker.ask('WRITE', '/d/four\0', id);
    asker.ask('WRITE', '/d/one\0again', id);
    asker.ask('WRITE', '/d/one/below\0', id);
    const inside = asker.ask('DIRECTORY', '/d\0', id);
    assert.equal(asker.ask('DIRECTORY', '/d\0'), 'one\0two\0three\0');
    assert.equal(asker.ask('TRANSACTION_END', 'T\0', id), 'OK\0');
    assert.equal(asker.ask('DIRECTORY', '/d\0'), 'two\0three\0four\0one\0');
    assert.equal(inside, 'two\0three\0four\0one\0');
    assert.equal(asker.ask('READ', '/d/one\0'), 'again');
    assert.equal(asker.ask('DIRECTORY', '/d/one\0'), 'below\0');
  });

  it('commits beside changes of other values below a directory that it filled', () => {
    const asker = new Asker(newCore());
    asker.ask('WRITE', '/d/old/deep\0before');
    const id = asker.start();
    asker.ask('WRITE', '/d/new\0', id);
    asker.ask('WRITE', '/d/old/deep\0after');
    asker.ask('WRITE', '/d/old\0value');
    assert.equal(asker.ask('TRANSACTION_END', 'T\0', id), 'OK\0');
    assert.equal(asker.ask('READ', '/d/old/deep\0'), 'after');
    assert.equal(asker.ask('READ', '/d/old\0'), 'value');
    assert.equal(asker.ask('DIRECTORY', '/d\0'), 'old\0new\0');
  });

  for (const size of [1, 30]) {
    it(`stays sane in a directory of ${size} that others changed since it looked, and does not commit`, () => {
      const core = newCore();
      const asker = new Asker(core);
      for (let at = 0; at < size; at += 1) asker.ask('WRITE', `/d/n${at}\0`);
      asker.ask('WRITE', '/d/gone\0');
      const id = asker.start();
      assert.equal(asker.ask('READ', '/late\0', id), 'ENOENT');
      const before = asker.ask('DIRECTORY', '/d\0', id);
      asker.ask('WRITE', '/d/new\0');
      asker.ask('WRITE', '/late/below\0');
      asker.ask('RM', '/d/gone\0');
      assert.equal(asker.ask('RM', '/d/new\0', id), 'OK\0');
      assert.equal(asker.ask('DIRECTORY', '/d\0', id), before);
      assert.equal(asker.ask('WRITE', '/d/gone\0back', id), 'OK\0');
      assert.equal(asker.ask('DIRECTORY', '/d\0', id), before);
      assert.equal(asker.ask('RM', '/late/below\0', id), 'EINVAL');
      assert.equal(asker.ask('WRITE', '/late/other\0', id), 'OK\0');
      assert.equal(asker.ask('RM', '/d\0', id), 'OK\0');
      assert.equal(asker.ask('TRANSACTION_END', 'T\0', id), 'EAGAIN');
      assert.deepEqual(core.store.check(), []);
    });
  }

  it('of a guest touches no more nodes than its quota, and fails before it removes a part', () => {
    const core = newCore({ maxNodesPerTransaction: 5 });
    const dom0 = new Asker(core);
    const guest = new Asker(core, 1);
    for (const name of ['a', 'b', 'c', 'd', 'e']) dom0.ask('WRITE', `/g/${name}\0`);
    for (const name of ['', '/a', '/b', '/c', '/d', '/e']) dom0.ask('SET_PERMS', `/g${name}\0n1\0`);
    const id = guest.start();
    assert.equal(guest.ask('RM', '/g\0', id), 'ENOSPC');
    assert.equal(guest.ask('DIRECTORY', '/g\0', id), 'a\0b\0c\0d\0e\0');
  });

  it('counts what a guest makes inside against its nodes, there and at the commit', () => {
    const core = newCore({ maxNodes: 3 });
    const dom0 = new Asker(core);
    const guest = new Asker(core, 1);
    dom0.ask('WRITE', '/g\0');
    dom0.ask('SET_PERMS', '/g\0n1\0');
    const id = guest.start();
    assert.equal(guest.ask('WRITE', '/g/a/b\0', id), 'OK\0');
    assert.equal(guest.ask('WRITE', '/g/c\0', id), 'ENOSPC');
    dom0.ask('WRITE', '/gift\0');
    dom0.ask('SET_PERMS', '/gift\0n1\0');
    assert.equal(guest.ask('TRANSACTION_END', 'T\0', id), 'ENOSPC');
    assert.equal(core.store.ownedBy(1), 2);
  });
});
