import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { isForRoot, mergeHosts, RootServer, rootFirstId } from '../../extension/rootServer';
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

describe('joining a server that runs as root', () => {
  const machine = host('local', { state: { kind: 'connected' } });
  let folder: string;
  let listener: net.Server;
  const root = new RootServer(
    () => ({}) as never,
    (line) => log.push(line),
    {
      timeoutMs: 300,
      againMs: 10,
      makeClient: async ({ server }) => {
        const { reader, writer } = await (
          server as () => Promise<{ reader: net.Socket; writer: net.Socket }>
        )();
        const connection = createMessageConnection(
          new StreamMessageReader(reader),
          new StreamMessageWriter(writer),
        );
        return {
          start: async () => connection.listen(),
          sendRequest: (method: string, params: unknown) => connection.sendRequest(method, params),
          dispose: async () => connection.dispose(),
        } as never;
      },
    },
  );
  const log: string[] = [];
  const troubles: string[] = [];
  root.onTrouble((text) => void troubles.push(text));

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'xenscope-root-'));
  });
  after(() => {
    root.end();
    listener.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives up one that says nothing, tells it once, and has it when it answers', async () => {
    const place = path.join(folder, 'socket');
    let connections = 0;
    listener = net.createServer((socket) => {
      // Stopped when it was joined, and the time after: accepted by the kernel, and silent.
      if (++connections < 3) return;
      const connection = createMessageConnection(
        new StreamMessageReader(socket),
        new StreamMessageWriter(socket),
      );
      connection.onRequest('xenscope/hosts', () => [machine]);
      connection.listen();
    });
    await new Promise<void>((resolve) => listener.listen(place, resolve));
    const joined = new Promise<boolean>((resolve) => root.onJoined(resolve));
    root.offer(place);
    assert.equal(await joined, true);
    assert.ok(connections >= 3);
    assert.deepEqual(root.hosts, [machine]);
    assert.deepEqual(troubles, [`It does not answer at ${place}. It is tried again by itself.`]);
  });
});
