/** Runs a program against the xenstore at a socket and keeps what a person would see of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

export interface Outcome {
  readonly status: number | null;
  /** Octets as latin1, so that nothing is lost in a comparison. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly socketPath: string;
  readonly input?: string | Buffer;
  /** Called with all of standard output so far, e.g. to act when a program is ready. */
  readonly onOutput?: (text: string) => void;
  /** Beside what this process has. */
  readonly env?: NodeJS.ProcessEnv;
  /** For slow machines: when it is killed. */
  readonly timeoutMs?: number;
}

/** Longer than any of the programs needs: a hang becomes a failure with what was seen so far. */
const patienceMs = 30_000;

export async function runProgram(
  program: string,
  args: readonly string[],
  { socketPath, input = '', onOutput, env, timeoutMs = patienceMs }: RunOptions,
): Promise<Outcome> {
  const child = spawn(program, args, {
    env: { ...process.env, ...env, XENSTORED_PATH: socketPath, LC_ALL: 'C' },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let seen = '';
  child.stdout.on('data', (bytes: Buffer) => {
    seen += bytes.toString('latin1');
    onOutput?.(seen);
  });
  const stderr = buffer(child.stderr);
  const closed = once(child, 'close');
  // A program that ends without reading its input is no failure of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [status] = (await closed) as [number | null];
  return { status, stdout: seen, stderr: (await stderr).toString('latin1') };
}
