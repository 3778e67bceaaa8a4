/** What happens while an editor does not read. */
import assert from 'node:assert/strict';
import type { Connection } from 'vscode-languageserver/node';
import type { WatchReport } from '../../server/rpc/api';
import { Notifier, maxPendingNotifications } from '../../server/rpc/notifier';
import { ReportOutbox, maxWaitingReports } from '../../server/rpc/reportOutbox';
import { ManualClock } from '../sim/manualClock';

/** A connection whose other side reads when the test says so. */
function slowConnection() {
  const sent: { name: string; taken: () => void }[] = [];
  const connection = {
    sendNotification: (name: string) => new Promise<void>((taken) => sent.push({ name, taken })),
  } as unknown as Connection;
  return { connection, sent };
}

describe('notifications to an editor that does not read', () => {
  it('are bounded, and what was left out is made good once', async () => {
    const { connection, sent } = slowConnection();
    const notifier = new Notifier(connection);
    let remedies = 0;
    const change = () =>
      notifier.send('xenscope/treeChanged', { host: 'h', changes: [] }, 'tree h', () => remedies++);
    for (let count = 0; count < 1000; count++) change();
    assert.equal(sent.length, maxPendingNotifications);
    assert.ok(notifier.isBusy);
    for (const { taken } of sent) taken();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(remedies, 1);
    assert.ok(!notifier.isBusy);
    change();
    assert.equal(sent.length, maxPendingNotifications + 1);
  });
});

describe('notifications to an editor that is gone', () => {
  it('harm nobody, whether the connection says so at once or later', async () => {
    const closed = new Error('Connection is closed.');
    const answers = [
      () => {
        throw closed;
      },
      () => Promise.reject(closed),
    ];
    for (const sendNotification of answers) {
      const notifier = new Notifier({ sendNotification } as unknown as Connection);
      const change = { host: 'h', changes: [] };
      for (let count = 0; count < maxPendingNotifications; count++)
        notifier.send('xenscope/treeChanged', change, 'tree h', () => assert.fail('nothing was left out'));
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(!notifier.isBusy);
    }
  });
});

describe('reports to an editor that does not read', () => {
  it('wait, and the oldest are left out and counted', () => {
    const clock = new ManualClock();
    const sent: WatchReport[][] = [];
    let isBusy = true;
    const outbox = new ReportOutbox({
      clock,
      isBusy: () => isBusy,
      send: (reports) => sent.push([...reports]),
    });
    const report = { timeMs: 0, path: '/a', oldUnknown: false, dropped: 0 };
    for (let count = 1; count <= maxWaitingReports + 10; count++) {
      outbox.add(1, [{ ...report, count, newValue: Buffer.from('x') }]);
    }
    clock.tick(1000);
    assert.equal(sent.length, 0);
    isBusy = false;
    clock.tick(1000);
    assert.equal(sent.length, 1);
    assert.equal(sent[0]!.length, maxWaitingReports);
    assert.deepEqual(sent[0]![0], {
      ...report,
      watchId: 1,
      count: 11,
      oldValue: undefined,
      newValue: 'eA==',
      dropped: 10,
    });
    assert.equal(sent[0]![1]!.dropped, 0);
    outbox.close();
    assert.equal(clock.waiting, 0);
  });
});
