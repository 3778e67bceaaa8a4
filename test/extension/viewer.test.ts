/** When a panel of frames asks for them. */
import assert from 'node:assert/strict';
import type { Xenscope } from '../../extension/context';
import { Failure } from '../../extension/errors';
import { type FollowedPanel, followHost } from '../../extension/panels/followHost';
import { keptWords } from '../../extension/panels/keptWords';
import { Viewer, type ViewerOptions } from '../../extension/panels/viewer';
import { Signal } from '../../extension/signal';
import type { HostInfo } from '../../server/rpc/api';
import { settled } from './fakeServer';

function viewerOf(open: ViewerOptions['open'], failures: string[]): Viewer {
  const connection = { state: { kind: 'off' } };
  const hosts = { whenConnected: () => Promise.resolve() };
  return new Viewer({
    xenscope: { hosts, connection } as unknown as Xenscope,
    host: 'demo',
    isWanted: () => true,
    open,
    stop: 'xenscope/ringStop',
    failed: ({ text }) => failures.push(text),
  });
}

describe('what the page of a ring or a device has kept', () => {
  it('is the words that name it, or nothing', () => {
    const kept = { host: 'simulator', ring: 'xenstore:3' };
    assert.deepEqual(keptWords({ ...kept, more: 1 }, 'host', 'ring'), kept);
    for (const other of [undefined, null, {}, { host: 'simulator' }, { ...kept, ring: 3 }])
      assert.equal(keptWords(other, 'host', 'ring'), undefined);
  });
});

describe('the viewer of a panel', () => {
  it('asks for nothing before the page hears, so that no word about it is lost', async () => {
    const failures: string[] = [];
    let asks = 0;
    const viewer = viewerOf(() => {
      asks++;
      return Promise.reject(new Failure('gone', 'There is no such ring.'));
    }, failures);
    // The editor shows the panel, and the host is connected.
    await viewer.look();
    viewer.begin();
    await settled();
    assert.equal(asks, 0);
    await viewer.ready();
    assert.equal(asks, 1);
    assert.equal(failures.length, 1);
    assert.match(failures[0]!, /There is no such ring/);
    viewer.end();
  });

  it('looks again for what is not there yet, and for what is gone, as long as it is wanted', async () => {
    const gone = new Failure('gone', 'There is no such ring.');
    const answers = [gone, gone, 7, gone, 8];
    const failures: string[] = [];
    let opened!: () => void;
    const open = () => {
      const answer = answers.shift()!;
      if (answer instanceof Failure) return Promise.reject(answer);
      return Promise.resolve({ viewId: answer as number, opened });
    };
    const whenOpened = () => new Promise<void>((resolve) => (opened = resolve));
    const viewer = viewerOf(open, failures);
    let isOpen = whenOpened();
    await viewer.ready();
    await isOpen;
    assert.deepEqual([viewer.viewId, failures.length], [7, 2]);
    isOpen = whenOpened();
    viewer.ended();
    assert.equal(viewer.viewId, undefined);
    await isOpen;
    assert.deepEqual([viewer.viewId, failures.length, answers.length], [8, 3, 0]);
  });
});

describe('what a panel says of its host', () => {
  it('tells that it is not there any more, as when it was removed before the window was loaded anew', () => {
    const changed = new Signal<void>();
    let list: readonly Pick<HostInfo, 'id' | 'state'>[] = [];
    const never = new Signal<unknown>().event;
    const said: string[] = [];
    const hosts = {
      onChange: changed.event,
      onConnected: never,
      onDomains: never,
      find: (id: string) => list.find((one) => one.id === id),
      get list() {
        return list;
      },
    };
    const panel = { onDidDispose: never, onDidChangeViewState: never };
    followHost(
      {
        xenscope: { connection: { onState: never }, hosts },
        host: 'lost',
        panel,
        away: (text: string) => said.push(text),
      } as unknown as FollowedPanel,
      [],
    );
    // The server has not told of its hosts yet.
    changed.fire();
    list = [{ id: 'simulator', state: { kind: 'connected' } }];
    changed.fire();
    list = [{ id: 'lost', state: { kind: 'idle' } }];
    changed.fire();
    list = [{ id: 'lost', state: { kind: 'connected' } }];
    changed.fire();
    assert.deepEqual(
      said.map((text) => text.split('.')[0]),
      ['The host is not connected', 'There is no host “lost”', 'The host is not connected'],
    );
  });
});
