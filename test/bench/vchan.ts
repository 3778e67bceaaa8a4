/** Our ends of a vchan against libxenvchan, both over the same shared pages and doorbells, each pair alone. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../server/cli/systemClock';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { atExit } from './atExit';
import { missingForRings } from './folderRings';
import { processorSeconds } from './guestMeasure';
import { artefacts, pinned, type Options } from './options';
import { judge, medianPhase, type Phase, type ResultRow } from './report';
import type { Row, Target } from './workloads';

interface VchanRow extends Row {
  readonly work: 'stream' | 'ping';
  readonly ringBytes: number;
  readonly messageBytes: number;
  readonly isPinned: boolean;
}

const rings = [
  ['4 KiB', 4096],
  ['1 MiB', 2 ** 20],
] as const;
const messages = [
  ['64 B', 64],
  ['4 KiB', 4096],
  ['64 KiB', 65_536],
] as const;

function rowsOf(isPinned: boolean): VchanRow[] {
  const where = isPinned ? ', one CPU' : '';
  return rings.flatMap(([ring, ringBytes]) => {
    const target = (ratio: number): Target => ({ kind: 'c', ratio });
    const streams = messages.map(([message, messageBytes]) => ({
      name: `vchan: ${message} through ${ring}${where}`,
      phase: 'stream',
      unit: 'messages/s',
      target: target(messageBytes < 4096 ? 0.5 : 1),
      ...{ work: 'stream' as const, ringBytes, messageBytes, isPinned },
    }));
    const ping = {
      name: `vchan: 64 B to and fro, ${ring}${where}`,
      phase: 'ping',
      unit: 'rounds/s',
      target: target(1),
      ...{ work: 'ping' as const, ringBytes, messageBytes: 64, isPinned },
    };
    return [...streams, ping];
  });
}

const rows: readonly VchanRow[] = [...rowsOf(true), ...rowsOf(false)];
export const vchanRowNames = rows.map(({ name }) => name);

/** Why it cannot be measured here. */
export function missingForVchan(): string | undefined {
  if (!existsSync('/usr/include/libxenvchan.h')) return 'libxenvchan is not installed (Debian: libxen-dev).';
  return missingForRings();
}

/** What both sides run over. */
interface Ground {
  readonly folder: string;
  readonly peer: string;
  readonly env: NodeJS.ProcessEnv;
}

function compile(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('gcc', ['-O2', '-Wall', '-Wextra', ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`It does not compile:\n${stderr}`);
}

function build(folder: string): string {
  for (const [name, part] of [
    ['libxenevtchn.so.1', 'BELLS'],
    ['libxengnttab.so.1', 'PAGES'],
  ] as const) {
    const versions = path.resolve('native/xensim', `${part === 'BELLS' ? 'evtchn' : 'gnttab'}.map`);
    const as = ['-shared', '-fPIC', '-Wno-unused-function', `-D${part}`, `-Wl,-soname,${name}`];
    compile(
      ...as,
      `-Wl,--version-script=${versions}`,
      'test/bench/sharedPages.c',
      '-o',
      path.join(folder, name),
    );
  }
  const peer = path.join(folder, 'vchanPeer');
  compile('test/bench/vchanPeer.c', '-o', peer, '-lxenvchan');
  return peer;
}

async function lineOf(child: ChildProcess, lines: AsyncIterator<string>): Promise<string> {
  const next = await lines.next();
  if (next.done === true) throw new Error(`An end of the vchan ended: ${child.spawnargs.join(' ')}`);
  return next.value;
}

async function measure(
  ground: Ground,
  row: VchanRow,
  options: Options,
  command: readonly string[],
): Promise<Phase> {
  const { work, ringBytes, messageBytes, isPinned } = row;
  const seconds = options.quick ? 0.7 : 2;
  for (const file of ['state-0', 'pages-0']) rmSync(path.join(ground.folder, file), { force: true });
  const start = (role: string) => {
    const words = [role, '/local/domain/0/data/bench', ringBytes, work, messageBytes, seconds / 4, seconds];
    const all = [...command, ...words.map(String)];
    const [file, ...args] = isPinned ? pinned(0, all) : all;
    const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'], env: ground.env });
    const forget = atExit(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(forget);
    return { child, ended, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
  };
  const server = start('server');
  await lineOf(server.child, server.lines);
  const client = start('client');
  await lineOf(client.child, client.lines);
  const cpu = () => [server, client].map(({ child }) => processorSeconds(child.pid!));
  const before = cpu();
  const told = JSON.parse(await lineOf(client.child, client.lines)) as Phase;
  const used = cpu().map((after, at) => after - before[at]!);
  await Promise.all([server.ended, client.ended]);
  const both = used[0]! + used[1]!;
  return {
    ...{ ...told, phase: work, opsPerSecond: told.ops / told.seconds, errors: 0 },
    ...{ serverCpuShare: used[0]! / told.seconds, loadCpuShare: used[1]! / told.seconds },
    serverCpuUsPerOp: (both * 1e6) / told.ops,
  };
}

export async function measureVchan(
  options: Options,
  isWanted: (name: string) => boolean,
): Promise<ResultRow[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-vchan-'));
  const forget = atExit(() => rmSync(folder, { recursive: true, force: true }));
  const store = new Xenstored({ clock: systemClock });
  try {
    const socketPath = path.join(folder, 'store');
    await store.listen(socketPath);
    const client = openStoreClient({ dial: store.connect({ domid: 0 }), clock: systemClock });
    await client.write('/local/domain/0/domid', '0');
    await client.close();
    const env = {
      ...process.env,
      LD_LIBRARY_PATH: folder,
      XENBENCH_FOLDER: folder,
      XENSTORED_PATH: socketPath,
    };
    const ground = { folder, peer: build(folder), env };
    const profileDir = path.resolve(artefacts, 'profiles');
    if (options.profile) mkdirSync(profileDir, { recursive: true });
    const profile = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
    const ours = [process.execPath, ...profile, path.join(options.bundles, 'vchanEnd.cjs')];
    const results: ResultRow[] = [];
    for (const row of rows.filter(({ name }) => isWanted(name))) {
      const runs: Record<'ours' | 'c', Phase[]> = { ours: [], c: [] };
      for (let repetition = 0; repetition < options.repetitions; repetition++) {
        runs.ours.push(await measure(ground, row, options, ours));
        runs.c.push(await measure(ground, row, options, [ground.peer]));
      }
      const cells = { ours: medianPhase(runs.ours)!, c: medianPhase(runs.c)! };
      results.push(judge(row, cells, results));
    }
    return results;
  } finally {
    await store.close();
    forget();
    rmSync(folder, { recursive: true, force: true });
  }
}
