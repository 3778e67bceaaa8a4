import assert from 'node:assert/strict';
import type { Edit } from '../../server/act/edit';
import { UndoList, maxUndoEntries } from '../../server/act/undoList';
import { dump } from '../../server/model/dump';
import { type ActsScene, grant, openActs, remove, write } from './openActs';

describe('undo of acts by hand', () => {
  let scene: ActsScene;
  let { xenstored, store, acts, text } = {} as ActsScene;
  beforeEach(async () => ({ xenstored, store, acts, text } = scene = await openActs()));
  afterEach(() => scene.close());

  const undoable = async (edit: Edit) => (await acts.perform(edit, true)).undoId!;

  it('writes the old value again', async () => {
    const undoId = await undoable(write('/a/one', 'uno\0'));
    assert.equal(await text('/a/one'), 'uno\0');
    assert.deepEqual(await acts.undo(undoId), { text: '/a/one is "1" again.' });
    assert.equal(await text('/a/one'), '1');
    await assert.rejects(acts.undo(undoId), { code: 'refused' });
  });

  it('removes a created node, with the parents that came with it', async () => {
    const undoId = await undoable(write('/a/b/c/d', 'x', true));
    await acts.undo(undoId);
    assert.deepEqual(await store.directory('/a'), ['one', 'two']);
  });

  it('keeps parents that somebody else has come to use', async () => {
    const undoId = await undoable(write('/a/b/c/d', 'x', true));
    await store.write('/a/b/other', '');
    await acts.undo(undoId);
    assert.deepEqual(await store.directory('/a/b'), ['other']);
  });

  it('restores a removed subtree with values and permissions', async () => {
    await store.write('/a/two/octets', Buffer.from([0, 255, 10]));
    await store.setPerms('/a/two/below', [
      { domid: 3, read: true, write: false },
      { domid: 0, read: true, write: true },
    ]);
    const before = await dump(store, '/a', 'json');
    const undoId = await undoable(remove('/a'));
    assert.equal((await acts.undo(undoId)).text, 'Restored /a and 4 nodes below it.');
    assert.equal(await dump(store, '/a', 'json'), before);
  });

  it('restores what it can when an owner is gone', async () => {
    await store.setPerms('/a/two/below', [{ domid: 3, read: true, write: false }]);
    const undoId = await undoable(remove('/a/two'));
    xenstored.domainDied(3);
    assert.equal(
      (await acts.undo(undoId)).text,
      'Restored /a/two and one node below it. One node got other permissions, because their owner is gone.',
    );
    assert.equal(await text('/a/two/below'), '2');
  });

  it('gives the old permissions back', async () => {
    const before = await store.getPerms('/a/one');
    await acts.undo(await undoable(grant('/a/one', 3)));
    assert.deepEqual(await store.getPerms('/a/one'), before);
  });

  it('refuses when somebody changed the node since', async () => {
    const written = await undoable(write('/a/one', 'uno'));
    await store.write('/a/one', 'eins');
    await assert.rejects(acts.undo(written), {
      code: 'refused',
      message: /written again: it is "eins" now/,
    });
    const created = await undoable(write('/a/new', '', true));
    await store.write('/a/new/child', '');
    await assert.rejects(acts.undo(created), { code: 'refused', message: /has got children/ });
    const removed = await undoable(remove('/a/two'));
    await store.mkdir('/a/two');
    await assert.rejects(acts.undo(removed), { code: 'refused', message: /created again/ });
    const orphaned = await undoable(remove('/a/new/child'));
    await store.rm('/a/new');
    await assert.rejects(acts.undo(orphaned), {
      code: 'refused',
      message: /\/a\/new, where it was, is gone/,
    });
    const granted = await undoable(grant('/a/one', 3));
    await store.setPerms('/a/one', [{ domid: 0, read: true, write: true }]);
    await assert.rejects(acts.undo(granted), {
      code: 'refused',
      message: /permissions of \/a\/one were changed again/,
    });
    assert.equal(await text('/a/one'), 'eins');
  });

  it('remembers a bounded number of acts', () => {
    const list = new UndoList();
    const entry = { nodes: 1, run: () => Promise.reject(new Error('not run')) };
    const first = list.add(entry);
    for (let count = 0; count < maxUndoEntries; count++) list.add(entry);
    assert.equal(list.get(first), undefined);
    assert.ok(list.get(first + 1));
  });
});
