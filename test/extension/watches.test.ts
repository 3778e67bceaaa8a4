import assert from 'node:assert/strict';
import type { HostInfo, WatchReport } from '../../server/rpc/api';
import { Failure } from '../../extension/errors';
import { FileWatches, type NodeHappening } from '../../extension/fileSystem/fileWatches';
import { undoCommand, UndoStack, undoTargetIn } from '../../extension/undoStack';
import { base64OfText } from '../../extension/values';
import { describeChange, logLine, maxEventsPerWatch, maxKeptWatches, Watches } from '../../extension/watches';
import { FakeServer, settled } from './fakeServer';

function report(watchId: number, count: number, more: Partial<WatchReport> = {}): WatchReport {
  return {
    watchId,
    count,
    timeMs: 0,
    path: '/a',
    oldUnknown: false,
    dropped: 0,
    newValue: base64OfText(String(count)),
    ...more,
  };
}

function simulator(kind: 'idle' | 'away'): HostInfo {
  const state = kind === 'idle' ? { kind } : { kind, reason: 'Nobody answers.', retryInMs: 1000 };
  return { id: 'simulator', kind: 'simulator', label: 'Simulator', state, removable: false };
}

function serverWithWatches() {
  let next = 1;
  const server = new FakeServer({
    'xenscope/watch': () => ({ watchId: next++ }),
    'xenscope/unwatch': () => null,
  });
  server.become('running');
  return server;
}

describe('watches of a person', () => {
  const open = () => {
    const server = serverWithWatches();
    const kept = new Map<string, string>();
    const remembered = { get: (key: string) => kept.get(key), update: kept.set.bind(kept) };
    /** As in a window that was loaded anew. */
    const anew = () => new Watches(server, remembered, assert.ifError);
    return { server, kept, anew, watches: anew() };
  };

  it('count, and keep the last events, the newest first', async () => {
    const { server, watches } = open();
    const watch = await watches.add('simulator', '/a');
    const many = maxEventsPerWatch + 10;
    server.tell('xenscope/watchReports', {
      reports: Array.from({ length: many }, (_, index) => report(1, index + 1)),
    });
    assert.equal(watch.count, many);
    assert.equal(watch.events.length, maxEventsPerWatch);
    assert.equal(watch.events[0]!.report.count, many);
    assert.equal(new Set(watch.events.map(({ key }) => key)).size, maxEventsPerWatch);
  });

  it('of one path are one', async () => {
    const { watches } = open();
    assert.equal(await watches.add('simulator', '/a'), await watches.add('simulator', '/a'));
    assert.equal(watches.list.length, 1);
  });

  it('take reports that overtake the answer', async () => {
    const { server, watches } = open();
    const adding = watches.add('simulator', '/a');
    server.tell('xenscope/watchReports', { reports: [report(1, 1)] });
    assert.equal((await adding).count, 1);
  });

  it('do not confuse the reports of others with theirs', async () => {
    const { server, watches } = open();
    const watch = await watches.add('simulator', '/a');
    server.tell('xenscope/watchReports', { reports: [report(99, 1)] });
    assert.equal(watch.count, 0);
  });

  it('go on counting after the server was started again', async () => {
    const { server, watches } = open();
    const watch = await watches.add('simulator', '/a');
    server.tell('xenscope/watchReports', { reports: [report(1, 1)] });
    server.become('waiting');
    assert.equal(watch.watchId, undefined);
    server.become('running');
    await watches.restore('simulator');
    server.tell('xenscope/watchReports', { reports: [report(2, 1)] });
    assert.equal(watch.count, 2);
  });

  it('are set again on a host that was disconnected and connected, and not on one that was away', async () => {
    const { server, watches } = open();
    const watch = await watches.add('simulator', '/a');
    server.tell('xenscope/hostsChanged', { hosts: [simulator('away')] });
    await watches.restore('simulator');
    assert.equal(watch.watchId, 1, 'the server has kept it');
    const drawn: unknown[] = [];
    watches.onChange((one) => drawn.push(one));
    server.tell('xenscope/hostsChanged', { hosts: [simulator('idle')] });
    assert.deepEqual(drawn, [watch], 'a person sees that it waits');
    const setAgain: unknown[] = [];
    watches.onSetAgain((one) => setAgain.push(one));
    await watches.restore('simulator');
    assert.deepEqual([drawn, setAgain], [[watch, watch], [watch]]);
    assert.ok(watch.mayHaveMissed, 'and that it goes on');
    server.tell('xenscope/watchReports', { reports: [report(2, 1), report(2, 2)] });
    assert.equal(watch.count, 2);
    assert.deepEqual(
      watch.events.map((event) => event.report.missed),
      [undefined, 'perhaps'],
      'said of the first change since',
    );
    assert.ok(!watch.mayHaveMissed);
  });

  it('are there again when the window was loaded anew, and set when their host is connected', async () => {
    const { server, watches, anew } = open();
    for (const path of ['/a', '/b', '/c']) await watches.add('simulator', path);
    await watches.stop(watches.find('simulator', '/b')!);
    const again = anew();
    assert.deepEqual(
      again.list.map(({ path, watchId, count }) => [path, watchId, count]),
      [
        ['/a', undefined, 0],
        ['/c', undefined, 0],
      ],
    );
    await again.restore('another');
    assert.equal(again.list[0]!.watchId, undefined);
    await again.restore('simulator');
    assert.deepEqual(server.asked.slice(-2), [
      'xenscope/watch {"host":"simulator","path":"/a"}',
      'xenscope/watch {"host":"simulator","path":"/c"}',
    ]);
    assert.ok(again.list.every(({ mayHaveMissed }) => mayHaveMissed));
  });

  it('are not kept beyond a bound, nor read from what is none', async () => {
    const { kept, watches, anew } = open();
    for (let count = 0; count <= maxKeptWatches; count++) await watches.add('simulator', `/${count}`);
    assert.equal(anew().list.length, maxKeptWatches);
    assert.equal(anew().find('simulator', '/0'), undefined, 'the oldest');
    const [key] = kept.keys();
    for (const [text, paths] of [
      ['{', []],
      ['null', []],
      ['[null, 1, {"host":"simulator"}, {"host":"simulator","path":"/a"}]', ['/a']],
    ] as const) {
      kept.set(key!, text);
      assert.deepEqual(
        anew().list.map(({ path }) => path),
        paths,
      );
    }
  });

  it('that the store refuses leave no trace', async () => {
    const { server, watches } = open();
    server.answers['xenscope/watch'] = () => {
      throw new Error('Too many watches.');
    };
    await assert.rejects(watches.add('simulator', '/a'), /Too many/);
    assert.deepEqual(watches.list, []);
  });

  it('are stopped in the store as well', async () => {
    const { server, watches } = open();
    await watches.stop(await watches.add('simulator', '/a'));
    assert.deepEqual(watches.list, []);
    assert.equal(server.asked.at(-1), 'xenscope/unwatch {"watchId":1}');
  });

  it('say what happened in words', () => {
    const [one, two] = [base64OfText('1'), base64OfText('2')];
    const told = (more: Partial<WatchReport>) =>
      describeChange({ ...report(1, 1), newValue: undefined, ...more });
    assert.equal(told({ oldValue: one, newValue: two }), '"1" → "2"');
    assert.equal(told({ newValue: two }), 'created with "2"');
    assert.equal(told({ oldValue: one }), 'deleted, was "1"');
    assert.equal(told({ oldUnknown: true, newValue: two }), 'is "2"');
    assert.equal(told({ oldValue: two, newValue: two }), 'still "2"');
    assert.equal(told({}), 'not there');
    const perhaps = { missed: 'perhaps', oldValue: two, newValue: two } as const;
    assert.equal(told(perhaps), 'changes may have been missed; still "2"');
    const found = { missed: 'found', oldValue: one, newValue: two } as const;
    assert.equal(told(found), '"1" → "2", at a time that nobody saw');
  });

  it('write a line with time, count, path and both values, and say what was left out', async () => {
    const { server, watches } = open();
    const watch = await watches.add('simulator', '/a');
    server.tell('xenscope/watchReports', {
      reports: [report(1, 8, { path: '/a/b', dropped: 7, oldValue: base64OfText('x') })],
    });
    const line = logLine('Simulator', watch.events[0]!);
    assert.match(
      line,
      /^\d\d:\d\d:\d\d\.\d{3} {2}#8 {2}Simulator {2}\/a\/b \[watch of \/a\] {2}"x" → "8" \(7 before it left out/,
    );
  });

  it('write whole values into the log, text and bytes', async () => {
    const { server, watches } = open();
    const watch = await watches.add('simulator', '/a');
    const [text, octets] = ['t'.repeat(4090), Buffer.alloc(4090, 0xfe)];
    server.tell('xenscope/watchReports', {
      reports: [report(1, 1, { oldValue: base64OfText(text), newValue: octets.toString('base64') })],
    });
    const line = logLine('Simulator', watch.events[0]!);
    assert.ok(line.endsWith(`"${text}" → "${'\\xfe'.repeat(octets.length)}"`));
  });
});

describe('watches of files', () => {
  const open = () => {
    const server = serverWithWatches();
    const happened: NodeHappening[] = [];
    return {
      server,
      happened,
      watches: new FileWatches(server, (one) => happened.push(one), assert.ifError),
    };
  };

  it('share one watch of the store, and end with the last user', async () => {
    const { server, watches } = open();
    const [one, two] = [watches.add('simulator', '/a', false), watches.add('simulator', '/a', false)];
    await settled();
    one.dispose();
    one.dispose();
    assert.deepEqual(server.asked, ['xenscope/watch {"host":"simulator","path":"/a"}']);
    two.dispose();
    assert.equal(server.asked.at(-1), 'xenscope/unwatch {"watchId":1}');
  });

  it('tell what happened to the node, and to those below only when asked', async () => {
    const { server, watches, happened } = open();
    watches.add('simulator', '/a', false);
    watches.add('simulator', '/b', true);
    await settled();
    const old = base64OfText('old');
    server.tell('xenscope/watchReports', {
      reports: [
        report(1, 1, { oldValue: old }),
        report(1, 2, { path: '/a/below' }),
        report(2, 1, { path: '/b/below' }),
        report(2, 2, { path: '/b', oldValue: old, newValue: undefined }),
      ],
    });
    assert.deepEqual(
      happened.map(({ path, kind }) => `${path} ${kind}`),
      ['/a changed', '/b/below created', '/b deleted'],
    );
  });

  it('are set again when the host is back, and what they may have missed is told as a change', async () => {
    const { server, watches, happened } = open();
    watches.add('simulator', '/a', false);
    await settled();
    server.become('waiting');
    server.become('running');
    watches.restore('simulator');
    await settled();
    assert.deepEqual(happened, [{ host: 'simulator', path: '/a', kind: 'changed' }]);
    server.tell('xenscope/watchReports', { reports: [report(2, 1)] });
    assert.equal(happened.length, 2);
  });
});

describe('watches of files on a host that was disconnected', () => {
  it('are set again when it is connected', async () => {
    const server = serverWithWatches();
    const happened: NodeHappening[] = [];
    const watches = new FileWatches(server, (one) => happened.push(one), assert.ifError);
    watches.add('simulator', '/a', false);
    await settled();
    server.tell('xenscope/hostsChanged', { hosts: [simulator('idle')] });
    watches.restore('simulator');
    await settled();
    server.tell('xenscope/watchReports', { reports: [report(2, 1)] });
    assert.deepEqual(
      happened.map(({ kind }) => kind),
      ['changed', 'created'],
    );
  });
});

describe('what can be undone', () => {
  it('is the last change of each host, fifty deep, until the server forgets', () => {
    const stack = new UndoStack();
    for (let undoId = 0; undoId < 60; undoId++) stack.push('a', { undoId, text: `${undoId}` });
    stack.push('b', { text: 'cannot be undone' });
    assert.equal(stack.last('a')?.undoId, 59);
    assert.equal(stack.last('b'), undefined);
    for (let undoId = 59; undoId >= 10; undoId--) stack.drop('a', undoId);
    assert.equal(stack.last('a'), undefined);
    stack.push('a', { undoId: 61, text: '' });
    stack.clear();
    assert.equal(stack.last('a'), undefined);
  });

  it('stays after a failure that may pass, and goes with success or a refusal', async () => {
    const stack = new UndoStack();
    for (const undoId of [1, 2, 3]) stack.push('a', { undoId, text: `${undoId}` });
    const away = () => Promise.reject(new Failure('away', 'Nobody answers.'));
    await assert.rejects(stack.takeBack({ host: 'a', undoId: 3 }, away), /Nobody answers/);
    assert.equal(stack.last('a')?.undoId, 3, 'it can be tried again');
    const refused = () => Promise.reject(new Failure('refused', '/a was written again.'));
    await assert.rejects(stack.takeBack({ host: 'a', undoId: 3 }, refused), /written again/);
    assert.equal(stack.last('a')?.undoId, 2, 'it would be refused for ever');
    assert.equal(await stack.takeBack({ host: 'a', undoId: 2 }, () => Promise.resolve('done')), 'done');
    assert.equal(stack.last('a')?.undoId, 1);
  });

  it('is, while one is being taken back, the change before it', async () => {
    const stack = new UndoStack();
    for (const undoId of [1, 2]) stack.push('a', { undoId, text: `${undoId}` });
    await stack.takeBack({ host: 'a', undoId: 2 }, async () => {
      assert.equal(stack.last('a')?.undoId, 1);
    });
  });

  it('is forgotten with the disconnecting of its host, whose numbers begin anew', () => {
    const stack = new UndoStack();
    stack.push('a', { undoId: 1, text: '' });
    stack.push('b', { undoId: 1, text: '' });
    stack.keep((host) => host === 'b');
    assert.equal(stack.last('a'), undefined);
    assert.equal(stack.last('b')?.undoId, 1);
  });

  it('is named with its host, so that a note of one host never undoes on another', () => {
    const command = undoCommand({ host: 'a', undoId: 7 });
    assert.deepEqual(undoTargetIn(command.arguments[0]), { host: 'a', undoId: 7 });
    for (const row of [undefined, null, { kind: 'node', host: 'a', path: '/x' }])
      assert.equal(undoTargetIn(row), undefined);
  });
});
