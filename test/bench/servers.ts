/** The servers that the benchmark compares, each started alone for one run of one workload. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { missingForDaemons } from '../interop/daemons/requirements';
import { startDaemon, type DaemonKind } from '../interop/daemons/startDaemon';
import { atExit } from './atExit';

export type ServerName = 'ours' | 'c' | 'ox';

export interface RunningServer {
  /** Its folder is where the rings of domains are, see interop/daemons/withoutXen.c. */
  readonly socketPath: string;
  readonly pid: number;
  /** What the store occupies: our heap after a collection, a daemon's resident memory. */
  memoryBytes(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts our server from its bundle; `profileDir` keeps a CPU profile of its life there. */
async function startOurs(bundle: string, profileDir?: string): Promise<RunningServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-bench-'));
  const socketPath = path.join(folder, 'socket');
  const profile = profileDir ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
  const child = fork(bundle, [socketPath], { execArgv: ['--expose-gc', ...profile] });
  const leaveNothing = () => {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  const forget = atExit(leaveNothing);
  const ended = once(child, 'exit');
  await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('Our server ended.'))),
  ]);
  return {
    socketPath,
    pid: child.pid!,
    memoryBytes: async () => {
      child.send({});
      const [answer] = (await once(child, 'message')) as [{ liveBytes: number }];
      return answer.liveBytes;
    },
    stop: async () => {
      forget();
      leaveNothing();
      await ended;
    },
  };
}

async function startPeer(kind: DaemonKind): Promise<RunningServer> {
  const daemon = await startDaemon(kind);
  const pid = daemon.pid!;
  return {
    socketPath: daemon.socketPath,
    pid,
    memoryBytes: () => Promise.resolve(residentBytes(pid)),
    stop: () => daemon.stop(),
  };
}

export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return match ? Number(match[1]) * 1024 : 0;
}

export interface Contestant {
  readonly name: ServerName;
  start(): Promise<RunningServer>;
}

/** Ours, and Debian's daemons where they are installed. */
export function contestants(options: { bundle: string; profileDir?: string }): Contestant[] {
  const ours: Contestant = { name: 'ours', start: () => startOurs(options.bundle, options.profileDir) };
  if (missingForDaemons() !== undefined) return [ours];
  return [
    ours,
    { name: 'c', start: () => startPeer('xenstored') },
    { name: 'ox', start: () => startPeer('oxenstored') },
  ];
}
