import assert from 'node:assert/strict';
import type { NodeRow } from '../../server/rpc/api';
import { StoreTree, type TreeElement, type TreeUpdate } from '../../extension/tree/storeTree';
import { childPath, nodeName } from '../../extension/names';

/** A store of paths in memory, which notes what it was asked. */
class Store {
  readonly values = new Map<string, string>();
  readonly asked: string[] = [];
  readonly unobserved: string[] = [];
  failing: Error | undefined;

  constructor(...paths: string[]) {
    for (const path of paths) this.values.set(path, '');
  }

  row(path: string): NodeRow {
    const value = this.values.get(path) ?? '';
    const hasChildren = this.list(path).length > 0;
    return { path, name: nodeName(path), preview: value, valueBytes: value.length, hasChildren };
  }

  names(path: string): Promise<string[]> {
    return Promise.resolve(this.list(path));
  }

  list(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const below = [...this.values.keys()].filter((one) => one.startsWith(prefix) && one !== path);
    return [...new Set(below.map((one) => one.slice(prefix.length).split('/')[0]!))].sort();
  }

  children(path: string, offset: number, limit: number) {
    this.asked.push(`${path} ${offset}+${limit}`);
    if (this.failing) return Promise.reject(this.failing);
    const names = this.list(path);
    const rows = names.slice(offset, offset + limit).map((name) => this.row(childPath(path, name)));
    return Promise.resolve({ rows, total: names.length });
  }

  unobserve(paths: readonly string[]): void {
    this.unobserved.push(...paths);
  }
}

function open(store: Store, pageSize = 500): { tree: StoreTree; updates: TreeUpdate[] } {
  const tree = new StoreTree('simulator', store, () => pageSize);
  const updates: TreeUpdate[] = [];
  tree.onUpdate((update) => updates.push(update));
  return { tree, updates };
}

const labels = (elements: TreeElement[]) =>
  elements.map((element) => (element.kind === 'node' ? element.row.name : element.kind));

describe('the tree of one host', () => {
  it('asks for a directory once, and only when it is opened', async () => {
    const store = new Store('/a/b', '/a/c', '/d');
    const { tree } = open(store);
    assert.deepEqual(labels(await tree.elements(tree.root)), ['a', 'd']);
    await tree.elements(tree.root);
    assert.deepEqual(store.asked, ['/ 0+500']);
    assert.deepEqual(labels(await tree.elements(tree.find('/a')!)), ['b', 'c']);
  });

  it('asks once also when two look at the same time', async () => {
    const store = new Store('/a');
    const { tree } = open(store);
    await Promise.all([tree.elements(tree.root), tree.elements(tree.root)]);
    assert.equal(store.asked.length, 1);
  });

  it('keeps the objects of rows that stay, so that selection and expansion stay with them', async () => {
    const store = new Store('/a', '/b');
    const { tree, updates } = open(store);
    await tree.elements(tree.root);
    const b = tree.find('/b');
    store.values.delete('/a');
    store.values.set('/c', '');
    tree.apply([{ kind: 'children', path: '/' }]);
    assert.deepEqual(updates.at(-1), { nodes: [tree.root], changed: [] });
    assert.deepEqual(labels(await tree.elements(tree.root)), ['b', 'c']);
    assert.equal(tree.find('/b'), b);
    assert.equal(tree.find('/a'), undefined);
    assert.deepEqual(
      updates.at(-1)!.changed.map(({ path }) => path),
      ['/c'],
      'the new row is marked',
    );
  });

  it('draws a changed row again, and only that', async () => {
    const store = new Store('/a', '/b');
    const { tree, updates } = open(store);
    await tree.elements(tree.root);
    store.values.set('/a', 'new');
    tree.apply([{ kind: 'row', row: store.row('/a'), fresh: false }]);
    const a = tree.find('/a')!;
    assert.deepEqual(updates, [{ nodes: [a], changed: [a] }]);
    assert.equal(a.row.preview, 'new');
  });

  it('does not mark a row whose children alone changed', async () => {
    const store = new Store('/a');
    const { tree, updates } = open(store);
    await tree.elements(tree.root);
    store.values.set('/a/b', '');
    tree.apply([{ kind: 'row', row: store.row('/a'), fresh: false }]);
    assert.deepEqual(updates.at(-1)!.changed, []);
    assert.equal(tree.find('/a')!.row.hasChildren, true);
  });

  it('draws the directory when many of its rows changed', async () => {
    const store = new Store(...Array.from({ length: 80 }, (_, index) => `/d/n${index}`));
    const { tree, updates } = open(store);
    await tree.elements(tree.root);
    await tree.elements(tree.find('/d')!);
    tree.apply(
      [...store.list('/d')].map((name) => ({
        kind: 'row' as const,
        row: { ...store.row(`/d/${name}`), preview: 'x' },
        fresh: false,
      })),
    );
    assert.deepEqual(
      updates.at(-1)!.nodes!.map(({ path }) => path),
      ['/d'],
    );
  });

  it('ignores what is not shown', async () => {
    const store = new Store('/a/b');
    const { tree, updates } = open(store);
    await tree.elements(tree.root);
    tree.apply([
      { kind: 'row', row: store.row('/a/b'), fresh: true },
      { kind: 'children', path: '/x' },
    ]);
    assert.deepEqual(updates, []);
  });

  it('shows pages, and the next one on demand', async () => {
    const store = new Store(
      ...Array.from({ length: 25 }, (_, index) => `/n${String(index).padStart(2, '0')}`),
    );
    const { tree } = open(store, 10);
    const first = await tree.elements(tree.root);
    assert.deepEqual([first.length, labels(first).at(-1)], [11, 'more']);
    tree.showMore(tree.root);
    assert.equal((await tree.elements(tree.root)).length, 21);
    tree.showMore(tree.root);
    assert.equal(labels(await tree.elements(tree.root)).at(-1), 'n24');
  });

  it('finds the way to a path beyond the first page, and to one that is new', async () => {
    const store = new Store(
      ...Array.from({ length: 30 }, (_, index) => `/d/n${String(index).padStart(2, '0')}/x`),
    );
    const { tree } = open(store, 10);
    assert.equal((await tree.reach('/d/n12/x'))?.path, '/d/n12/x');
    assert.equal(tree.find('/d')!.children!.length, 20, 'as many pages as it takes');
    store.values.set('/e/f', '');
    assert.equal((await tree.reach('/e/f'))?.path, '/e/f');
    assert.equal(await tree.reach('/nowhere/at/all'), undefined);
    assert.equal(await tree.reach('/'), tree.root);
  });

  it('tells the server which directories are no longer on screen, and asks again when they are', async () => {
    const store = new Store('/a/b/c');
    const { tree, updates } = open(store);
    await tree.reach('/a/b/c');
    const a = tree.find('/a')!;
    tree.collapse(a);
    assert.deepEqual(store.unobserved, ['/a', '/a/b']);
    const asked = store.asked.length;
    tree.expand(a);
    assert.deepEqual(updates.at(-1)!.nodes, [a]);
    await tree.elements(a);
    assert.equal(store.asked.length, asked + 1);
  });

  it('keeps what was last seen while the host is away, and says what is wrong where nothing was', async () => {
    const store = new Store('/a/b');
    const { tree } = open(store);
    await tree.elements(tree.root);
    store.failing = new Error('The host is away.');
    tree.reload();
    assert.deepEqual(labels(await tree.elements(tree.root)), ['a']);
    assert.deepEqual(labels(await tree.elements(tree.find('/a')!)), ['failed']);
    store.failing = undefined;
    tree.reload();
    assert.deepEqual(labels(await tree.elements(tree.find('/a')!)), ['b']);
  });

  it('forgets what is gone, with everything below', async () => {
    const store = new Store('/a/b/c', '/d');
    const { tree } = open(store);
    await tree.reach('/a/b/c');
    for (const path of ['/a/b/c', '/a']) store.values.delete(path);
    tree.apply([{ kind: 'gone', path: '/a' }]);
    assert.deepEqual(labels(await tree.elements(tree.root)), ['d']);
    for (const path of ['/a', '/a/b', '/a/b/c']) assert.equal(tree.find(path), undefined, path);
  });
});
