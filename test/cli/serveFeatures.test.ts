/** `xenscope serve --ring-features`: what the store of the world offers on its rings. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { readJournalFile } from '../../server/capture/journalFile';
import { program, xenscope } from './xenscope';

describe('xenscope serve --ring-features', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'serve-features-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** What the flight recorder saw in `server_features` of the rings, of all that were there. */
  async function offered(...options: string[]): Promise<number[]> {
    const file = path.join(folder, 'life.jsonl');
    const args = [...(await program()), 'serve', '--pace', '0', '--journal', file, ...options];
    const env = { ...process.env, XDG_RUNTIME_DIR: folder };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    try {
      for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('XEN')) break;
    } finally {
      child.kill('SIGTERM');
    }
    assert.deepEqual(await exit, [0, null]);
    const { entries } = readJournalFile(await readFile(file, 'utf8'));
    const words = entries.flatMap((entry) =>
      entry.kind === 'state' && entry.word === 'server_features' ? [entry.after] : [],
    );
    return [...new Set(words)].sort();
  }

  for (const [list, features] of [
    ['reconnection,error-word', 3],
    ['error-word', 2],
    ['none', 0],
  ] as const) {
    it(`offers what it is told: ${list}`, async () => {
      // The ring of domain 0, whose programs use the socket, is not served and offers nothing.
      assert.equal((await offered('--ring-features', list)).at(-1), features);
    });
  }

  it('says in one sentence what it does not know', async () => {
    const { status, stderr } = await xenscope(['serve', '--ring-features', 'reconnection,errors'], {
      socketPath: '',
    });
    assert.equal(status, 2);
    assert.match(
      stderr,
      /'reconnection,errors' is invalid\. It must be none, or of reconnection,error-word one or both\./,
    );
  });
});
