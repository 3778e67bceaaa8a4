/** The server as an editor starts it: a process of its own that speaks on its standard streams. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { joinWorld } from '../../server/cli/joinWorld';
import type { HostInfo } from '../../server/rpc/api';
import { program } from '../cli/xenscope';
import { asEditor } from './asEditor';

describe('xenscope editor --stdio', function () {
  this.timeout(60_000);
  let server: ChildProcessWithoutNullStreams;
  let connection: MessageConnection;
  let exited: Promise<unknown[]>;

  beforeEach(async () => {
    server = spawn(process.execPath, [...(await program()), 'editor', '--stdio'], { stdio: 'pipe' });
    exited = once(server, 'exit');
    server.stderr.pipe(process.stderr);
    connection = await asEditor(server.stdout, server.stdin);
  });
  afterEach(async () => {
    connection.dispose();
    server.kill('SIGKILL');
    await exited;
  });

  async function openWorld(): Promise<string> {
    const info: HostInfo = await connection.sendRequest('xenscope/connect', { host: 'simulator' });
    assert.deepEqual(info.state, { kind: 'connected' });
    const socket = info.socketPath!;
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(socket)).mode & 0o777, 0o700);
    return socket;
  }

  it('ends with its input and leaves nothing behind', async () => {
    const socket = await openWorld();
    server.stdin.end();
    assert.deepEqual(await exited, [0, null]);
    assert.ok(!existsSync(path.dirname(socket)));
  });

  it('ends as a language server does', async () => {
    const socket = await openWorld();
    await connection.sendRequest('shutdown');
    await connection.sendNotification('exit');
    assert.deepEqual(await exited, [0, null]);
    assert.ok(!existsSync(path.dirname(socket)));
  });

  if (process.platform === 'linux') {
    it('lets programs join its world', async () => {
      const guests = path.join(path.dirname(await openWorld()), 'guests');
      const joining = await joinWorld(guests, 'from-outside');
      assert.ok(joining.domid > 0);
      server.stdin.end();
      assert.equal(await joining.ended, 'The world has ended.');
    });
  }

  it('leaves nothing behind when it is told to stop', async () => {
    const socket = await openWorld();
    server.kill('SIGTERM');
    await exited;
    assert.ok(!existsSync(path.dirname(socket)));
  });
});
