/** `xenscope serve`: it refuses what would do nothing, and leaves nothing behind, however it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, utimesSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { HostInfo } from '../../server/rpc/api';
import { runProgram } from '../interop/runProgram';
import { asEditor } from '../rpc/asEditor';
import { program, xenscope } from './xenscope';

describe('xenscope serve', function () {
  this.timeout(120_000);
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'serve-'))));
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => end(child, 'SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(runtimeFolder = folder): Promise<{ child: ChildProcess; socketPath: string }> {
    const child = spawn(process.execPath, [...(await program()), 'serve', '--pace', '0'], {
      env: { ...process.env, XDG_RUNTIME_DIR: runtimeFolder, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout! })) {
      const match = /^XENSTORED_PATH=(.*)$/.exec(line);
      if (match) return { child, socketPath: match[1]! };
    }
    assert.fail('it ended without naming its socket');
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exit)[0];
  }

  it('outlives a mistake in one corner of it, and tells it', async () => {
    const mistake = 'process.once("SIGUSR2",()=>void Promise.reject(new Error("in one corner")))';
    const args = [
      '--import',
      `data:text/javascript,${mistake}`,
      ...(await program()),
      'serve',
      '--pace',
      '0',
    ];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    child.kill('SIGUSR2');
    const [told] = (await once(child.stderr, 'data')) as [Buffer];
    assert.match(String(told), /^A mistake of the simulator: Error: in one corner/);
    assert.equal(await end(child, 'SIGTERM'), 0);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`takes its folder with it at ${signal}`, async () => {
      const { child, socketPath } = await serve();
      assert.ok(existsSync(socketPath));
      assert.equal(await end(child, signal), 0);
      assert.deepEqual(await readdir(folder), []);
    });
  }

  it('takes away what one before it left that was killed', async () => {
    const killed = await serve();
    await end(killed.child, 'SIGKILL');
    assert.ok(existsSync(killed.socketPath));
    utimesSync(path.dirname(killed.socketPath), new Date(0), new Date(0));
    const { child } = await serve();
    assert.ok(!existsSync(killed.socketPath));
    await end(child, 'SIGTERM');
    assert.deepEqual(await readdir(folder), []);
  });

  it('does without XDG_RUNTIME_DIR where that is no folder, and so does the server of an editor', async () => {
    const missing = path.join(folder, 'missing');
    const { child, socketPath } = await serve(missing);
    assert.equal(path.dirname(path.dirname(socketPath)), folder);
    assert.equal(await end(child, 'SIGTERM'), 0);

    const editor = spawn(process.execPath, [...(await program()), 'editor', '--stdio'], {
      env: { ...process.env, XDG_RUNTIME_DIR: missing, TMPDIR: folder },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(editor);
    const connection = await asEditor(editor.stdout, editor.stdin);
    const host: HostInfo = await connection.sendRequest('xenscope/connect', { host: 'simulator' });
    assert.equal(path.dirname(path.dirname(host.socketPath!)), folder);
    connection.dispose();
    assert.equal(await end(editor, 'SIGTERM'), 0);
  });

  it('never ends with 0 when something is thrown at its start', async () => {
    const mistake = `require('node:fs').mkdtempSync = () => { throw new Error('at the start'); }`;
    const broken = path.join(folder, 'broken.cjs');
    await writeFile(broken, mistake);
    const run = async (script: string) => {
      await writeFile(broken, script);
      return runProgram(
        process.execPath,
        ['--require', broken, ...(await program()), 'serve', '--pace', '0'],
        {
          socketPath: path.join(folder, 'none'),
          env: { XDG_RUNTIME_DIR: folder },
        },
      );
    };
    const expected = await run(mistake);
    assert.notEqual(expected.status, 0);
    assert.match(
      expected.stderr,
      /^xenscope: No folder for the simulator's sockets can be made .*at the start/,
    );
    assert.doesNotMatch(expected.stderr, /\n\s+at /);
    const unexpected = await run(`require('node:fs').lstatSync = () => { throw new Error('a mistake'); }`);
    assert.notEqual(unexpected.status, 0);
    assert.match(unexpected.stderr, /^A mistake of Xenscope: Error: a mistake/);
    assert.deepEqual(await readdir(folder), ['broken.cjs']);
  });

  for (const [words, sentence] of [
    ['--owner root --seed 7', '--seed is for the simulator, and a real host is served here.'],
    ['--host real --journal x', '--journal is for the simulator, and a real host is served here.'],
    ['--way device', '--way is for a real host, and the simulator is served here.'],
    ['--host simulator --owner root', '--owner is for a real host, and the simulator is served here.'],
  ] as const) {
    it(`refuses what would do nothing: ${words}`, async () => {
      const { status, stderr } = await xenscope(['serve', ...words.split(' ')], { socketPath: '' });
      assert.deepEqual(
        [status, stderr],
        [2, `xenscope: ${sentence} Leave it out, or see xenscope serve --help.\n`],
      );
    });
  }
});
