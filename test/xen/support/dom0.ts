/** What the suites that run in dom0 of a real Xen share: where things are, and how programs are run there. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { effort } from '../../fuzz/seed';
import { runProgram } from '../../interop/runProgram';
import type { Outcome, RunOptions } from '../../interop/runProgram';

/** Emulation is slow, and slower when others work. */
const programTimeoutMs = 150_000;
/** Less than a test may take. */
const patienceMs = 170_000 * effort;
const lookEveryMs = 50;
/** Who has waited for long looks less often: each look takes time from what is waited for. */
const lookAtLeastEveryMs = 300;

export const storeSocket = '/run/xenstored/socket';

/** The xenstored of this machine. */
export const daemon = process.env['XENSCOPE_XEN_DAEMON'] as 'oxenstored' | 'xenstored';

export function run(program: string, args: readonly string[] = [], options: Partial<RunOptions> = {}) {
  return runProgram(program, args, { socketPath: storeSocket, timeoutMs: programTimeoutMs, ...options });
}

/** Standard output of a program that must succeed. */
export async function output(program: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(program, args);
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

/** Our built command line, as it is shipped. */
export function xenscope(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Outcome> {
  return run('node', ['/xenscope/server.cjs', ...args], options);
}

/** Looks until there is something to see. Before the test's own time is over it rejects, and so tells for what it waited. */
export async function eventually<T>(look: () => Promise<T | undefined | false> | T | undefined | false) {
  const inVain = new Error(`This did not come to be: ${String(look)}`);
  const beginMs = performance.now();
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs = performance.now() - beginMs) {
    const seen = await look();
    if (seen) return seen;
    await sleep(Math.min(lookAtLeastEveryMs, Math.max(lookEveryMs, waitedMs / 20)));
  }
  throw inVain;
}

/** One line per domain that Xen knows, zombies included: domid, name, state. */
export async function domains(): Promise<{ domid: number; name: string; state: string }[]> {
  const lines = (await output('xl', 'list')).trimEnd().split('\n').slice(1);
  return lines.map((line) => {
    const [name, domid, , , state] = line.trim().split(/\s+/);
    return { domid: Number(domid), name: name!, state: state! };
  });
}

/** What the system put there; all else is the suite's, and in the way of those that come after it. */
const lasting = ['local', 'tool', 'vm', 'libxl'];
export async function tidyStore(): Promise<void> {
  const names = (await output('xenstore-list', '/')).trim().split('\n');
  const left = names.filter((name) => !name.startsWith('@') && !lasting.includes(name));
  await run(
    'xenstore-rm',
    left.map((name) => `/${name}`),
  );
}
