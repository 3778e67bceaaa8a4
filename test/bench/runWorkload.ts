/**
 * Runs one workload against every server, a fresh server for each run, the servers taking turns
 * within a repetition so that a slow moment of the machine hits all alike.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { atExit } from './atExit';
import { pin, pinned, type Options } from './options';
import { judge, medianPhase, type Phase, type ResultRow } from './report';
import type { Contestant, RunningServer, ServerName } from './servers';
import { MEMORY_PHASE, VALUE_BYTES, type Workload } from './workloads';

/** Where the rows that are held on one processor run. */
const oneProcessor = 1;

export interface LoadRun {
  readonly command: readonly string[];
  /** Called with each phase as it ends; a line that it gives goes to the load. */
  readonly onPhase?: (phase: Phase) => Promise<string | undefined>;
}

/** Runs a load generator to its end and gives its phases. */
export async function runLoad({ command, onPhase }: LoadRun): Promise<Phase[]> {
  const [program, ...args] = command;
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const forget = atExit(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const phases: Phase[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const phase = JSON.parse(line) as Phase;
    phases.push(phase);
    const answer = await onPhase?.(phase);
    if (answer !== undefined) child.stdin.write(`${answer}\n`);
  }
  const [code] = (await exited) as [number | null];
  forget();
  if (code !== 0) throw new Error(`The load generator ended with ${code}.`);
  return phases;
}

/** The phases of one run, with the memory where nodes were built. */
async function loadServer(options: Options, workload: Workload, server: RunningServer): Promise<Phase[]> {
  const load: Workload['load'] = {
    socket: server.socketPath,
    pid: server.pid,
    warmup: options.quick ? 0.2 : 1,
    seconds: options.quick ? 0.3 : 2,
    ...workload.load,
  };
  const words = Object.entries(load).map(([name, value]) => `${name}=${value}`);
  const generator = workload.isGuest
    ? [process.execPath, path.join(options.bundles, 'guest.cjs')]
    : [options.loadProgram];
  if (workload.pinned) pin(server.pid, oneProcessor);
  const command = [...generator, ...words];
  const before = await server.memoryBytes();
  const memory: Phase[] = [];
  const phases = await runLoad({
    command: workload.pinned ? pinned(oneProcessor, command) : command,
    onPhase: async (phase) => {
      if (phase.phase !== 'build') return undefined;
      const perNode = ((await server.memoryBytes()) - before) / phase.ops - VALUE_BYTES;
      memory.push({ ...phase, phase: MEMORY_PHASE, opsPerSecond: perNode, ops: 0 });
      return '';
    },
  });
  return [...phases, ...memory];
}

async function runOnce(options: Options, workload: Workload, contestant: Contestant): Promise<Phase[]> {
  const server = await contestant.start();
  try {
    return await loadServer(options, workload, server);
  } catch (error) {
    console.error(`${contestant.name}, "${workload.name}": ${(error as Error).message}`);
    return [];
  } finally {
    await server.stop();
  }
}

/** The rows of one workload; `before` are those that targets may name. */
export async function runWorkload(
  options: Options,
  workload: Workload,
  servers: readonly Contestant[],
  before: readonly ResultRow[],
): Promise<ResultRow[]> {
  const runs = new Map<ServerName, Phase[]>(servers.map(({ name }) => [name, []]));
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    const turn = servers.map((_, index) => servers[(index + repetition) % servers.length]!);
    for (const server of turn) runs.get(server.name)!.push(...(await runOnce(options, workload, server)));
  }
  return workload.rows.map((row) => {
    const cells: ResultRow['cells'] = {};
    for (const [name, phases] of runs) {
      const cell = medianPhase(phases.filter(({ phase }) => phase === row.phase));
      if (cell) cells[name] = cell;
    }
    return judge(row, cells, before);
  });
}
