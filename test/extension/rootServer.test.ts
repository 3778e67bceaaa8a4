import assert from 'node:assert/strict';
import { isForRoot, mergeHosts, rootFirstId } from '../../extension/rootServer';
import type { HostInfo } from '../../server/rpc/api';

const host = (id: string, more: Partial<HostInfo> = {}): HostInfo => ({
  id,
  kind: id === 'local' ? 'machine' : 'simulator',
  label: id,
  state: { kind: 'idle' },
  removable: false,
  ...more,
});

describe('a server that runs as root beside our own', () => {
  const denied = host('local', { unavailable: { kind: 'denied', reason: 'It belongs to root.' } });
  const own = [host('simulator'), denied, host('socket-1')];

  it('gives the host of the machine its state, in the place of our own', () => {
    const root = [host('local', { state: { kind: 'connected' } })];
    assert.deepEqual(mergeHosts(own, root), [own[0], root[0], own[2]]);
    assert.deepEqual(mergeHosts(own, undefined), own);
    assert.deepEqual(mergeHosts(own, []), own);
  });

  it('adds no host that ours does not list', () => {
    assert.deepEqual(mergeHosts([own[0]!], [host('local'), host('simulator')]), [own[0]]);
  });

  it('is asked about that host, and about what it has numbered', () => {
    assert.ok(isForRoot({ host: 'local', path: '/' }));
    assert.ok(isForRoot({ watchId: rootFirstId }));
    assert.ok(isForRoot({ viewId: rootFirstId + 7 }));
    for (const params of [null, { host: 'simulator' }, { watchId: 1 }, { viewId: 99 }, { pace: 1 }]) {
      assert.ok(!isForRoot(params), JSON.stringify(params));
    }
  });
});
