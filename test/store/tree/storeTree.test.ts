import assert from 'node:assert/strict';
import fc from 'fast-check';
import { privatePerms } from '../../../server/store/permissions/permList';
import { StorePath } from '../../../server/store/tree/storePath';
import {
  StoreNode,
  addNode,
  findNode,
  forEachNode,
  leaf,
  removeNode,
  replaceNode,
} from '../../../server/store/tree/storeTree';
import { weightOfNode } from '../../../server/store/tree/weight';

const path = (text: string): StorePath => StorePath.parse(text)!;

/** A naive tree: values by path. */
type Model = ReadonlyMap<string, string>;

function flattened(node: StoreNode, at: StorePath = StorePath.root, into = new Map<string, string>()): Model {
  into.set(at.text, node.value);
  for (const name of node.children.names()) flattened(node.children.get(name)!, at.child(name), into);
  return into;
}

const name = fc.constantFrom('a', 'b', 'c');
const anyPath = fc.array(name, { maxLength: 4 }).map((names) => `/${names.join('/')}`);
const step = fc.tuple(fc.constantFrom('write', 'remove'), anyPath, fc.string({ maxLength: 3 }));

describe('storeTree', () => {
  it('behaves as a map of paths, and every old root stays as it was', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let root = leaf('', privatePerms, 0);
        let model: Model = new Map([['/', '']]);
        const versions: [StoreNode, Model][] = [];
        for (const [kind, text, value] of steps) {
          [root, model] = kind === 'write' ? written(root, model, text, value) : removed(root, model, text);
          versions.push([root, model]);
        }
        for (const [then, thenModel] of versions) assert.deepEqual(flattened(then), thenModel);
        let count = 0;
        forEachNode(root, () => (count += 1));
        assert.equal(count, model.size);
        assert.equal(root.nodeCount, model.size);
        let heldBytes = 0;
        forEachNode(root, ({ value, perms, children }) => {
          heldBytes += weightOfNode(value, perms, children.bytes);
        });
        assert.equal(root.heldBytes, heldBytes);
      }),
    );
  });

  it('gives a new generation to the node and its parent only', () => {
    const add = (root: StoreNode, text: string, generation: number): StoreNode =>
      addNode(root, path(text), leaf('', privatePerms, generation));
    const root = add(add(leaf('', privatePerms, 0), '/a', 1), '/a/b', 2);
    const changed = replaceNode(root, path('/a/b'), leaf('x', privatePerms, 9));
    const generations = ['/', '/a', '/a/b'].map((text) => findNode(changed, path(text))!.generation);
    assert.deepEqual(generations, [1, 2, 9]);
    assert.equal(findNode(removeNode(changed, path('/a/b'), 10), path('/a'))!.generation, 10);
  });

  it('shares what did not change', () => {
    let root = leaf('', privatePerms, 0);
    for (const text of ['/a', '/a/x', '/b']) root = addNode(root, path(text), leaf('', privatePerms, 1));
    const changed = replaceNode(root, path('/b'), leaf('x', privatePerms, 2));
    assert.equal(findNode(changed, path('/a')), findNode(root, path('/a')));
  });
});

function written(root: StoreNode, model: Model, text: string, value: string): [StoreNode, Model] {
  const wanted = path(text);
  const node = findNode(root, wanted);
  const next = new Map(model);
  if (node) {
    next.set(text, value);
    return [replaceNode(root, wanted, new StoreNode(value, privatePerms, node.children, 1)), next];
  }
  const names = text.slice(1).split('/');
  names.forEach((_, at) => {
    const above = `/${names.slice(0, at + 1).join('/')}`;
    if (!next.has(above)) next.set(above, '');
  });
  next.set(text, value);
  return [addNode(root, wanted, leaf(value, privatePerms, 1)), next];
}

function removed(root: StoreNode, model: Model, text: string): [StoreNode, Model] {
  if (text === '/' || !findNode(root, path(text))) return [root, model];
  const left = [...model].filter(([key]) => key !== text && !key.startsWith(`${text}/`));
  return [removeNode(root, path(text), 1), new Map(left)];
}
