import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parsePermList, type PermList } from '../../../server/store/permissions/permList';
import { StorePath } from '../../../server/store/tree/storePath';
import { addNode, findNode, leaf, removeNode, type StoreNode } from '../../../server/store/tree/storeTree';
import { withoutDomain } from '../../../server/store/tree/withoutDomain';

const path = (text: string): StorePath => StorePath.parse(text)!;
const perms = (...texts: string[]): PermList => parsePermList(texts, () => true)!;
const add = (root: StoreNode, text: string, list: PermList): StoreNode =>
  addNode(root, path(text), leaf('', list, 1));
const empty = leaf('', perms('n0'), 0);

function lists(node: StoreNode, at = ''): string[] {
  const below = node.children.names().flatMap((name) => lists(node.children.get(name)!, `${at}/${name}`));
  return [`${at} ${node.perms.text.replaceAll('\0', ' ').trim()}`, ...below];
}

/** The same done without any account. */
function naively(texts: readonly string[], domid: number): string[] {
  return texts.map((text) => {
    const [at, owner, ...others] = text.split(' ');
    return [at, owner, ...others.filter((entry) => entry !== `r${domid}`)].join(' ');
  });
}

describe('access lists without a domain', () => {
  // 1 and 33 share a bit.
  const domid = fc.constantFrom(1, 2, 33);
  const place = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
  const step = fc.record({ place, readers: fc.array(domid, { maxLength: 2 }), isRemoval: fc.boolean() });

  it('lack it everywhere and are otherwise as they were, whatever came and went before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), domid, (steps, gone) => {
        let root = empty;
        for (const { place: names, readers, isRemoval } of steps) {
          const at = path(`/${names.join('/')}`);
          const isThere = findNode(root, at) !== undefined;
          if (isThere && isRemoval) root = removeNode(root, at, 1);
          else if (!isThere) root = add(root, at.text, perms('n0', ...readers.map((reader) => `r${reader}`)));
        }
        assert.deepEqual(lists(withoutDomain(root, gone, 2)), naively(lists(root), gone));
      }),
    );
  });

  it('are not looked for in a subtree that does not mention the domain', () => {
    let root = empty;
    for (let n = 0; n < 100; n += 1) root = add(root, `/big/${n}/x`, perms('n0', 'r2'));
    root = add(root, '/small/x', perms('n0', 'r3'));
    const big = findNode(root, path('/big'))!;
    let looked = 0;
    const { names } = big.children;
    big.children.names = function (this: typeof big.children) {
      looked += 1;
      return names.call(this);
    };
    const without = withoutDomain(root, 3, 2);
    assert.equal(findNode(without, path('/small/x'))!.perms.text, 'n0\0');
    assert.equal(findNode(without, path('/big')), big);
    assert.equal(looked, 0);
    withoutDomain(root, 2, 2);
    assert.equal(looked, 1);
  });
});
