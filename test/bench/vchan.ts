/** Our ends of a vchan against libxenvchan, both over the same shared pages and doorbells, each pair alone. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { atExit } from './atExit';
import { missingForRings } from './folderRings';
import { processorSeconds } from './guestMeasure';
import { pinned, type Options } from './options';
import { judge, medianPhase, type Phase, type ResultRow } from './report';
import { compile, nodeCommand, openSharedGround, type SharedGround } from './sharedGround';
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

/** What both sides run over, and the program with libxenvchan. */
interface Ground extends SharedGround {
  readonly peer: string;
}

function buildPeer(folder: string): string {
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
  ground.clear();
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
  const shared = await openSharedGround('vchan');
  try {
    const ground = { ...shared, peer: buildPeer(shared.folder) };
    const ours = nodeCommand(options, 'vchanEnd.cjs');
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
    await shared.close();
  }
}
