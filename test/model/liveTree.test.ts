import assert from 'node:assert/strict';
import { maxDirtyRows } from '../../server/model/dirt';
import { batchIntervalMs, maxPageRows } from '../../server/model/liveTree';
import { type Rig, inWords, openRig } from './rig';

describe('live tree', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig();
    await rig.other.write('/a/one', '1');
    await rig.other.write('/a/two', '2');
  });
  afterEach(() => rig.close());

  const look = (path: string) => rig.tree.children(path, 0, 100);
  const names = async (path: string) => (await look(path)).rows.map(({ name }) => name);

  /** What a change is followed by, when /a is looked at. */
  async function changesAfter(change: () => Promise<void>): Promise<string[]> {
    await look('/a');
    await change();
    return inWords(await rig.nextBatch());
  }

  it('hands out rows with value and whether they can be opened', async () => {
    await rig.other.write('/a/three/below', 'x');
    assert.deepEqual(await look('/a'), {
      rows: [
        { path: '/a/one', name: 'one', preview: '1', valueBytes: 1, hasChildren: false },
        { path: '/a/three', name: 'three', preview: '', valueBytes: 0, hasChildren: true },
        { path: '/a/two', name: 'two', preview: '2', valueBytes: 1, hasChildren: false },
      ],
      total: 3,
    });
  });

  it('tells of a value that somebody else wrote', async () => {
    assert.deepEqual(await changesAfter(() => rig.other.write('/a/one', 'uno')), ['row /a/one=uno']);
  });

  it('tells of it within the time in which changes are gathered, after a rest and amid changes', async () => {
    await look('/a');
    for (const value of ['after a rest', 'right after that', 'and again']) {
      const writtenMs = rig.clock.nowMs();
      await rig.other.write('/a/one', value);
      assert.deepEqual(inWords(await rig.nextBatchUnhurried()), [`row /a/one=${value}`]);
      const tookMs = rig.clock.nowMs() - writtenMs;
      assert.ok(tookMs <= 50, `${value}: told after ${tookMs} ms of the clock`);
    }
  });

  it('tells of a node that somebody else created', async () => {
    assert.deepEqual(await changesAfter(() => rig.other.write('/a/three', '3')), [
      'fresh /a/three=3',
      'children /a',
    ]);
    assert.deepEqual(await names('/a'), ['one', 'three', 'two']);
  });

  it('tells of a node that somebody else removed', async () => {
    assert.deepEqual(await changesAfter(() => rig.other.rm('/a/one')), ['children /a']);
    assert.deepEqual(await names('/a'), ['two']);
  });

  it('tells of permissions that somebody else changed', async () => {
    const perms = [{ domid: 0, read: true, write: false }];
    assert.deepEqual(await changesAfter(() => rig.other.setPerms('/a/two', perms)), ['row /a/two=2']);
  });

  it('sees parents that come into being without an event of their own', async () => {
    assert.deepEqual(await changesAfter(() => rig.other.write('/a/b/c/d', 'deep')), [
      'fresh /a/b=',
      'children /a',
    ]);
  });

  it('sees the first child come and the last one go', async () => {
    await look('/a');
    await rig.other.write('/a/one/child', 'x');
    const [came] = await rig.nextBatch();
    assert.deepEqual(came?.kind === 'row' && came.row.hasChildren, true);
    await rig.other.rm('/a/one/child');
    const [went] = await rig.nextBatch();
    assert.deepEqual(went?.kind === 'row' && went.row.hasChildren, false);
  });

  it('does not tell twice of what looks the same', async () => {
    await rig.other.write('/a/one/x', '');
    await look('/a');
    // Below a row that has children in any case: the row is read, and nothing is said.
    await rig.other.write('/a/one/y', '');
    await rig.other.write('/a/two', 'mark');
    assert.deepEqual(inWords(await rig.nextBatch()), ['row /a/two=mark']);
  });

  it('says that an observed directory is gone, and those below it', async () => {
    await rig.other.write('/a/b/c', '');
    await look('/');
    await look('/a');
    await look('/a/b');
    await rig.other.rm('/a');
    assert.deepEqual(inWords(await rig.nextBatch()), ['gone /a', 'gone /a/b', 'children /']);
  });

  it('sees through a removal and a creation between two batches', async () => {
    await look('/');
    await look('/a');
    await rig.other.rm('/a');
    await rig.other.write('/a/three', '3');
    assert.deepEqual(inWords(await rig.nextBatch()).sort(), ['children /a', 'fresh /a/three=3', 'row /a=']);
  });

  it('reads nothing for what nobody looks at', async () => {
    await look('/a');
    rig.tree.unobserve(['/a']);
    await rig.other.write('/elsewhere', '');
    await look('/elsewhere');
    rig.reads.length = rig.lists.length = 0;
    await rig.other.write('/a/one', 'unseen');
    await rig.other.write('/elsewhere/seen', '');
    assert.deepEqual(inWords(await rig.nextBatch()), ['fresh /elsewhere/seen=', 'children /elsewhere']);
    assert.deepEqual(
      [...rig.reads, ...rig.lists].filter((path) => path.startsWith('/a')),
      [],
    );
  });

  it('makes one batch of a burst, and reads each row once', async () => {
    const paths = Array.from({ length: 100 }, (_, index) => `/burst/n${index}`);
    await Promise.all(paths.map((path) => rig.other.write(path, '')));
    await look('/burst');
    await rig.until(() => rig.clock.waiting === 0);
    rig.reads.length = rig.batches.length = 0;
    const writes = [];
    for (let count = 0; count < 50_000; count++)
      writes.push(rig.other.write(paths[count % 100]!, String(count)));
    // The clock stands still meanwhile.
    await Promise.all(writes);
    await rig.store.read('/');
    await rig.until(() => rig.batches.length > 0);
    assert.equal(rig.batches.length, 1);
    assert.equal(rig.batches[0]!.length, 100);
    assert.equal(rig.reads.filter((path) => path.startsWith('/burst/')).length, 100);
    assert.ok(inWords(rig.batches[0]!).includes('row /burst/n99=49999'));
  });

  it('makes no more than 20 batches a second', async () => {
    await look('/a');
    const startMs = rig.clock.nowMs();
    const timesMs: number[] = [];
    for (let count = 0; timesMs.length < 5; count++) {
      await rig.other.write('/a/one', String(count));
      const seen = rig.batches.length;
      rig.clock.tick(1);
      await new Promise((resolve) => setImmediate(resolve));
      if (rig.batches.length > seen) timesMs.push(rig.clock.nowMs() - startMs);
    }
    for (let index = 1; index < timesMs.length; index++) {
      assert.ok(timesMs[index]! - timesMs[index - 1]! >= batchIntervalMs, timesMs.join(', '));
    }
  });

  it('asks for everything anew after a reconnect, and observes what is asked for', async () => {
    await look('/a');
    rig.cut();
    assert.deepEqual(inWords(await rig.nextBatch()), ['all']);
    await look('/a');
    await rig.other.write('/a/one', 'after');
    assert.deepEqual(inWords(await rig.nextBatch()), ['row /a/one=after']);
  });

  it('asks for everything anew when too much changed at once', async () => {
    const count = maxDirtyRows + 1;
    const paths = Array.from({ length: count }, (_, index) => `/many/${index}`);
    await Promise.all(paths.map((path) => rig.other.write(path, '')));
    for (let offset = 0; offset < count; offset += maxPageRows)
      await rig.tree.children('/many', offset, maxPageRows);
    rig.reads.length = 0;
    await Promise.all(paths.map((path) => rig.other.write(path, 'x')));
    await rig.store.read('/');
    rig.reads.length = 0;
    assert.deepEqual(inWords(await rig.nextBatch()), ['all']);
    assert.deepEqual(rig.reads, []);
  });

  describe('of a directory with 10 000 children', () => {
    beforeEach(async () => {
      const writes = Array.from({ length: 10_000 }, (_, index) =>
        rig.other.write(`/big/${index}`, `v${index}`),
      );
      await Promise.all(writes);
    });

    it('gives any page, in natural order', async () => {
      const page = await rig.tree.children('/big', 9_998, 100);
      assert.equal(page.total, 10_000);
      assert.deepEqual(
        page.rows.map(({ name, preview }) => `${name}=${preview}`),
        ['9998=v9998', '9999=v9999'],
      );
      const first = await rig.tree.children('/big', 0, 3);
      assert.deepEqual(
        first.rows.map(({ name }) => name),
        ['0', '1', '2'],
      );
    });

    it('knows that it can be opened without listing it', async () => {
      const row = await rig.tree.row('/big');
      assert.equal(row?.hasChildren, true);
      assert.deepEqual(rig.lists, []);
    });

    it('tells of a row on a shown page only', async () => {
      await rig.tree.children('/big', 0, 10);
      rig.reads.length = 0;
      await rig.other.write('/big/5000', 'unseen');
      await rig.other.write('/big/5', 'seen');
      assert.deepEqual(inWords(await rig.nextBatch()), ['row /big/5=seen']);
      assert.deepEqual(rig.reads, ['/big/5']);
    });

    it('tells the reader of the first page what the reader of another page found', async () => {
      await rig.tree.children('/big', 0, 10);
      await rig.other.write('/big/new', '');
      await rig.tree.children('/big', 5_000, 10);
      assert.ok(inWords(await rig.nextBatch()).includes('children /big'));
    });
  });

  it('rejects what does not exist, and does not observe it', async () => {
    await assert.rejects(look('/nowhere'), { storeError: 'ENOENT' });
    assert.equal(await rig.tree.row('/nowhere'), undefined);
    await look('/a');
    rig.lists.length = 0;
    await rig.other.write('/nowhere', '');
    await rig.other.write('/a/one', 'mark');
    assert.deepEqual(inWords(await rig.nextBatch()), ['row /a/one=mark']);
    assert.deepEqual(rig.lists, []);
  });

  it('shows a domain by its new name', async () => {
    await rig.other.write('/local/domain/3/name', 'web');
    await rig.other.write('/back/frontend-id', '3');
    await rig.domains.refresh();
    const [row] = (await look('/back')).rows;
    assert.deepEqual(row?.meaning, { kind: 'domain', domid: 3, text: 'web (3)' });
    await rig.other.write('/local/domain/3/name', 'shop');
    const [change] = await rig.nextBatch();
    assert.deepEqual(change?.kind === 'row' && change.row.meaning, {
      kind: 'domain',
      domid: 3,
      text: 'shop (3)',
    });
  });
});

describe('live tree of an unprivileged domain', () => {
  it('says which row may not be read', async () => {
    const rig = await openRig();
    await rig.other.write('/a/secret', 'x');
    await rig.other.setPerms('/a', [{ domid: 0, read: true, write: false }]);
    await rig.other.setPerms('/a/secret', [{ domid: 0, read: false, write: false }]);
    const { openStoreClient } = await import('../../server/store/client/storeClient');
    const { readRow } = await import('../../server/model/nodeRow');
    const guest = openStoreClient({ dial: rig.xenstored.connect({ domid: 5 }), clock: rig.clock });
    assert.deepEqual(await readRow(guest, '/a/secret', String), {
      path: '/a/secret',
      name: 'secret',
      preview: '',
      valueBytes: 0,
      hasChildren: false,
      unreadable: 'permission denied',
    });
    await guest.close();
    await rig.close();
  });
});
