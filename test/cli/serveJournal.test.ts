/** `xenscope serve --journal`: what passed is written down when it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { readJournalFile } from '../../server/capture/journalFile';
import { program, xenscope } from './xenscope';

describe('xenscope serve --journal', function () {
  this.timeout(60_000);
  let folder: string;
  let child: ChildProcess;

  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'serve-journal-'))));
  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(...options: string[]): Promise<string> {
    const env = { ...process.env, XDG_RUNTIME_DIR: folder };
    child = spawn(process.execPath, [...(await program()), 'serve', ...options], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for await (const line of createInterface({ input: child.stdout! })) {
      const match = /^XENSTORED_PATH=(.*)$/.exec(line);
      if (match) return match[1]!;
    }
    assert.fail('it ended without naming its socket');
  }

  async function end(): Promise<number | null> {
    const exit = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    return (await exit)[0];
  }

  it('holds what a client asked and was answered, and what the rings showed', async () => {
    const file = path.join(folder, 'life.jsonl');
    const socket = await serve('--pace', '0', '--journal', file);
    const read = await xenscope(['read', '/local/domain/1/name'], { socketPath: socket });
    assert.equal(await end(), 0);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const { entries, damage } = readJournalFile(await readFile(file, 'utf8'));
    assert.equal(damage, undefined);
    const messages = entries.filter((entry) => entry.kind === 'message' && entry.layer === 'connection');
    const has = (role: string, text: string) =>
      messages.some(
        (entry) => entry.kind === 'message' && entry.role === role && Buffer.from(entry.bytes).includes(text),
      );
    assert.ok(has('request', '/local/domain/1/name\0'));
    assert.ok(has('reply', read.stdout.trim()));
    assert.ok(entries.some((entry) => entry.kind === 'appeared' && entry.source === 'xenstore:1'));
  });

  it('says in a sentence that the file cannot be written', async () => {
    await serve('--pace', '0', '--journal', path.join(folder, 'no', 'folder', 'life.jsonl'));
    let said = '';
    child.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
    assert.notEqual(await end(), 0);
    assert.match(said, /The journal cannot be written to .*life\.jsonl/);
  });
});
