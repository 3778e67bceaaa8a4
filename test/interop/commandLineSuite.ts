/** Our own command line against one xenstore, whoever wrote it. */
import assert from 'node:assert/strict';
import { xenscope } from '../cli/xenscope';
import { runProgram } from './runProgram';
import type { Outcome, RunOptions } from './runProgram';

export interface StoreAtSocket {
  readonly socketPath: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function defineCommandLineSuite(open: () => Promise<StoreAtSocket>, hasXenstoreLs: boolean): void {
  let server: StoreAtSocket;
  before(async () => {
    server = await open();
  });
  after(async () => {
    await server.stop();
  });

  const run = (args: string[], options: Partial<RunOptions> = {}): Promise<Outcome> =>
    xenscope(args, { socketPath: server.socketPath, ...options });
  const succeed = async (args: string[], options: Partial<RunOptions> = {}): Promise<string> => {
    const { status, stdout, stderr } = await run(args, options);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    return stdout;
  };
  const json = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);

  it('writes and reads values', async () => {
    assert.equal(
      await succeed(['write', '/cli/rw/a', 'one', '/cli/rw/b', 'two words', '/cli/rw/n', '-1']),
      '',
    );
    assert.equal(await succeed(['read', '/cli/rw/a', '/cli/rw/b', '/cli/rw/n']), 'one\ntwo words\n-1\n');
    assert.equal(
      await succeed(['read', '-p', '/cli/rw/a', '/cli/rw/b']),
      '/cli/rw/a: one\n/cli/rw/b: two words\n',
    );
    assert.deepEqual(json(await succeed(['read', '--json', '/cli/rw/a', '/cli/rw/b'])), [
      { path: '/cli/rw/a', value: 'one' },
      { path: '/cli/rw/b', value: 'two words' },
    ]);
    assert.deepEqual(json(await succeed(['write', '--json', '/cli/rw/a', 'é'])), [
      { path: '/cli/rw/a', bytes: 2 },
    ]);
  });

  it('takes a value from standard input, octet by octet', async () => {
    const value = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    await succeed(['write', '/cli/in/a', '-'], { input: value });
    assert.equal(await succeed(['read', '--raw', '/cli/in/a']), value.toString('latin1'));
    assert.deepEqual(json(await succeed(['read', '-j', '/cli/in/a'])), [
      { path: '/cli/in/a', valueBase64: value.toString('base64') },
    ]);
    await succeed(['write', '--stdin', '/cli/in/b', 'given', '/cli/in/c'], { input: 'piped\n' });
    assert.equal(await succeed(['read', '/cli/in/b', '/cli/in/c']), 'given\npiped\\n\n');
    await succeed(['write', '-e', '/cli/in/d', 'a\\x00\\n']);
    assert.equal(await succeed(['read', '/cli/in/d']), 'a\\000\\n\n');
  });

  it('writes several values or none', async () => {
    const outcome = await run(['write', '/cli/all/a', '1', '/cli/all/b.c', '2']);
    assert.equal(outcome.status, 1);
    assert.match(
      outcome.stderr,
      /^xenscope: Cannot write \/cli\/all\/b\.c: this is no path .*\(EINVAL\)\. A name in the store cannot contain a dot\. .*\n$/,
    );
    assert.equal((await run(['read', '/cli/all/a'])).status, 1);
  });

  it('lists a tree, full paths, permissions and JSON', async () => {
    await succeed(['write', '/cli/ls/a', '1', '/cli/ls/a/b', 'x\ny', '/cli/ls/c', '']);
    await succeed(['chmod', '/cli/ls/c', 'n0', 'r3']);
    assert.equal(await succeed(['ls', '/cli/ls']), 'a = "1"\n b = "x\\ny"\nc = ""\n');
    assert.equal(
      await succeed(['ls', '-f', '-p', '/cli/ls']),
      '/cli/ls/a = "1"   (n0)\n/cli/ls/a/b = "x\\ny"   (n0)\n/cli/ls/c = ""   (n0,r3)\n',
    );
    const nodes = JSON.parse(await succeed(['ls', '--json', '-p', '/cli/ls'])) as unknown;
    assert.deepEqual(nodes, [
      { path: '/cli/ls/a', value: '1', perms: ['n0'] },
      { path: '/cli/ls/a/b', value: 'x\ny', perms: ['n0'] },
      { path: '/cli/ls/c', value: '', perms: ['n0', 'r3'] },
    ]);
    assert.deepEqual(JSON.parse(await succeed(['ls', '--json', '/cli/ls/c'])), []);
    assert.equal(await succeed(['ls', '/cli/ls/c']), '');
  });

  if (hasXenstoreLs) {
    it('lists just what xenstore-ls lists', async () => {
      await succeed([
        'write',
        '-e',
        '/cli/same/binary',
        '\\x00\\x01\\x7f\\xff\\t\\\\"',
        '/cli/same/d/e/f',
        'deep',
      ]);
      const { socketPath } = server;
      for (const args of [['-f'], ['-f', '-p'], ['-p', '/cli/same'], ['/cli/same']]) {
        const theirs = await runProgram('xenstore-ls', args, { socketPath });
        assert.match(theirs.stdout, /deep/);
        assert.equal(await succeed(['ls', ...args]), theirs.stdout, args.join(' '));
      }
    });
  }

  it('removes nodes, and never the root', async () => {
    await succeed(['write', '/cli/rm/a/b', '1', '/cli/rm/c', '2', '/cli/rm/stays', '3']);
    assert.equal(await succeed(['rm', '/cli/rm/a', '/cli/rm/c']), '');
    assert.deepEqual(json(await succeed(['rm', '--json', '/cli/rm/gone'])), [
      { path: '/cli/rm/gone', removed: true },
    ]);
    assert.equal((await run(['rm', '/'])).status, 2);
    assert.equal((await run(['rm', '/cli/rm/stays', '/'])).status, 2);
    assert.equal(await succeed(['ls', '-f', '/cli/rm']), '/cli/rm/stays = "3"\n');
    const outcome = await run(['rm', '/cli/rm/nothing/below']);
    assert.equal(outcome.status, 1);
    assert.match(outcome.stderr, /\(ENOENT\)/);
  });

  it('changes permissions, of one node or of all below', async () => {
    await succeed(['write', '/cli/perms/a/b', '1', '/cli/perms/c', '2']);
    await succeed(['chmod', '/cli/perms/a', 'b0', 'r3', 'w5']);
    assert.equal(await succeed(['ls', '-fp', '/cli/perms/a']), '/cli/perms/a/b = "1"   (n0)\n');
    const changed = json(await succeed(['chmod', '-r', '--json', '/cli/perms', 'r0', 'n1']));
    assert.deepEqual(
      changed.map((line) => (line as { path: string }).path),
      ['/cli/perms', '/cli/perms/a', '/cli/perms/a/b', '/cli/perms/c'],
    );
    assert.equal(
      await succeed(['ls', '-fp', '/cli/perms']),
      ['a = ""', 'a/b = "1"', 'c = "2"'].map((line) => `/cli/perms/${line}   (r0,n1)\n`).join(''),
    );
  });

  it('says what is missing', async () => {
    for (const args of [
      ['read', '/cli/nothing'],
      ['ls', '/cli/nothing'],
      ['ls', '--json', '/cli/nothing'],
      ['chmod', '/cli/nothing', 'n0'],
    ]) {
      const { status, stdout, stderr } = await run(args);
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /^xenscope: Cannot .* \/cli\/nothing: there is no such node.*\(ENOENT\)\.\n$/);
    }
  });

  it('watches, until it has seen enough', async () => {
    const { socketPath } = server;
    let tellReady: () => void;
    const ready = new Promise<void>((resolve) => (tellReady = resolve));
    const watching = run(['watch', '--json', '-n', '3', '/cli/watch'], { onOutput: () => tellReady() });
    await ready;
    await xenscope(['write', '/cli/watch/a', '1'], { socketPath });
    await xenscope(['rm', '/cli/watch'], { socketPath });
    const { status, stdout } = await watching;
    assert.equal(status, 0);
    assert.deepEqual(json(stdout), [
      { path: '/cli/watch', kind: 'initial', watched: '/cli/watch' },
      { path: '/cli/watch/a', kind: 'change', watched: '/cli/watch' },
      { path: '/cli/watch', kind: 'change', watched: '/cli/watch' },
    ]);
    assert.equal(await succeed(['watch', '-n', '1', 'cli/relative']), 'cli/relative\n');
    assert.match((await run(['watch', '/cli/b.c'])).stderr, /^xenscope: Cannot watch \/cli\/b\.c: .*EINVAL/);
  });

  it('watches on when the store goes away and comes back', async () => {
    let tellReady: () => void;
    const ready = new Promise<void>((resolve) => (tellReady = resolve));
    const watching = run(['watch', '--json', '-n', '2', '/cli/back'], { onOutput: () => tellReady() });
    await ready;
    await server.kill();
    await server.start();
    const { status, stdout, stderr } = await watching;
    assert.equal(status, 0);
    assert.deepEqual(json(stdout), [
      { path: '/cli/back', kind: 'initial', watched: '/cli/back' },
      { path: '/cli/back', kind: 'resync', watched: '/cli/back' },
    ]);
    assert.match(stderr, /Waiting for it\.\nxenscope: The xenstore is back\.\n$/);
  });
}
