import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { mapPagesFile, openFilePages } from '../../native/pages';
import { sweep } from '../../native/privateFolder';
import { PAGE_BYTES } from '../../server/host/pages';
import type { PagePool } from '../../server/host/pages';
import { throwsCode } from '../support/throwsCode';
import { additions } from './child';

type Child = ChildProcessByStdio<null, Readable, null>;

function start(...args: string[]): Child {
  const program = ['--expose-gc', '--import', 'tsx', path.join(__dirname, 'child.ts'), ...args];
  return spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function outcome(child: Child): Promise<{ text: string; code: number | null; signal: string | null }> {
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { text: text.trim(), code, signal };
}

const ownFolders = (parent: string) => readdirSync(parent).filter((name) => name.startsWith('xenscope-'));

if (process.platform === 'linux') {
  describe('pages in files', () => {
    let folder: string;
    const pools: PagePool[] = [];
    const open = (options = {}) => {
      const pool = openFilePages({ folder, ...options });
      pools.push(pool);
      return pool;
    };

    // Not in /dev/shm, so that what is found there is of this test alone.
    beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'))));
    afterEach(() => {
      for (const pool of pools.splice(0)) pool.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('lie where nobody else may look, and go when they are freed', () => {
      const pool = open();
      const [place] = ownFolders(folder);
      assert.equal(statSync(path.join(folder, place!)).mode & 0o777, 0o700);
      const shared = pool.allocate(3);
      assert.equal(statSync(shared.path!).mode & 0o777, 0o600);
      assert.equal(statSync(shared.path!).size, 3 * PAGE_BYTES);
      shared.free();
      shared.free();
      assert.equal(existsSync(shared.path!), false);
    });

    it('go with their pool, folder and all', () => {
      const pool = open();
      pool.allocate(1);
      pool.allocate(2).free();
      pool.close();
      pool.close();
      assert.deepEqual(readdirSync(folder), []);
      throwsCode(() => pool.allocate(1), 'gone');
    });

    it('are what the file holds, both ways', () => {
      const shared = open().allocate(1);
      Buffer.from(shared.buffer).write('in memory', 20);
      assert.equal(readFileSync(shared.path!).toString('utf8', 20, 29), 'in memory');
      const again = mapPagesFile(shared.path!, 1, 'write');
      Atomics.store(new Int32Array(again.buffer), 0, 99);
      assert.equal(Atomics.load(new Int32Array(shared.buffer), 0), 99);
      again.unmap();
      again.unmap();
    });

    it('are out of reach, and harmless, for whoever still holds the buffer after they were freed', () => {
      const shared = open().allocate(1);
      const bytes = new Uint8Array(shared.buffer);
      const view = shared.readOnly();
      const seen = new Uint8Array(view.buffer);
      const other = mapPagesFile(shared.path!, 1, 'read');
      bytes[3] = 3;
      shared.free();
      assert.deepEqual([bytes[3], seen[3]], [0, 0]);
      bytes[3] = 4;
      assert.equal(new Uint8Array(other.buffer)[3], 3, 'the others still have what was there');
      view.close();
      other.unmap();
    });

    it('use no addresses for ever', async () => {
      const { text } = await outcome(start('recycle'));
      assert.match(text, /^-?\d+ MiB more$/);
      assert.ok(parseInt(text) < 256, text);
    });

    it('have a limit, and give room back', () => {
      const pool = open({ maxPages: 3 });
      const first = pool.allocate(2);
      throwsCode(() => pool.allocate(2), 'limit');
      first.free();
      pool.allocate(3);
    });

    it('say when there is no such folder', () => {
      throwsCode(() => openFilePages({ folder: path.join(folder, 'none') }), 'unsupported');
    });

    it('say when the folder was taken away, and still show what is mapped', () => {
      const pool = open();
      const shared = pool.allocate(1);
      new Uint8Array(shared.buffer)[5] = 5;
      rmSync(path.dirname(shared.path!), { recursive: true });
      assert.equal(new Uint8Array(shared.readOnly().buffer)[5], 5);
      throwsCode(() => pool.allocate(1), 'gone');
    });

    it('are seen by another process, which answers in them', async () => {
      const shared = open().allocate(1);
      Buffer.from(shared.buffer).write('hello there');
      const { text, code } = await outcome(start('look', shared.path!, '11'));
      assert.deepEqual([text, code], ['hello there', 0]);
      assert.equal(Buffer.from(shared.buffer).toString('utf8', 100, 104), 'seen');
    });

    it('lose no addition when two processes add at once', async () => {
      const shared = open().allocate(1);
      const words = new Int32Array(shared.buffer);
      const other = outcome(start('add', shared.path!));
      while (Atomics.load(words, 1) === 0) await new Promise((resolve) => setImmediate(resolve));
      Atomics.store(words, 2, 1);
      for (let done = 0; done < additions; done++) Atomics.add(words, 0, 1);
      assert.equal((await other).code, 0);
      assert.equal(Atomics.load(words, 0), 2 * additions);
    });

    it('fault when somebody who only looks writes', async () => {
      const { text, signal } = await outcome(start('trespass'));
      assert.deepEqual([text, signal], ['read 7', 'SIGSEGV']);
      sweep('/dev/shm');
    });

    it('go with their process when it ends, even if nobody closed them', async () => {
      assert.equal((await outcome(start('leave', folder))).code, 0);
      assert.deepEqual(readdirSync(folder), []);
    });

    it('are swept when their process is dead, and never while it lives', async () => {
      const child = start('hold', folder);
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const file = line.toString().trim();
      const pool = open();
      assert.ok(existsSync(file), 'still in use');
      assert.equal(ownFolders(folder).length, 2);
      child.kill('SIGKILL');
      await once(child, 'close');
      pool.close();
      open();
      assert.equal(existsSync(file), false);
      assert.equal(ownFolders(folder).length, 1);
    });

    it('leave alone what only bears the name', () => {
      const elsewhere = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
      try {
        mkdirSync(path.join(elsewhere, 'kept'));
        symlinkSync(elsewhere, path.join(folder, 'xenscope-link'));
        mkdirSync(path.join(folder, 'xenscope-without-lock'));
        open();
        assert.ok(existsSync(path.join(elsewhere, 'kept')));
        assert.ok(existsSync(path.join(folder, 'xenscope-without-lock')));
      } finally {
        rmSync(elsewhere, { recursive: true });
      }
    });
  });
}
