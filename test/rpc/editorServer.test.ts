import assert from 'node:assert/strict';
import path from 'node:path';
import { type Socket, createServer } from 'node:net';
import { systemClock } from '../../server/cli/systemClock';
import type { Act, ActResult, TreeChange } from '../../server/rpc/api';
import type { StoreClient } from '../../server/host/storeClient';
import { openStoreClient } from '../../server/store/client/storeClient';
import { dialSocket } from '../../server/store/client/socketDial';
import { Xenstored } from '../../server/store/xenstored';
import { Editor, base64, eventually } from './rig';

describe('editor server', function () {
  this.timeout(30_000);
  let editor: Editor;
  beforeEach(() => void (editor = new Editor()));
  afterEach(() => editor.close());

  describe('before and at its start', () => {
    it('answers nothing before it is initialized', async () => {
      await assert.rejects(editor.ask('xenscope/hosts', null), { code: -32002 });
    });

    it('refuses an editor of another version, or with nonsense options, in a sentence', async () => {
      await assert.rejects(editor.initialize({ apiVersion: 99 }), { message: /version 99 of the API/ });
      await assert.rejects(editor.initialize({ pace: 'fast' as never }), {
        message: /pace must be a number/,
      });
      assert.ok(await editor.initialize());
    });

    it('lists the simulator and the added sockets, connected to none', async () => {
      await editor.initialize({ sockets: [editor.path('added')] });
      const hosts = await editor.ask('xenscope/hosts', null);
      assert.deepEqual(
        hosts.map(({ kind, label, state, removable }) => ({ kind, label, state: state.kind, removable })),
        [
          { kind: 'simulator', label: 'Simulator', state: 'idle', removable: false },
          {
            kind: 'socket',
            label: `${path.basename(path.dirname(editor.path('added')))}/added`,
            state: 'idle',
            removable: true,
          },
        ],
      );
      assert.match(hosts[1]!.id, /^socket-[0-9a-f]{8}$/);
    });
  });

  describe('with a xenstored', () => {
    let xenstored: Xenstored;
    let other: StoreClient;
    const host = 'local';
    const changes = (): TreeChange[] =>
      editor.all('xenscope/treeChanged').flatMap((params) => params.changes);
    const act = (what: Act, confirmed = true): Promise<ActResult> =>
      editor.ask('xenscope/act', { host, act: what, confirmed });

    beforeEach(async () => {
      xenstored = new Xenstored({ clock: systemClock });
      await xenstored.listen(editor.path('local'));
      other = openStoreClient({ dial: dialSocket(editor.path('local')), clock: systemClock });
      await other.write('/local/domain/0/name', 'Domain-0');
      await other.write('/local/domain/3/name', 'web');
      await other.write('/local/domain/3/device/vif/0/backend-id', '0');
      await editor.initialize();
      await eventually(() => editor.host('local'));
      const { state } = await editor.ask('xenscope/connect', { host });
      assert.deepEqual(state, { kind: 'connected' });
    });
    afterEach(async () => {
      await Promise.all([other.close(), xenstored.close()]);
    });

    it('tells of a disconnect even when the connect follows at once: what was set is gone', async () => {
      const before = editor.all('xenscope/hostsChanged').length;
      const disconnected = editor.ask('xenscope/disconnect', { host });
      await Promise.all([disconnected, editor.ask('xenscope/connect', { host })]);
      const states = editor
        .all('xenscope/hostsChanged')
        .slice(before)
        .map(({ hosts }) => hosts.find(({ id }) => id === host)?.state.kind);
      assert.ok(states.includes('idle'), states.join());
    });

    it('gives rows, details, names and domains', async () => {
      const page = await editor.ask('xenscope/children', {
        host,
        path: '/local/domain',
        offset: 0,
        limit: 10,
      });
      assert.deepEqual(
        page.rows.map(({ name, hasChildren }) => ({ name, hasChildren })),
        [
          { name: '0', hasChildren: true },
          { name: '3', hasChildren: true },
        ],
      );
      const path = '/local/domain/3/device/vif/0/backend-id';
      assert.deepEqual((await editor.ask('xenscope/row', { host, path })).meaning, {
        kind: 'domain',
        domid: 0,
        text: 'Domain-0 (0)',
      });
      const detail = await editor.ask('xenscope/detail', { host, path });
      assert.equal(detail.value, base64('0'));
      assert.deepEqual(detail.permsText[0], 'Owned by Domain-0 (0), who may do everything.');
      assert.deepEqual(await editor.ask('xenscope/names', { host, path: '/local/domain/3' }), [
        'device',
        'name',
      ]);
      assert.deepEqual(await editor.ask('xenscope/domains', { host }), [
        { domid: 0, name: 'Domain-0' },
        { domid: 3, name: 'web' },
      ]);
    });

    it('pushes what somebody else changes', async () => {
      await editor.ask('xenscope/children', { host, path: '/local/domain/3', offset: 0, limit: 10 });
      await other.write('/local/domain/3/name', 'shop');
      await eventually(() =>
        changes().some((change) => change.kind === 'row' && change.row.preview === 'shop'),
      );
      await other.write('/local/domain/3/data/a', '');
      await eventually(() => changes().some((change) => change.kind === 'children'));
      const lists = () => editor.all('xenscope/domainsChanged').at(-1)?.domains;
      await eventually(() => lists()?.some(({ name }) => name === 'shop'));
    });

    it('tells no more of what is off the screen', async () => {
      await editor.ask('xenscope/children', { host, path: '/local/domain/3', offset: 0, limit: 10 });
      await editor.ask('xenscope/unobserve', { host, paths: ['/local/domain/3'] });
      await editor.ask('xenscope/children', { host, path: '/local/domain/0', offset: 0, limit: 10 });
      await other.write('/local/domain/3/name', 'unseen');
      await other.write('/local/domain/0/name', 'dom0');
      await eventually(() => changes().length > 0);
      assert.ok(
        changes().every((change) => change.kind === 'row' && change.row.path === '/local/domain/0/name'),
      );
    });

    it('previews, does and takes back', async () => {
      const removal: Act = { kind: 'remove', path: '/local/domain/3/device' };
      const preview = await editor.ask('xenscope/preview', { host, act: removal });
      assert.equal(preview.verdict, 'confirm');
      assert.equal(preview.text, 'Delete /local/domain/3/device and the 3 nodes below it?');
      await assert.rejects(act(removal, false), { data: { code: 'refused', wayOut: 'Confirm it first.' } });
      const { undoId } = await act(removal);
      assert.deepEqual(await other.directory('/local/domain/3'), ['name']);
      await editor.ask('xenscope/undo', { host, undoId: undoId! });
      assert.equal((await other.read('/local/domain/3/device/vif/0/backend-id')).toString(), '0');
    });

    it('writes any octets', async () => {
      const value = Buffer.from([0, 1, 128, 255]);
      await act({ kind: 'write', path: '/octets', value: value.toString('base64'), create: true });
      assert.deepEqual(await other.read('/octets'), value);
    });

    it('obeys the setting for domain 0', async () => {
      const edit: Act = { kind: 'write', path: '/local/domain/0/name', value: base64('x'), create: false };
      await assert.rejects(act(edit), (error: { data: { code: string; wayOut: string } }) => {
        assert.equal(error.data.code, 'refused');
        assert.match(error.data.wayOut, /xenscope\.allowDomain0Edits/);
        return true;
      });
      await editor.ask('xenscope/settings', { pace: 0, sockets: [], allowDomain0Edits: true });
      assert.equal((await act(edit)).text, 'Wrote "x" to /local/domain/0/name.');
    });

    it('reports to a watch until it is ended', async () => {
      const { watchId } = await editor.ask('xenscope/watch', { host, path: '/local/domain/3' });
      await other.write('/local/domain/3/name', 'shop');
      const reports = () => editor.all('xenscope/watchReports').flatMap((params) => params.reports);
      const report = await eventually(() => reports()[0]);
      const { timeMs, ...rest } = report;
      assert.ok(timeMs > 0);
      assert.deepEqual(rest, {
        watchId,
        count: 1,
        path: '/local/domain/3/name',
        oldValue: base64('web'),
        newValue: base64('shop'),
        oldUnknown: false,
        dropped: 0,
      });
      await editor.ask('xenscope/unwatch', { watchId });
      const second = await editor.ask('xenscope/watch', { host, path: '/local/domain/3' });
      await other.write('/local/domain/3/name', 'mart');
      await eventually(() => reports().length > 1);
      assert.equal(reports()[1]!.watchId, second.watchId);
    });

    it('finds and dumps', async () => {
      const query = { text: 'web', regexp: false, inPaths: true, inValues: true, under: '/', limit: 10 };
      const { rows } = await editor.ask('xenscope/find', { host, ...query });
      assert.deepEqual(
        rows.map(({ path }) => path),
        ['/local/domain/3/name'],
      );
      assert.match(
        await editor.ask('xenscope/dump', { host, path: '/', format: 'text' }),
        /^\/local\/domain\/3\/name = "web"$/m,
      );
    });

    it('answers a store error with its name and what to do', async () => {
      await assert.rejects(editor.ask('xenscope/row', { host, path: '/nowhere' }), {
        message: '/nowhere does not exist.',
        data: { code: 'store', storeError: 'ENOENT' },
      });
      await assert.rejects(act({ kind: 'write', path: '/a.b', value: '', create: true }), {
        message: 'A name in the store cannot contain a dot. Allowed are letters, digits and - _ @.',
      });
    });

    it('shows a store that went away, and comes back without being asked', async () => {
      await editor.ask('xenscope/children', { host, path: '/', offset: 0, limit: 10 });
      await xenstored.close();
      const state = await eventually(async () => {
        const { state: now } = (await editor.host('local'))!;
        return now.kind === 'away' ? now : undefined;
      });
      assert.ok(state.reason.length > 0 && state.retryInMs >= 0);
      await eventually(() =>
        editor
          .all('xenscope/hostsChanged')
          .some(({ hosts }) => hosts.some((one) => one.state.kind === 'away')),
      );
      await assert.rejects(editor.ask('xenscope/row', { host, path: '/' }), { data: { code: 'away' } });

      const seen = editor.seen.length;
      xenstored = new Xenstored({ clock: systemClock });
      await xenstored.listen(editor.path('local'));
      const fresh = editor.seen.slice.bind(editor.seen, seen);
      await eventually(() =>
        fresh().some(
          ({ name, params }) =>
            name === 'xenscope/treeChanged' && params.changes.some(({ kind }) => kind === 'all'),
        ),
      );
      assert.deepEqual((await editor.host('local'))!.state, { kind: 'connected' });
      await editor.ask('xenscope/children', { host, path: '/', offset: 0, limit: 10 });
      await eventually(() =>
        other.write('/back', 'again').then(
          () => true,
          () => false,
        ),
      );
      await eventually(() =>
        changes().some((change) => change.kind === 'row' && change.row.path === '/back'),
      );
    });

    it('tries an away store again at once when asked to connect', async () => {
      await xenstored.close();
      await eventually(async () => (await editor.host('local'))!.state.kind === 'away');
      assert.equal((await editor.ask('xenscope/connect', { host })).state.kind, 'away');
      xenstored = new Xenstored({ clock: systemClock });
      await xenstored.listen(editor.path('local'));
      assert.equal((await editor.ask('xenscope/connect', { host })).state.kind, 'connected');
    });

    it('lets go of a host, and of its socket when that is gone', async () => {
      await editor.ask('xenscope/disconnect', { host });
      assert.equal((await editor.host('local'))!.state.kind, 'idle');
      await assert.rejects(editor.ask('xenscope/row', { host, path: '/' }), {
        data: { code: 'away', wayOut: 'Connect to it first.' },
      });
      await xenstored.close();
      await eventually(async () => (await editor.host('local')) === undefined);
    });

    it('stays up whatever it is asked', async () => {
      const nonsense: unknown[] = [
        undefined,
        null,
        [],
        [1, 2],
        {},
        { host: 7 },
        { host: 'nope' },
        { host, path: 'x' },
      ];
      const names = [
        'children',
        'detail',
        'act',
        'undo',
        'watch',
        'find',
        'settings',
        'unobserve',
        'dump',
        'nothing',
      ];
      for (const name of names) {
        for (const params of nonsense) {
          await assert.rejects(
            editor.connection.sendRequest(`xenscope/${name}`, params),
            `${name} ${JSON.stringify(params)}`,
          );
        }
      }
      const acts = [null, {}, { kind: 'explode' }, { kind: 'write', path: '/a', value: '*', create: 1 }];
      for (const one of acts) {
        await assert.rejects(editor.ask('xenscope/act', { host, act: one as never, confirmed: true }));
      }
      editor.input.write('Content-Length: 9\r\n\r\nnonsense!');
      editor.input.write('Content-Length: 2\r\n\r\n[]');
      await editor.connection.sendNotification('xenscope/nothing', { a: 1 });
      assert.equal((await editor.ask('xenscope/row', { host, path: '/' })).path, '/');
    });

    it('tells of matches while it still searches, where that is wanted', async () => {
      await Promise.all(Array.from({ length: 1_500 }, (_, index) => other.write(`/many/${index}/hit`, '')));
      const query = {
        text: '/hit',
        regexp: false,
        inPaths: true,
        inValues: true,
        under: '/many',
        limit: 9_000,
      };
      const whole = await editor.ask('xenscope/find', { host, ...query });
      assert.deepEqual(editor.all('xenscope/found'), []);
      const { rows } = await editor.ask('xenscope/find', { host, serial: 7, ...query });
      const early = editor.all('xenscope/found');
      assert.ok(early.length > 1);
      assert.ok(early.every(({ serial }) => serial === 7));
      assert.deepEqual([early.flatMap((news) => news.rows), rows], [rows, whole.rows]);
    });

    it('gives up a search that is no longer wanted', async () => {
      const { CancellationTokenSource } = await import('vscode-jsonrpc/node');
      await Promise.all(Array.from({ length: 3_000 }, (_, index) => other.write(`/many/${index}`, '')));
      const source = new CancellationTokenSource();
      const query = { text: 'zzz', regexp: false, inPaths: true, inValues: true, under: '/', limit: 10 };
      const answer = editor.connection.sendRequest('xenscope/find', { host, ...query }, source.token);
      source.cancel();
      await assert.rejects(answer, { code: -32800 });
    });
  });

  describe('with the simulator', () => {
    it('makes the world when it is first connected, and serves its store to other programs', async () => {
      await editor.initialize();
      assert.equal((await editor.host('simulator'))!.socketPath, undefined);
      const info = await editor.ask('xenscope/connect', { host: 'simulator' });
      assert.deepEqual(info.state, { kind: 'connected' });
      assert.equal(info.socketPath, editor.path('world'));
      const domains = await editor.ask('xenscope/domains', { host: 'simulator' });
      assert.ok(domains.length > 2 && domains[0]!.domid === 0);
      const shell = openStoreClient({ dial: dialSocket(info.socketPath), clock: systemClock });
      await editor.ask('xenscope/children', { host: 'simulator', path: '/', offset: 0, limit: 10 });
      await shell.write('/from-a-shell', 'hello');
      await eventually(() =>
        editor
          .all('xenscope/treeChanged')
          .some(({ changes }) =>
            changes.some((change) => change.kind === 'row' && change.row.preview === 'hello'),
          ),
      );
      await shell.close();
    });

    it('takes another pace, before and while the world lives', async () => {
      await editor.initialize({ seed: 7 });
      await editor.ask('xenscope/setPace', { host: 'simulator', pace: 2 });
      await editor.ask('xenscope/connect', { host: 'simulator' });
      assert.deepEqual((await editor.host('simulator'))!.world, { seed: 7, pace: 2 });
      await editor.ask('xenscope/settings', { pace: 0, sockets: [], allowDomain0Edits: false });
      assert.deepEqual((await editor.host('simulator'))!.world, { seed: 7, pace: 0 });
      await assert.rejects(editor.ask('xenscope/setPace', { host: 'simulator', pace: -1 }));
    });

    it('allows edits of domain 0 there', async () => {
      await editor.initialize();
      await editor.ask('xenscope/connect', { host: 'simulator' });
      const edit: Act = { kind: 'write', path: '/local/domain/0/name', value: base64('x'), create: false };
      assert.equal((await editor.ask('xenscope/preview', { host: 'simulator', act: edit })).verdict, 'allow');
    });
  });

  it('connects to a store that hangs, and lets go of it', async () => {
    const socket = editor.path('hangs');
    const open = new Set<Socket>();
    const hanging = createServer((client) => open.add(client.on('error', () => undefined)));
    await new Promise<void>((resolve) => hanging.listen(socket, resolve));
    await editor.initialize({ sockets: [socket] });
    const { id } = (await editor.ask('xenscope/hosts', null)).find(
      ({ socketPath }) => socketPath === socket,
    )!;
    assert.equal((await editor.ask('xenscope/connect', { host: id })).state.kind, 'connected');
    await editor.ask('xenscope/disconnect', { host: id });
    assert.equal((await editor.host(id))!.state.kind, 'idle');
    for (const client of open) client.destroy();
    await new Promise((resolve) => hanging.close(resolve));
  });

  it('shows an added socket where nobody listens as away, and lets it be removed', async () => {
    const socket = editor.path('nobody');
    await editor.initialize();
    await editor.ask('xenscope/settings', { pace: 0, sockets: [socket], allowDomain0Edits: false });
    const { id } = (await editor.ask('xenscope/hosts', null)).find(
      ({ socketPath }) => socketPath === socket,
    )!;
    const { state } = await editor.ask('xenscope/connect', { host: id });
    assert.equal(state.kind, 'away');
    await editor.ask('xenscope/settings', { pace: 0, sockets: [], allowDomain0Edits: false });
    assert.equal(await editor.host(id), undefined);
    await eventually(() => editor.all('xenscope/hostsChanged').at(-1)?.hosts.length === 1);
  });
});
