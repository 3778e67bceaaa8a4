/**
 * An editor that does what the contract says, and somebody else who does anything: when it is quiet
 * again, the editor shows what is in the store.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isStoreError } from '../../server/host/errors';
import { childPath } from '../../server/wire/xsPath';
import type { NodeRow, TreeChange } from '../../server/model/treeTypes';
import { type Rig, openRig } from './rig';

/** Shows whole directories, as the extension's tree does. */
class MiniEditor {
  readonly shown = new Map<string, Map<string, NodeRow>>();
  readonly #rig: Rig;
  readonly #loading = new Map<string, Promise<void>>();
  readonly #stale = new Set<string>();
  #taken = 0;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  get isLoading(): boolean {
    return this.#loading.size > 0;
  }

  open(path: string): void {
    if (this.#loading.has(path)) {
      this.#stale.add(path);
      return;
    }
    const done = this.#load(path).finally(() => {
      this.#loading.delete(path);
      if (this.#stale.delete(path)) this.open(path);
    });
    this.#loading.set(path, done);
  }

  close(path: string): void {
    if (this.#loading.has(path) || !this.shown.delete(path)) return;
    this.#rig.tree.unobserve([path]);
  }

  /** Takes what came since the last time; messages and answers arrive in the order they were sent. */
  take(): void {
    for (const changes of this.#rig.batches.slice(this.#taken))
      changes.forEach((change) => this.#apply(change));
    this.#taken = this.#rig.batches.length;
  }

  #apply(change: TreeChange): void {
    switch (change.kind) {
      case 'row': {
        const parent = change.row.path.slice(0, change.row.path.lastIndexOf('/')) || '/';
        const rows = this.shown.get(parent);
        if (rows?.has(change.row.name)) rows.set(change.row.name, change.row);
        return;
      }
      case 'children':
        if (this.shown.has(change.path) || this.#loading.has(change.path)) this.open(change.path);
        return;
      case 'gone':
        this.shown.delete(change.path);
        return;
      case 'all':
        for (const path of [...this.shown.keys(), ...this.#loading.keys()]) this.open(path);
    }
  }

  async #load(path: string): Promise<void> {
    try {
      const { rows } = await this.#rig.tree.children(path, 0, 1000);
      this.take();
      this.shown.set(path, new Map(rows.map((row) => [row.name, row])));
    } catch (error) {
      if (!isStoreError(error, 'ENOENT')) throw error;
      this.shown.delete(path);
    }
  }
}

const paths = ['/a', '/a/a', '/a/b', '/a/a/a', '/b/a'];
const path = fc.constantFrom(...paths);
const step = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('turn' as const), turns: fc.constant(1) }), weight: 5 },
  { arbitrary: fc.record({ kind: fc.constant('tick' as const), ms: fc.constant(60) }), weight: 3 },
  fc.record({ kind: fc.constant('write' as const), path, value: fc.constantFrom('', '1', '2') }),
  fc.record({ kind: fc.constant('rm' as const), path }),
  fc.record({ kind: fc.constant('open' as const), path: fc.constantFrom('/', ...paths) }),
  fc.record({ kind: fc.constant('close' as const), path }),
  fc.record({ kind: fc.constant('tick' as const), ms: fc.constantFrom(1, 10, 60) }),
  fc.record({ kind: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('burst' as const), path, count: fc.integer({ min: 2, max: 20 }) }),
  fc.record({ kind: fc.constant('anew' as const) }),
);

const lateness = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 });

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('live tree and an editor that follows it', function () {
  this.timeout(120_000);

  it('agree with the store when it is quiet again, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), lateness, async (steps, late) => {
        let chunk = 0;
        const rig = await openRig({ turnsLate: () => late[chunk++ % late.length]! });
        try {
          const editor = new MiniEditor(rig);
          for (const one of steps) await play(rig, editor, one);
          await quiet(rig, editor);
          await compare(rig, editor);
        } finally {
          await rig.close();
        }
      }),
      { numRuns: 400 },
    );
  });
});

async function play(rig: Rig, editor: MiniEditor, step: Step): Promise<void> {
  switch (step.kind) {
    case 'write':
      rig.other.write(step.path, step.value).catch(() => undefined);
      return;
    case 'rm':
      rig.other.rm(step.path).catch(() => undefined);
      return;
    case 'burst':
      for (let count = 0; count < step.count; count++) {
        rig.other.write(`${step.path}/n${count % 3}`, String(count)).catch(() => undefined);
      }
      return;
    case 'open':
      return editor.open(step.path);
    case 'close':
      return editor.close(step.path);
    case 'tick':
      rig.clock.tick(step.ms);
      return editor.take();
    case 'turn':
      for (let count = 0; count < step.turns; count++) await turn();
      return editor.take();
    case 'anew':
      return rig.tree.startAnew();
  }
}

/** All requests are answered and all batches are out. */
async function quiet(rig: Rig, editor: MiniEditor): Promise<void> {
  await rig.other.read('/');
  for (let calm = 0; calm < 5;) {
    const before = rig.batches.length;
    for (let count = 0; count < 20; count++) await turn();
    rig.clock.tick(1000);
    for (let count = 0; count < 20; count++) await turn();
    editor.take();
    calm = rig.batches.length === before && !editor.isLoading ? calm + 1 : 0;
  }
}

async function compare(rig: Rig, editor: MiniEditor): Promise<void> {
  for (const [directory, rows] of editor.shown) {
    const names = await rig.other.directory(directory);
    assert.deepEqual([...rows.keys()].sort(), names.sort(), `children of ${directory}`);
    for (const name of names) {
      const child = childPath(directory, name);
      const row = rows.get(name)!;
      assert.equal(row.preview, (await rig.other.read(child)).toString(), child);
      assert.equal(row.hasChildren, await rig.other.hasChildren(child), `whether ${child} can be opened`);
    }
  }
}

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
