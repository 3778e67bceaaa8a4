import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../server/cli/systemClock';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { bundle, xenscope } from './xenscope';

/** What makes no sense, and the sentence that says so. What works runs in test/interop, on three stores. */
const mistakes: [string[], RegExp][] = [
  [['write', '/a'], /The path \/a has no value\. Give each path its value/],
  [['write', '/a', '1', '/b', '--stdin', '/c'], /With --stdin only the last path goes without one/],
  [['write', '/a', '-', '/b', '-'], /Standard input can be the value of one path only/],
  [['write', '/a', 'x'.repeat(5000)], /at most 4096/],
  [['rm', '/'], /The root of the store cannot be removed.*Name the nodes/],
  [['rm', '/a', '//'], /The root of the store cannot be removed/],
  [['chmod', '/a', 'q1'], /"q1" is no permission\. Write a letter/],
  [['chmod', '/a'], /^xenscope: Missing required argument 'perms'\. See xenscope chmod --help\.\n$/],
  [['read'], /^xenscope: Missing required argument 'path'\. See xenscope read --help\.\n$/],
  [['watch', '-n', '0', '/a'], /whole number above 0/],
  [['watch', '-n', 'many', '/a'], /whole number above 0/],
  [['ls', '--bogus'], /^xenscope: Unknown option '--bogus'\. See xenscope ls --help\.\n$/],
  [
    ['read', '--timeout', 'soon', '/a'],
    /^xenscope: Option .*number of seconds .*86400\. See xenscope read --help\.$/m,
  ],
  [['bogus'], /^xenscope: Unknown command 'bogus'\. See xenscope --help\.\n$/],
  [['raed'], /^xenscope: Unknown command 'raed'\. Did you mean read\? See xenscope --help\.\n$/],
  [['pvcalls', 'connect'], /Missing required argument 'address'\. See xenscope pvcalls connect --help\.$/m],
  [['read', '/ŝ'], /cannot hold/],
];

describe('xenscope ls, read, write, rm, watch, chmod', function () {
  this.timeout(30_000);
  let folder: string;
  let socketPath: string;
  let server: Xenstored;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'verbs-'));
    socketPath = path.join(folder, 'socket');
    server = new Xenstored({ clock: systemClock });
    await server.listen(socketPath);
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [args, sentence] of mistakes) {
    it(`refuse "${args.join(' ').slice(0, 40)}" with a sentence and code 2`, async () => {
      const outcome = await xenscope(args, { socketPath });
      assert.equal(outcome.status, 2, outcome.stderr);
      assert.equal(outcome.stdout, '');
      assert.match(Buffer.from(outcome.stderr, 'latin1').toString('utf8'), sentence);
      assert.equal(outcome.stderr.trim().split('\n').length, 1, outcome.stderr);
    });
  }

  it('say where they looked for a store that is not there', async () => {
    const missing = path.join(folder, 'missing');
    for (const args of [
      ['read', '/a'],
      ['ls', '--socket', missing],
      ['watch', '/a'],
    ]) {
      const outcome = await xenscope(args, { socketPath: missing });
      assert.equal(outcome.status, 1);
      assert.match(outcome.stderr, /There is no xenstore socket at .*missing\. Start a xenstored/);
      assert.match(outcome.stderr, /xenscope serve.*--socket or XENSTORED_PATH\.$/m);
      assert.equal(outcome.stderr.trim().split('\n').length, 1, outcome.stderr);
    }
  });

  it('prefer --socket to the environment', async () => {
    const outcome = await xenscope(['ls', '-s', socketPath, '/'], {
      socketPath: path.join(folder, 'missing'),
    });
    assert.equal(outcome.status, 0, outcome.stderr);
  });

  it('give up a xenstored that was stopped, and say so', async () => {
    const stopped = path.join(folder, 'stopped');
    const script = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', script, stopped], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(child.stdout, 'data');
      child.kill('SIGSTOP');
      const outcome = await xenscope(['read', '--timeout', '1', '/a'], { socketPath: stopped });
      assert.equal(outcome.status, 1);
      assert.match(outcome.stderr, /asked to read \/a; .*The xenstore has not answered for a second\.\n$/);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('end in peace when their reader leaves', async () => {
    const store = openStoreClient({ dial: dialSocket(socketPath), clock: systemClock });
    const child = spawn(process.execPath, [await bundle(), 'watch', '/pipe', '--socket', socketPath], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stderr = text(child.stderr);
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    // The next event meets a closed pipe.
    while (child.exitCode === null && child.signalCode === null) await store.write('/pipe/x', '1');
    await ended;
    await store.close();
    assert.equal(child.exitCode, 0);
    assert.equal(await stderr, '');
  });

  for (const verb of ['ls', 'read', 'write', 'rm', 'watch', 'chmod']) {
    it(`explain ${verb} with examples`, async () => {
      const { status, stdout } = await xenscope([verb, '--help'], { socketPath });
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`^Usage: xenscope ${verb} `));
      assert.match(stdout, /--socket <path>/);
      assert.match(stdout, /--json/);
      assert.match(stdout, new RegExp(`Examples:\n.*xenscope ${verb} `, 's'));
    });
  }
});
