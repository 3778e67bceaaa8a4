/** The end of a server's process, which nothing may hold up. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { blockingCalls } from '../store/client/turnstile';
import { outputTaken } from './output';

/** A call that is not over by then hangs, and its xenstored with it. */
const patienceMs = 1000;

/**
 * Ends the process. Node waits for its workers, and a call into the kernel or into C that hangs would keep it
 * for ever: then everything is tidied up as usual, and the process kills itself. `status`: as was set, or 0, when
 * absent.
 */
export async function endProcess(status?: number): Promise<never> {
  await Promise.race([blockingCalls.idle(), sleep(patienceMs)]);
  if (!blockingCalls.isIdle) process.on('exit', () => process.kill(process.pid, 'SIGKILL'));
  // Node takes an undefined status for 0, whatever was set.
  return process.exit(status ?? process.exitCode);
}

/** For a command that is over: ends its process where a call that hangs would keep it, and leaves it alone otherwise. */
export async function endIfHeld(): Promise<void> {
  await Promise.race([blockingCalls.idle(), sleep(patienceMs, undefined, { ref: false })]);
  if (!blockingCalls.isIdle) await endProcess();
}

/**
 * For a command that is over but for what its reader has not taken yet, as with `| less`: node waits for that as long
 * as it takes. Once somebody wants the end, `stopped`, no longer than a moment: the rest is dropped, and that is said.
 */
export async function endOfOutput(stopped: AbortSignal): Promise<void> {
  const taken = outputTaken();
  if (!stopped.aborted) await Promise.race([taken, once(stopped, 'abort')]);
  await Promise.race([taken, sleep(stopped.aborted ? patienceMs : 0, undefined, { ref: false })]);
  const { writableLength } = process.stdout;
  if (writableLength === 0) return;
  process.stderr.write(
    `xenscope: nobody reads standard output: up to ${writableLength} bytes of what came were not written\n`,
  );
  await endProcess();
}
