/**
 * Runs the benchmark: every workload against every server, a fresh server for each run, the servers
 * taking turns within a repetition so that a slow moment of the machine hits all alike.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { missingForDaemons } from '../interop/daemons/requirements';
import { judge, medianPhase, table, type Phase, type ResultRow } from './report';
import { contestants, type Contestant, type RunningServer, type ServerName } from './servers';
import { MEMORY_PHASE, VALUE_BYTES, workloads, type Workload } from './workloads';

interface Options {
  readonly loadProgram: string;
  readonly serverBundle: string;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly only?: string;
  readonly repetitions: number;
}

function parseOptions(args: readonly string[]): Options {
  const value = (name: string) => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args[at + 1];
  };
  const quick = args.includes('--quick');
  return {
    loadProgram: value('--load')!,
    serverBundle: value('--server')!,
    quick,
    profile: args.includes('--profile'),
    only: value('--only'),
    repetitions: Number(value('--repetitions') ?? (quick ? 1 : 3)),
  };
}

const canPin = os.cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0;

/** Runs the load generator to its end and gives its phases, with the memory where nodes were built. */
async function runLoad(options: Options, workload: Workload, server: RunningServer): Promise<Phase[]> {
  const load: Workload['load'] = {
    socket: server.socketPath,
    pid: server.pid,
    warmup: options.quick ? 0.2 : 1,
    seconds: options.quick ? 0.3 : 2,
    ...workload.load,
  };
  const words = Object.entries(load).map(([name, value]) => `${name}=${value}`);
  const pinned = workload.pinned && canPin;
  if (pinned) spawnSync('taskset', ['-a', '-c', '-p', '1', String(server.pid)]);
  const before = await server.memoryBytes();
  const [program, args] = pinned
    ? ['taskset', ['-c', '1', options.loadProgram, ...words]]
    : [options.loadProgram, words];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const phases: Phase[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const phase = JSON.parse(line) as Phase;
    phases.push(phase);
    if (phase.phase !== 'build') continue;
    const perNode = ((await server.memoryBytes()) - before) / phase.ops - VALUE_BYTES;
    phases.push({ ...phase, phase: MEMORY_PHASE, opsPerSecond: perNode, ops: 0 });
    child.stdin.write('\n');
  }
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`The load generator ended with ${code} in "${workload.name}".`);
  return phases;
}

async function runOnce(options: Options, workload: Workload, contestant: Contestant): Promise<Phase[]> {
  const server = await contestant.start();
  try {
    return await runLoad(options, workload, server);
  } catch (error) {
    console.error(`${contestant.name}: ${(error as Error).message}`);
    return [];
  } finally {
    await server.stop();
  }
}

async function measure(options: Options, workload: Workload, servers: readonly Contestant[]) {
  const runs = new Map<ServerName, Phase[]>(servers.map(({ name }) => [name, []]));
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    const turn = servers.map((_, index) => servers[(index + repetition) % servers.length]!);
    for (const server of turn) runs.get(server.name)!.push(...(await runOnce(options, workload, server)));
  }
  return runs;
}

function describeMachine(): string {
  const cpu = os.cpus()[0]?.model ?? 'unknown processor';
  return `${os.cpus().length} x ${cpu}, Node ${process.versions.node}`;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const artefacts = 'test-artefacts';
  mkdirSync(artefacts, { recursive: true });
  const profileDir = options.profile ? `${artefacts}/profiles` : undefined;
  const servers = contestants({ bundle: options.serverBundle, profileDir });
  console.log(describeMachine());
  const missing = missingForDaemons();
  if (missing !== undefined) console.log(`Without Debian's daemons to compare with; ${missing}`);
  if (!canPin) console.log('One processor or no taskset: "one CPU" rows run unpinned.');
  const nodes = options.quick ? 10_000 : 100_000;
  const chosen = workloads({ nodes }).filter(
    ({ name, rows }) =>
      options.only === undefined ||
      [name, ...rows.map((row) => row.name)].some((n) => n.includes(options.only!)),
  );
  const results: ResultRow[] = [];
  for (const workload of chosen) {
    process.stderr.write(`${workload.name} …\n`);
    const runs = await measure(options, workload, servers);
    for (const row of workload.rows) {
      const cells: ResultRow['cells'] = {};
      for (const [name, phases] of runs) {
        const cell = medianPhase(phases.filter(({ phase }) => phase === row.phase));
        if (cell) cells[name] = cell;
      }
      results.push(judge(row, cells, results));
    }
  }
  console.log(table(results));
  for (const { name, cells } of results) {
    for (const [server, cell] of Object.entries(cells)) {
      if (cell.errors > 0) console.log(`${name}: ${cell.errors} errors of ${server}`);
    }
  }
  const summary = { machine: describeMachine(), quick: options.quick, pinned: canPin, rows: results };
  writeFileSync(`${artefacts}/bench.json`, JSON.stringify(summary, undefined, 2));
}

void main();
