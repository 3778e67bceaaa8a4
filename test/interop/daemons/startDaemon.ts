/**
 * Starts Debian's real xenstored or oxenstored in a private temporary folder, without Xen: see
 * withoutXen.c for what lies in the folder. The system's own xenstored is never touched.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compile } from '../compile';
import { XEN_BIN } from './requirements';

export type DaemonKind = 'xenstored' | 'oxenstored';

export interface Daemon {
  readonly socketPath: string;
  /** Ring pages, doorbell and log of the daemon; other files may be put there. */
  readonly dir: string;
  /** Undefined while the daemon is down. */
  readonly pid: number | undefined;
  /** Kills the daemon and starts it anew with an empty store, at the same socket. */
  restart(): Promise<void>;
  /** Kills the daemon only: its socket stays and refuses. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends the daemon and removes the folder. */
  stop(): Promise<void>;
}

/** Domains that have a ring page from the start; others appear with their file. */
const DOMIDS = [0, 1, 2, 3, 5];
const START_TIMEOUT_MS = 20_000;

export async function startDaemon(kind: DaemonKind): Promise<Daemon> {
  const library = await buildLibrary();
  const dir = await mkdtemp(path.join(os.tmpdir(), `${kind}-`));
  const socketPath = path.join(dir, 'socket');
  let child: ChildProcess | undefined;

  const start = async () => {
    await removeTraces(dir);
    for (const domid of DOMIDS) await writeFile(path.join(dir, `ring-${domid}`), Buffer.alloc(4096));
    // xsd_port: the event channel to the kernel of dom0; any number, as nobody rings there.
    await writeFile(path.join(dir, 'port-0'), '7');
    child = spawnDaemon(kind, dir, library, await argumentsOf(kind, dir));
    await untilListening(child, socketPath, path.join(dir, 'daemon.log'));
  };
  const kill = async () => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill('SIGKILL');
    await ended;
  };
  // Also when a test run ends in the middle: no daemon and no folder stays behind.
  const leaveNothing = () => {
    child?.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', leaveNothing);
  const stop = async () => {
    await kill();
    process.off('exit', leaveNothing);
    await rm(dir, { recursive: true, force: true });
  };
  const restart = async () => {
    await kill();
    await start();
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    socketPath,
    dir,
    start,
    kill,
    restart,
    stop,
    get pid() {
      return child?.pid;
    },
  };
}

/** What an earlier daemon and its guests left in the folder. */
async function removeTraces(dir: string): Promise<void> {
  const traces = (await readdir(dir)).filter((name) =>
    /^(socket|ports|notified|(shutdown|dying|dead)-\d+)$/.test(name),
  );
  await Promise.all(traces.map((name) => rm(path.join(dir, name))));
}

function spawnDaemon(kind: DaemonKind, dir: string, library: string, args: string[]): ChildProcess {
  const log = openSync(path.join(dir, 'daemon.log'), 'a', 0o600);
  const child = spawn(path.join(XEN_BIN, kind), args, {
    cwd: dir,
    env: {
      ...process.env,
      LD_PRELOAD: library,
      XEN_FOLDER: dir,
      XENSTORED_RUNDIR: dir,
      XENSTORED_PATH: path.join(dir, 'socket'),
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

async function argumentsOf(kind: DaemonKind, dir: string): Promise<string[]> {
  if (kind === 'xenstored') return ['--no-fork'];
  const config = path.join(dir, 'oxenstored.conf');
  // Quotas as Debian ships them; nothing kept over a restart, no log of accesses.
  const text = await readFile('/etc/xen/oxenstored.conf', 'utf8');
  await writeFile(config, text.replace(/^persistent\b.*$/m, 'persistent = false'));
  return ['--config-file', config, '--no-fork', '--no-access-log'];
}

async function untilListening(child: ChildProcess, socketPath: string, logFile: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isListening(socketPath))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || performance.now() > deadline) {
      const log = await readFile(logFile, 'utf8').catch(() => '');
      throw new Error(`The daemon ${hasEnded ? 'ended at once' : 'does not listen'}. Its log:\n${log}`);
    }
    await sleep(20);
  }
}

function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The library that is preloaded, compiled when its text is new. */
function buildLibrary(): Promise<string> {
  return compile([path.join(__dirname, 'withoutXen.c')], {
    name: 'withoutXen.so',
    flags: ['-Wall', '-Wextra', '-Wno-unused-parameter', '-shared', '-fPIC', '-O2'],
    libraries: ['-ldl'],
  });
}
