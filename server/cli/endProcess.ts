/** The end of a server's process, which nothing may hold up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { blockingCalls } from '../store/client/turnstile';

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
  return process.exit(status);
}

/** For a command that is over: ends its process where a call that hangs would keep it, and leaves it alone otherwise. */
export async function endIfHeld(): Promise<void> {
  await Promise.race([blockingCalls.idle(), sleep(patienceMs, undefined, { ref: false })]);
  if (!blockingCalls.isIdle) await endProcess();
}
