import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isAtOrBelow } from '../../../server/wire/xsPath';
import { StorePath } from '../../../server/store/tree/storePath';
import { WatchTrie } from '../../../server/store/watches/watchTrie';

const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 })
  .map((names) => StorePath.parse(`/${names.join('/')}`)!);

describe('watchTrie', () => {
  it('finds what scanning all watches finds, also after some went', () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 30 }), fc.array(fc.nat(29)), path, (paths, going, changed) => {
        const trie = new WatchTrie<number>();
        const left = new Map(paths.map((each, at) => [at, each]));
        paths.forEach((each, at) => trie.add(each, at));
        for (const at of going) {
          if (!left.has(at)) continue;
          trie.remove(left.get(at)!, at);
          left.delete(at);
        }
        const expected = [...left]
          .filter(([, each]) => isAtOrBelow(changed.text, each.text))
          .map(([at]) => at);
        assert.deepEqual(trie.along(changed).sort(), expected.sort());
        const isWatchedBelow = [...left.values()].some((each) => isAtOrBelow(each.text, changed.text));
        assert.equal(trie.find(changed) !== undefined, isWatchedBelow || changed.depth === 0);
      }),
    );
  });

  it('keeps nothing of watches that are gone', () => {
    const trie = new WatchTrie<string>();
    const deep = StorePath.parse('/a/b/c/d')!;
    trie.add(deep, 'one');
    trie.add(StorePath.parse('/a/b')!, 'two');
    trie.remove(deep, 'one');
    assert.equal(trie.find(StorePath.parse('/a/b/c')!), undefined);
    trie.remove(StorePath.parse('/a/b')!, 'two');
    assert.ok(trie.root.isEmpty);
  });
});
