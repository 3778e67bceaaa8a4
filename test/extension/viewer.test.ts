/** When a panel of frames asks for them. */
import assert from 'node:assert/strict';
import type { Xenscope } from '../../extension/context';
import { Viewer } from '../../extension/panels/viewer';
import { XenscopeError } from '../../server/host/errors';
import { settled } from './fakeServer';

describe('the viewer of a panel', () => {
  it('asks for nothing before the page hears, so that no word about it is lost', async () => {
    const failures: string[] = [];
    let asks = 0;
    const viewer = new Viewer({
      xenscope: { hosts: { whenConnected: () => Promise.resolve() } } as unknown as Xenscope,
      host: 'demo',
      isWanted: () => true,
      open: () => {
        asks++;
        return Promise.reject(new XenscopeError('gone', 'There is no such ring.'));
      },
      stop: 'xenscope/ringStop',
      failed: (text) => failures.push(text),
    });
    // The editor shows the panel, and the host is connected.
    await viewer.look();
    viewer.begin();
    await settled();
    assert.equal(asks, 0);
    await viewer.ready();
    assert.equal(asks, 1);
    assert.equal(failures.length, 1);
    assert.match(failures[0]!, /There is no such ring/);
  });
});
