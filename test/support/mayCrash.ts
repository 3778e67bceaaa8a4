/** A part of a test that may crash, in a process of its own: it asks for much, and counts what became of it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Counts {
  done: number;
  refused: number;
}

/** The last words of such a process. */
export function tellCounts({ done, refused }: Counts): void {
  console.log(`${done} ${refused}`);
}

export function countsIn(lastWords: string): Counts {
  const [done, refused] = lastWords.trim().split(' ').map(Number) as [number, number];
  return { done, refused };
}

/** Runs `file` with these arguments. It must end by itself, in peace and without a word on standard error. */
export async function countsOf(
  file: string,
  args: readonly (string | number | boolean)[],
  env: NodeJS.ProcessEnv = {},
): Promise<Counts> {
  const program = spawn(process.execPath, ['--import', 'tsx', file, ...args.map(String)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let errors = '';
  program.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  program.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
  const [code, signal] = (await once(program, 'close')) as [number | null, string | null];
  assert.deepEqual({ code, signal, errors }, { code: 0, signal: null, errors: '' });
  return countsIn(text);
}

/** Each of `calls` was done or refused, and at least `share` of them each way: else little was tried. */
export function checkCounts({ done, refused }: Counts, calls: number, share: number): void {
  assert.equal(done + refused, calls);
  assert.ok(Math.min(done, refused) > calls * share, `${done} done, ${refused} refused`);
}
