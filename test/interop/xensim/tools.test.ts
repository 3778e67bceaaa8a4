/** Debian's own programs under `xenscope run`: they are the guest, with its rights and its paths. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, rmdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { bundle } from '../../cli/xenscope';
import { describeWithDaemons } from '../daemons/requirements';
import { Program, buildLibraries } from './kit';

describeWithDaemons('xenscope run with the programs of Debian', () => {
  let folder: string;
  let world: Program;
  let guests: string;

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'run-'));
    const child = spawn(process.execPath, [await bundle(), 'serve', '--pace', '0'], {
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      guests = /--world (\S+)/.exec(line)?.[1] ?? guests;
      if (guests) break;
    }
    world = new Program(child);
  });
  after(async () => {
    world.child.kill('SIGTERM');
    await world.ended;
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(domain: string, ...command: readonly string[]): Promise<Program> {
    const libraries = await buildLibraries();
    const args = ['run', '--domain', domain, '--libraries', libraries, '--', ...command];
    const child = spawn(process.execPath, [await bundle(), ...args], {
      env: { ...process.env, XDG_RUNTIME_DIR: folder, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Program(child);
  }
  const run = async (...words: Parameters<typeof start>) => (await start(...words)).ended;

  it('reads and writes as a guest: its own paths, and none of others', async () => {
    assert.equal((await run('web', 'xenstore-read', 'name')).stdout, 'web\n');
    assert.equal((await run('web', 'xenstore-write', 'data/from-outside', '1')).code, 0);
    const perms = (await run('web', 'xenstore-ls', '-p', 'data')).stdout;
    assert.match(perms, /^from-outside = "1" [. ]* {2}\(n2\)$/m);
    const refused = await run('web', 'xenstore-write', '/tool/x', '1');
    assert.deepEqual([refused.code, refused.stderr], [1, 'xenstore-write: could not write path /tool/x\n']);
    assert.equal((await run('web', 'xenstore-read', '/local/domain/0/name')).code, 1);
    assert.equal((await run('0', 'xenstore-read', '/local/domain/0/name')).stdout, 'Domain-0\n');
  });

  it('watches, in a domain that lives as long as the program', async () => {
    const watcher = await start('carol', 'xenstore-watch', '-n', '2', 'data/x');
    await watcher.printed('data/x');
    assert.equal((await run('carol', 'xenstore-write', 'data/x', '1')).code, 0);
    assert.equal((await watcher.ended).stdout, 'data/x\ndata/x\n');
    const gone = await run('0', 'sh', '-c', 'while xenstore-ls -f | grep -q carol; do :; done');
    assert.equal(gone.code, 0);
  });

  it('passes on the exit code, signals, and what cannot be started', async () => {
    assert.equal((await run('web', 'sh', '-c', 'exit 7')).code, 7);
    assert.equal((await run('web', '/nowhere/program')).code, 127);
    assert.equal((await run('web', '/')).code, 126);
    const sleeper = await start(
      'web',
      'sh',
      '-c',
      'trap "echo asked; exit 3" TERM; echo up; while :; do sleep 0.05; done',
    );
    await sleeper.printed('up');
    sleeper.child.kill('SIGTERM');
    const { code, stdout } = await sleeper.ended;
    assert.deepEqual([code, stdout], [3, 'up\nasked\n']);
    const killed = await start('web', 'sh', '-c', 'kill -9 $$');
    assert.equal((await killed.ended).signal, 'SIGKILL');
  });

  it('says what is wrong where it cannot join', async () => {
    const libraries = await buildLibraries();
    const attempt = async (...args: string[]) => {
      const child = spawn(process.execPath, [await bundle(), 'run', '--libraries', libraries, ...args], {
        env: { ...process.env, XDG_RUNTIME_DIR: folder },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return new Program(child).ended;
    };
    const noDomain = await attempt('-d', '4000', '--', 'true');
    assert.deepEqual([noDomain.code, /There is no domain 4000/.test(noDomain.stderr)], [2, true]);
    const noWorld = await attempt('-d', 'a', '--world', path.join(folder, 'nothing'), '--', 'true');
    assert.deepEqual([noWorld.code, /No world answers at/.test(noWorld.stderr)], [1, true]);
    assert.equal((await attempt('--', 'true')).code, 2);
  });

  it('says which options make no sense together, and does nothing', async () => {
    const attempt = async (...args: string[]) => {
      const child = spawn(
        process.execPath,
        [await bundle(), 'run', '-d', 'web', ...args, 'echo', 'started'],
        {
          env: { ...process.env, XDG_RUNTIME_DIR: folder },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      const { code, stdout, stderr } = await new Program(child).ended;
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      return stderr;
    };
    assert.match(
      await attempt('--serve', '--world', guests),
      /a world of its own, and --world names another/,
    );
    assert.match(await attempt('--seed', '4'), /has its seed and its pace already\. Leave .* with --serve\./);
    assert.match(await attempt('--libraries', '/nowhere'), /There is no folder \/nowhere, which --libraries/);
  });

  it('gives the program the options that come behind it, with -- or without', async () => {
    for (const separator of [['--'], []]) {
      const args = ['run', '-d', 'web', '--libraries', await buildLibraries(), ...separator];
      const child = spawn(process.execPath, [await bundle(), ...args, 'xenstore-ls', '-f', '-p', 'device'], {
        env: { ...process.env, XDG_RUNTIME_DIR: folder },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      assert.match(await new Program(child).output(), /^device\/vif = "" {3}\(n0/m);
    }
  });

  it('does without the libraries where they were not built, and says what does not work then', async () => {
    const args = ['run', '-d', 'web', '--', 'xenstore-read', 'name'];
    const child = spawn(process.execPath, [await bundle(), ...args], {
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { code, stdout, stderr } = await new Program(child).ended;
    assert.deepEqual([code, stdout], [0, 'web\n']);
    assert.match(stderr, /built without a C compiler.* programs that only use the xenstore work\.$/m);
  });

  it('starts a world of its own where that is asked, and leaves nothing of it', async () => {
    const own = mkdtempSync(path.join(os.tmpdir(), 'run-own-'));
    const args = ['run', '--serve', '--pace', '0', '-d', 'alice', '--libraries', await buildLibraries()];
    const child = spawn(process.execPath, [await bundle(), ...args, '--', 'xenstore-read', 'name'], {
      env: { ...process.env, XDG_RUNTIME_DIR: own },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { code, stdout } = await new Program(child).ended;
    assert.deepEqual([code, stdout], [0, 'alice\n']);
    // Fails when anything is left in it.
    rmdirSync(own);
  });

  // The last: it ends the world of this suite.
  it('kills a program when its world ends, and says so', async () => {
    const victim = await start('dave', 'sh', '-c', 'echo up; exec sleep 1000');
    await victim.printed('up');
    world.child.kill('SIGTERM');
    const { signal, stderr } = await victim.ended;
    assert.deepEqual([signal, /The program ends with it\.\n$/.test(stderr)], ['SIGKILL', true]);
  });
});
