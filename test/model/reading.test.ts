/** Dump, find, domains and the log of a watch, on a real store. */
import assert from 'node:assert/strict';
import { dump } from '../../server/model/dump';
import { find } from '../../server/model/find';
import { readDetail } from '../../server/model/nodeDetail';
import type { FindQuery } from '../../server/model/treeTypes';
import { walk } from '../../server/model/walk';
import { type Report, WatchLog, maxReportsPerBatch } from '../../server/model/watchLog';
import { type Rig, openRig } from './rig';

describe('on a store', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig();
    await rig.other.write('/local/domain/0/name', 'Domain-0');
    await rig.other.write('/local/domain/3/name', 'web');
    await rig.other.write('/local/domain/3/device/vif/0/state', '4');
    await rig.other.write('/local/domain/3/data/note', Buffer.from('a "b" \\ \n\x07\xff', 'latin1'));
  });
  afterEach(() => rig.close());

  describe('dump', () => {
    it('is what xenstore-ls -f prints', async () => {
      assert.equal(
        await dump(rig.store, '/local/domain/3', 'text'),
        [
          '/local/domain/3/name = "web"',
          '/local/domain/3/device = ""',
          '/local/domain/3/device/vif = ""',
          '/local/domain/3/device/vif/0 = ""',
          '/local/domain/3/device/vif/0/state = "4"',
          '/local/domain/3/data = ""',
          '/local/domain/3/data/note = "a "b" \\\\ \\n\\007\\xff"',
          '',
        ].join('\n'),
      );
    });

    it('shows a node without children itself', async () => {
      assert.equal(await dump(rig.store, '/local/domain/3/name', 'text'), '/local/domain/3/name = "web"\n');
    });

    it('keeps every octet and the permissions in JSON', async () => {
      rig.xenstored.domainCreated(3);
      await rig.other.setPerms('/local/domain/3/data/note', [
        { domid: 3, read: false, write: false },
        { domid: 0, read: true, write: false },
      ]);
      assert.deepEqual(JSON.parse(await dump(rig.store, '/local/domain/3/data', 'json')), [
        { path: '/local/domain/3/data', value: '', perms: ['n0'] },
        { path: '/local/domain/3/data/note', valueBase64: 'YSAiYiIgXCAKB/8=', perms: ['n3', 'r0'] },
      ]);
    });

    it('rejects a path that does not exist', async () => {
      await assert.rejects(dump(rig.store, '/nowhere', 'text'), { storeError: 'ENOENT' });
    });
  });

  it('a walk ends at its limit', async () => {
    await assert.rejects(walk(rig.store, '/local', { values: false, perms: false, maxNodes: 5 }), {
      code: 'limit',
    });
  });

  it('a detail has value, permissions in words and meaning', async () => {
    await rig.domains.refresh();
    assert.deepEqual(
      await readDetail(rig.store, '/local/domain/3/device/vif/0/state', rig.domains.nameDomain),
      {
        path: '/local/domain/3/device/vif/0/state',
        value: Buffer.from('4'),
        children: 0,
        perms: [{ domid: 0, read: false, write: false }],
        permsText: ['Owned by Domain-0 (0), who may do everything.', 'Everyone else: nothing.'],
        meaning: { kind: 'state', text: 'Connected' },
      },
    );
  });

  describe('find', () => {
    const search = async (query: Partial<FindQuery>, signal?: AbortSignal) => {
      const whole = {
        text: '',
        regexp: false,
        inPaths: true,
        inValues: true,
        under: '/',
        limit: 100,
        ...query,
      };
      const { rows, more } = await find(rig.store, whole, rig.domains.nameDomain, { signal });
      return { paths: rows.map(({ path }) => path), more };
    };

    it('finds in paths without regard to case', async () => {
      assert.deepEqual(await search({ text: 'VIF', inValues: false }), {
        paths: [
          '/local/domain/3/device/vif',
          '/local/domain/3/device/vif/0',
          '/local/domain/3/device/vif/0/state',
        ],
        more: false,
      });
    });

    it('finds in values', async () => {
      assert.deepEqual((await search({ text: 'domain-0', inPaths: false })).paths, ['/local/domain/0/name']);
      assert.deepEqual((await search({ text: 'web', inValues: false })).paths, []);
    });

    it('finds with a regular expression', async () => {
      assert.deepEqual((await search({ text: '^(web|4)$', regexp: true })).paths, [
        '/local/domain/3/name',
        '/local/domain/3/device/vif/0/state',
      ]);
    });

    it('takes an escape that is not needed, as people write it', async () => {
      await rig.other.write('/local/domain/3/device/x-y', 'ä');
      const paths = ['/local/domain/3/device/x-y'];
      assert.deepEqual((await search({ text: 'x\\-y$', regexp: true })).paths, paths);
      assert.deepEqual((await search({ text: '^\\p{L}$', regexp: true, inPaths: false })).paths, paths);
    });

    it('stays within a subtree and a limit', async () => {
      assert.deepEqual((await search({ text: 'name', under: '/local/domain/3' })).paths, [
        '/local/domain/3/name',
      ]);
      assert.deepEqual(await search({ text: 'name', limit: 1 }), {
        paths: ['/local/domain/0/name'],
        more: true,
      });
    });

    it('tells of matches as it finds them, in order and within the limit', async () => {
      for (let index = 0; index < 2_000; index++) void rig.other.write(`/many/${index}/hit`, '');
      await rig.other.read('/');
      const seen: { paths: string[]; searchedNodes: number }[] = [];
      const query = {
        text: '/hit',
        regexp: false,
        inPaths: true,
        inValues: true,
        under: '/many',
        limit: 1_500,
      };
      const { rows, more, searchedNodes } = await find(rig.store, query, String, {
        onFound: (fresh, searched) =>
          seen.push({ paths: fresh.map(({ path }) => path), searchedNodes: searched }),
      });
      assert.ok(seen.length > 1, `${seen.length} times`);
      assert.ok(seen[0]!.searchedNodes < searchedNodes, 'the first before the end');
      assert.deepEqual(
        seen.flatMap(({ paths }) => paths),
        rows.map(({ path }) => path),
      );
      assert.deepEqual([rows.length, more], [1_500, true]);
    });

    it('counts what it searched', async () => {
      const query = { text: 'x', regexp: false, inPaths: true, inValues: false, under: '/local', limit: 9 };
      assert.equal((await find(rig.store, query, String)).searchedNodes, 12);
    });

    it('refuses an expression that is none, in a sentence', async () => {
      await assert.rejects(search({ text: '(a', regexp: true }), {
        code: 'input',
        message: 'This is no regular expression: Unterminated group.',
      });
      await assert.rejects(search({ text: '' }), { code: 'input' });
    });

    it('gives up on an expression that would take for ever', async () => {
      await rig.other.write('/trap', 'a'.repeat(2000) + 'b');
      await assert.rejects(search({ text: '^(a+)+$', regexp: true }), { code: 'limit' });
    });

    it('can be cancelled', async () => {
      await assert.rejects(search({ text: 'x' }, AbortSignal.abort()), { code: 'cancelled' });
    });
  });

  describe('domains', () => {
    const names = () => rig.domains.all.map(({ domid, name }) => `${domid}=${name}`);

    it('are listed with their names', async () => {
      await rig.domains.refresh();
      assert.deepEqual(rig.domains.all, [
        { domid: 0, name: 'Domain-0' },
        { domid: 3, name: 'web' },
      ]);
      assert.equal(rig.domains.nameDomain(3), 'web (3)');
      assert.equal(rig.domains.nameDomain(8), 'domain 8');
    });

    it('come, get names, and go', async () => {
      await rig.domains.refresh();
      await rig.other.write('/local/domain/12/device/x', '');
      await rig.until(() => names().includes('12=undefined'));
      await rig.other.write('/local/domain/12/name', 'late');
      await rig.until(() => names().includes('12=late'));
      await rig.other.rm('/local/domain/12');
      await rig.until(() => names().length === 2);
      assert.deepEqual(rig.domainLists.at(-1), rig.domains.all);
    });

    it('are none in an empty store', async () => {
      await rig.other.rm('/local');
      await rig.domains.refresh();
      assert.deepEqual(rig.domains.all, []);
    });
  });

  describe('watch', () => {
    const open = async (path: string) => {
      const reports: Report[] = [];
      const batches: number[] = [];
      const onReports = (batch: readonly Report[]) => {
        reports.push(...batch);
        batches.push(batch.length);
      };
      const log = await WatchLog.open({ store: rig.store, clock: rig.clock, path, onReports });
      return { log, reports, batches };
    };
    const inWords = ({ count, path, oldValue, newValue, oldUnknown }: Report) =>
      `${count} ${path} ${oldUnknown ? '?' : (oldValue ?? 'nothing')} -> ${newValue ?? 'nothing'}`;

    it('reports each change with the value before and after', async () => {
      const { log, reports } = await open('/local/domain/3');
      await rig.other.write('/local/domain/3/name', 'shop');
      await rig.store.read('/');
      await rig.other.write('/local/domain/3/new', '1');
      await rig.store.read('/');
      await rig.other.rm('/local/domain/3/name');
      await rig.until(() => reports.length === 3);
      assert.deepEqual(reports.map(inWords), [
        '1 /local/domain/3/name web -> shop',
        '2 /local/domain/3/new nothing -> 1',
        '3 /local/domain/3/name shop -> nothing',
      ]);
      await log.close();
    });

    it('waits for a node that does not exist yet', async () => {
      const { log, reports } = await open('/later');
      await rig.other.write('/later', 'here');
      await rig.until(() => reports.length === 1);
      assert.deepEqual(reports.map(inWords), ['1 /later nothing -> here']);
      await log.close();
    });

    it('forgets what went with a removed subtree', async () => {
      const { log, reports } = await open('/local/domain/3');
      await rig.other.rm('/local/domain/3');
      await rig.other.write('/local/domain/3/name', 'again');
      await rig.until(() => reports.length === 2);
      assert.deepEqual(reports.map(inWords).at(-1), '2 /local/domain/3/name nothing -> again');
      await log.close();
    });

    it('tells the end of what comes too fast, though nothing comes after it', async () => {
      const { log, reports } = await open('/fast');
      const count = 5_000;
      await Promise.all(Array.from({ length: count }, (_, index) => rig.other.write(`/fast/${index}`, 'x')));
      const told = () => reports.reduce((sum, { dropped }) => sum + 1 + dropped, 0);
      await rig.until(() => told() === count);
      assert.deepEqual([reports.at(-1)!.count, reports.at(-1)!.path], [count, `/fast/${count - 1}`]);
      await log.close();
    });

    it('leaves out what comes too fast, and counts it', async () => {
      const { log, reports, batches } = await open('/fast');
      const writes = Array.from({ length: 5_000 }, (_, index) =>
        rig.other.write(`/fast/${index}`, String(index)),
      );
      await Promise.all(writes);
      await rig.store.read('/');
      await rig.until(() => reports.length > 0);
      await rig.other.write('/fast/last', 'last');
      await rig.until(() => reports.at(-1)?.path === '/fast/last');
      assert.ok(Math.max(...batches) <= maxReportsPerBatch, String(batches));
      assert.equal(reports.length + reports.reduce((sum, { dropped }) => sum + dropped, 0), 5_001);
      assert.equal(reports.at(-1)?.count, 5_001);
      await log.close();
    });

    it('says after a time away that changes may have been missed, and which can be seen', async () => {
      await rig.other.write('/local/domain/3/gone/below', 'x');
      const { log, reports } = await open('/local/domain/3');
      rig.cut();
      await rig.other.write('/local/domain/3/name', 'shop');
      await rig.other.write('/local/domain/3/new', '1');
      await rig.other.rm('/local/domain/3/gone');
      await rig.until(() => reports.length >= 4);
      assert.deepEqual(
        reports.map((report) => `${report.missed} ${inWords(report)}`),
        [
          'perhaps 1 /local/domain/3  -> ',
          'found 2 /local/domain/3/name web -> shop',
          'found 3 /local/domain/3/new nothing -> 1',
          'found 4 /local/domain/3/gone  -> nothing',
        ],
      );
      await rig.other.write('/local/domain/3/name', 'again');
      await rig.until(() => reports.length === 5);
      assert.deepEqual(
        [reports[4]!.missed, inWords(reports[4]!)],
        [undefined, '5 /local/domain/3/name shop -> again'],
      );
      await log.close();
    });

    it('hears of releases', async () => {
      rig.xenstored.connect({ domid: 7 });
      const { log, reports } = await open('@releaseDomain');
      rig.xenstored.domainShutdown(7);
      await rig.until(() => reports.length === 1);
      assert.deepEqual(reports.map(inWords), ['1 @releaseDomain nothing -> nothing']);
      await log.close();
    });
  });
});
