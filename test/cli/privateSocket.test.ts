import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { privateFolders, privateSocket } from '../../server/cli/privateSocket';
import { XenscopeError } from '../../server/host/errors';
import { tooLongForSocket } from '../../server/store/socketPath';

describe('the private socket', () => {
  let parent: string;
  beforeEach(() => (parent = mkdtempSync(path.join(tmpdir(), 'sockets-'))));
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const folder = (name: string): string => {
    const made = path.join(parent, name);
    mkdirSync(made, { mode: 0o700 });
    return made;
  };
  const age = (made: string): void => utimesSync(made, new Date(0), new Date(0));

  /** What a process leaves that is killed while it listens. */
  async function leaveSocket(made: string): Promise<void> {
    const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    const child = spawn(process.execPath, ['-e', script, path.join(made, 'socket')]);
    await once(child, 'exit');
    assert.ok(existsSync(path.join(made, 'socket')));
  }

  it('lies in a folder that only its owner may enter, and that goes', async () => {
    const { path: socketPath, remove } = await privateSocket(parent, 'linux');
    assert.equal(path.basename(socketPath), 'socket');
    assert.equal(statSync(path.dirname(socketPath)).mode & 0o777, 0o700);
    remove();
    remove();
    assert.deepEqual(readdirSync(parent), []);
  });

  it('is a named pipe on Windows, where net.listen takes nothing else', async () => {
    const [one, other] = [await privateSocket(parent, 'win32'), await privateSocket(parent, 'win32')];
    assert.match(one.path, /^\\\\\.\\pipe\\xenscope-[0-9a-f]{32}$/);
    assert.notEqual(one.path, other.path);
    one.remove();
    assert.deepEqual(readdirSync(parent), []);
  });

  it('takes away what killed processes left, and nothing else', async () => {
    const dead = folder('xenscope-dead01');
    await leaveSocket(dead);
    const neverListened = folder('xenscope-empty1');
    const starting = folder('xenscope-young1');
    const alive = folder('xenscope-alive1');
    const server = createServer().listen(path.join(alive, 'socket'));
    await once(server, 'listening');
    const foreign = folder('xenscope-other1');
    mkdirSync(path.join(foreign, 'socket'));
    const unnamed = folder('somebody');
    const ofATest = folder('xenscope-test-empty1');
    for (const made of [dead, neverListened, alive, foreign, unnamed, ofATest]) age(made);
    const { remove } = await privateSocket(parent, 'linux');
    remove();
    server.close();
    assert.deepEqual(
      readdirSync(parent).sort(),
      [starting, alive, foreign, unnamed, ofATest].map((made) => path.basename(made)).sort(),
    );
  });

  describe('where XDG_RUNTIME_DIR', () => {
    const { XDG_RUNTIME_DIR: runtimeBefore, TMPDIR: temporaryBefore } = process.env;
    const setPlaces = (runtimeFolder: string | undefined, temporary: string | undefined) => {
      delete process.env['XDG_RUNTIME_DIR'];
      delete process.env['TMPDIR'];
      if (runtimeFolder !== undefined) process.env['XDG_RUNTIME_DIR'] = runtimeFolder;
      if (temporary !== undefined) process.env['TMPDIR'] = temporary;
    };
    afterEach(() => setPlaces(runtimeBefore, temporaryBefore));

    async function parentOf(runtimeFolder: string | undefined, temporary: string): Promise<string> {
      setPlaces(runtimeFolder, temporary);
      const { path: socketPath, guestPath, remove } = await privateSocket(undefined, 'linux');
      try {
        assert.equal(tooLongForSocket(socketPath) ?? tooLongForSocket(guestPath!), undefined);
        assert.ok(
          privateFolders().includes(path.dirname(socketPath)),
          'programs that join look there as well',
        );
        return path.dirname(path.dirname(socketPath));
      } finally {
        remove();
      }
    }

    it('is a folder, it is taken', async () => {
      assert.equal(await parentOf(folder('run'), folder('tmp')), path.join(parent, 'run'));
    });

    it('is not set, missing, a file, or no whole path, the folder for temporary files is taken', async () => {
      const temporary = folder('tmp');
      const file = path.join(parent, 'file');
      writeFileSync(file, '');
      for (const wrong of [undefined, '', path.join(parent, 'missing'), file, 'relative']) {
        assert.equal(await parentOf(wrong, temporary), temporary, wrong);
      }
    });

    it('is too long for a socket, another is taken; and where all are, /tmp', async () => {
      const long = path.join(parent, 'l'.repeat(80));
      mkdirSync(long);
      const temporary = folder('tmp');
      assert.equal(await parentOf(long, temporary), temporary);
      assert.equal(await parentOf(long, long), '/tmp');
    });
  });

  it('says in a sentence when its folder cannot be made', async () => {
    const missing = path.join(parent, 'missing');
    const isSentence = (error: unknown) =>
      error instanceof XenscopeError && error.code === 'input' && error.message.includes(missing);
    await assert.rejects(privateSocket(missing, 'linux'), isSentence);
  });

  it('is found by nobody in a folder that cannot be looked into', () => {
    assert.deepEqual(privateFolders(path.join(parent, 'missing')), []);
  });
});
