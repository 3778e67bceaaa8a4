/** `xenscope serve`: it leaves nothing behind, however it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, utimesSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { bundle } from './xenscope';

describe('xenscope serve', function () {
  this.timeout(60_000);
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'serve-'))));
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => end(child, 'SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(): Promise<{ child: ChildProcess; socketPath: string }> {
    const child = spawn(process.execPath, [await bundle(), 'serve', '--pace', '0'], {
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
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
    const args = ['--import', `data:text/javascript,${mistake}`, await bundle(), 'serve', '--pace', '0'];
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
});
