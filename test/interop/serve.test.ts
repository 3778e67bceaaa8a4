/** `xenscope serve` as a person uses it: a process of its own, seen with Debian's xenstore tools. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { systemClock } from '../../server/cli/systemClock';
import type { StoreClient } from '../../server/host/storeClient';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { childPath } from '../../server/wire/xsPath';
import { formatXsPerm } from '../../server/wire/xsPerms';
import { program } from '../cli/xenscope';

const run = promisify(execFile);

describe('xenscope serve', () => {
  let folder: string;
  let child: ChildProcess | undefined;

  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'serve-'))));
  afterEach(async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    child = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts it with its private folders below ours, and answers the socket that it names. */
  async function serve(...options: string[]): Promise<string> {
    const env = { ...process.env, XDG_RUNTIME_DIR: folder };
    child = spawn(process.execPath, [...(await program()), 'serve', ...options], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout! })) {
      const match = /^XENSTORED_PATH=(.*)$/.exec(line);
      if (match) return match[1]!;
    }
    assert.fail('it ended without naming its socket');
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const exit = once(child!, 'exit') as Promise<[number | null]>;
    child!.kill(signal);
    return (await exit)[0];
  }

  const tool = async (socket: string, name: string, ...args: string[]) =>
    (await run(name, args, { env: { ...process.env, XENSTORED_PATH: socket }, maxBuffer: 1 << 26 })).stdout;

  it('shows exactly its world to xenstore-ls, permissions included', async () => {
    const socket = await serve('--pace', '0', '--seed', '4');
    const store = openStoreClient({ dial: dialSocket(socket), clock: systemClock });
    const expected = await lines(store, '/');
    await store.close();
    assert.ok(expected.length > 1500, `${expected.length} nodes`);
    assert.deepEqual((await tool(socket, 'xenstore-ls', '-f', '-p')).trimEnd().split('\n'), expected);
  });

  it('takes what xenstore-write says and keeps it when it is quiet', async () => {
    const socket = await serve('--pace', '0');
    await tool(socket, 'xenstore-write', '/local/domain/2/data/note', 'hello');
    assert.equal((await tool(socket, 'xenstore-read', '/local/domain/2/data/note')).trim(), 'hello');
  });

  it('lives by itself at its pace', async () => {
    const socket = await serve('--pace', '50');
    const watch = spawn('xenstore-watch', ['-n', '20', '/'], {
      env: { ...process.env, XENSTORED_PATH: socket },
      stdio: 'ignore',
    });
    assert.deepEqual((await once(watch, 'exit')) as unknown[], [0, null]);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends cleanly on ${signal} and takes its private folder with it`, async () => {
      const socket = await serve();
      const home = path.dirname(socket);
      assert.equal((await stat(home)).mode & 0o777, 0o700);
      assert.equal((await stat(socket)).mode & 0o777, 0o600);
      assert.equal(await end(signal), 0);
      assert.ok(!existsSync(home));
    });
  }

  it('removes a socket that it was told to make', async () => {
    const wanted = path.join(folder, 'socket');
    assert.equal(await serve('--socket', wanted), wanted);
    assert.equal(await end('SIGTERM'), 0);
    assert.ok(!existsSync(wanted));
    assert.ok(existsSync(folder));
  });

  it('says in a sentence what is wrong with its options', async () => {
    const xenscope = await program();
    const attempt = (...options: string[]) =>
      run(process.execPath, [...xenscope, 'serve', ...options]).then(
        () => assert.fail(`it took ${options.join(' ')}`),
        (error: { code: number; stderr: string }) => error,
      );
    for (const [options, words] of [
      [['--pace', 'fast'], /number from 0 to 1000/],
      [['--seed', '-1'], /whole number/],
      [
        ['--socket', path.join(folder, 'no', 'folder')],
        /Cannot listen on .*: .*no is no folder\. Make it first/,
      ],
    ] as const) {
      const { code, stderr } = await attempt(...options);
      assert.match(stderr, words);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.notEqual(code, 0);
    }
  });
});

/** The lines of `xenstore-ls -f -p`: each node before its children, in the store's order. */
async function lines(store: StoreClient, folder: string): Promise<string[]> {
  const all: string[] = [];
  for (const name of await store.directory(folder)) {
    const node = childPath(folder, name);
    const [value, perms] = await Promise.all([store.read(node), store.getPerms(node)]);
    all.push(`${node} = "${value.toString('latin1')}"   (${perms.map(formatXsPerm).join()})`);
    all.push(...(await lines(store, node)));
  }
  return all;
}
