import assert from 'node:assert/strict';
import { PathCache, StorePath } from '../../../server/store/tree/storePath';

describe('storePath', () => {
  it('takes a path apart and goes up to the root, which is its own parent', () => {
    const path = StorePath.parse('/local/domain/3')!;
    assert.deepEqual([path.name, path.depth], ['3', 3]);
    assert.deepEqual([path.parent.text, path.parent.name], ['/local/domain', 'domain']);
    assert.equal(path.parent.parent.text, '/local');
    assert.equal(path.parent.parent.parent, StorePath.root);
    assert.equal(StorePath.root.parent, StorePath.root);
    assert.equal(StorePath.parse('/'), StorePath.root);
  });

  it('goes down, also from a path that was reached by going up', () => {
    const up = StorePath.parse('/a/b/c')!.parent;
    assert.deepEqual(
      [up.child('d').text, up.child('d').name, up.child('d').parent.text],
      ['/a/b/d', 'd', '/a/b'],
    );
    assert.equal(StorePath.root.child('x').text, '/x');
  });

  it('refuses what is no path', () => {
    for (const text of ['', 'a', '//', '/a/', '/a//b', '/a.b', '/é'])
      assert.equal(StorePath.parse(text), undefined);
  });

  it('remembers paths while they are asked for, and forgets', () => {
    const cache = new PathCache(2, 10);
    const kept = cache.parse('/kept');
    for (let turn = 0; turn < 20; turn += 1) {
      assert.equal(cache.parse('/kept'), kept);
      assert.equal(cache.parse(`/n${turn}`)?.name, `n${turn}`);
    }
    const first = cache.parse('/first');
    for (let turn = 0; turn < 20; turn += 1) cache.parse(`/m${turn}`);
    assert.notEqual(cache.parse('/first'), first);
    assert.notEqual(cache.parse('/longer-than-ten'), cache.parse('/longer-than-ten'));
    assert.equal(cache.parse('/no good'), undefined);
  });
});
