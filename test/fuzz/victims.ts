/** The servers that hostile clients are let loose on, each in a process of its own, bundled as it ships. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { ApiNotifications, HostInfo } from '../../server/rpc/api';
import { bundle } from '../cli/xenscope';
import { asEditor } from '../rpc/asEditor';

export interface Victim {
  readonly server: ChildProcess;
  readonly socketPath: string;
}

/** Starts in an empty folder, which is removed later. */
export type StartVictim = (folder: string) => Promise<Victim>;

/** The store alone, with the heap of the shipped server. A server that compiles itself at its start has that in its memory for good. */
export const storeAlone: StartVictim = async (folder) => {
  const outfile = path.join(folder, 'server.cjs');
  const socketPath = path.join(folder, 'socket');
  const contents = `require('../../server/cli/smallHeap').keepHeapSmall();
    require('../bench/serverProcess');`;
  const stdin = { contents, resolveDir: __dirname };
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'cjs' });
  const server = fork(outfile, [socketPath], { execArgv: [] });
  await once(server, 'message');
  return { server, socketPath };
};

/** `xenscope serve`: the store of a world that lives, with its flight recorder. */
export const serve: StartVictim = async (folder) => {
  const server = spawn(process.execPath, [await bundle(), 'serve'], {
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const match = /^XENSTORED_PATH=(.*)$/.exec(line);
    if (match) return { server, socketPath: match[1]! };
  }
  assert.fail('it ended without naming its socket');
};

/** Directories that the editor shows open, where they are. */
const shown = ['/', '/hostile', '/hostile/values', '/hostile/names', '/hostile/names/1', '/hostile/bomb'];
const rowsShown = 200;

/** `xenscope editor --stdio`, whose editor shows the tree where the hostile are. */
export const editor: StartVictim = async (folder) => {
  const server = spawn(process.execPath, [await bundle(), 'editor', '--stdio'], {
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const connection = await asEditor(server.stdout, server.stdin, (made) => {
    // What was under way when it is killed at the end.
    made.onError(() => undefined);
  });
  const host: HostInfo = await connection.sendRequest('xenscope/connect', { host: 'simulator' });
  show(connection, host.id);
  return { server, socketPath: host.socketPath! };
};

/** As the extension does it: a directory whose children changed is listed again, one request at a time. */
function show(connection: MessageConnection, host: string): void {
  const asking = new Set<string>();
  const list = async (path: string) => {
    if (asking.has(path)) return;
    asking.add(path);
    await connection
      .sendRequest('xenscope/children', { host, path, offset: 0, limit: rowsShown })
      // It is not there (yet, or any more).
      .catch(() => undefined);
    asking.delete(path);
  };
  const listFrom = (changed: string) => {
    for (const path of shown) if (path.startsWith(changed)) void list(path);
  };
  connection.onNotification('xenscope/treeChanged', (told: ApiNotifications['xenscope/treeChanged']) => {
    for (const change of told.changes) {
      if (change.kind === 'children') listFrom(change.path);
      else if (change.kind === 'all') listFrom('/');
    }
  });
  listFrom('/');
}
