/**
 * Streams of a guest through data rings of PV Calls against the same streams over loopback without them: our
 * frontend and our backend in a process each, with the doorbells and pages of test/bench/sharedPages.c.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { atExit } from './atExit';
import { processorSeconds } from './guestMeasure';
import type { Options } from './options';
import { judge, medianPhase, type Phase, type ResultRow } from './report';
import { nodeCommand, openSharedGround, type SharedGround } from './sharedGround';
import type { Row } from './workloads';

const leastRatio = 0.6;
const orders = [4, 9] as const;
const devicePath = '/local/domain/0/device/pvcalls/0';
const backendPath = '/local/domain/0/backend/pvcalls/0/0';

interface StreamRow extends Row {
  /** As streamEnd has it. */
  readonly way: string;
  readonly streams: number;
  readonly direction: 'out' | 'in';
}

const directionWords = { out: 'from the guest', in: 'to the guest' };

/** What is compared with each other: the first row is the one without data rings. */
const groups: readonly (readonly StreamRow[])[] = [1, 64].flatMap((streams) =>
  (['out', 'in'] as const).map((direction) => {
    const what = `${streams === 1 ? '1 stream' : `${streams} streams`} ${directionWords[direction]}`;
    const shape = { phase: 'stream', unit: 'MiB/s', streams, direction };
    const plain: StreamRow = { name: `pvcalls: ${what}, loopback alone`, way: 'loopback', ...shape };
    const words = `${leastRatio} x loopback`;
    const target = { kind: 'row', row: plain.name, ratio: leastRatio, words } as const;
    const ringRows = orders.map((order): StreamRow => {
      return { name: `pvcalls: ${what}, rings of order ${order}`, way: String(order), target, ...shape };
    });
    return [plain, ...ringRows];
  }),
);
export const pvcallsRowNames = groups.flat().map(({ name }) => name);

/** One of the programs, and the lines that it says. */
interface End {
  readonly child: ChildProcess;
  line(): Promise<string>;
  stop(): Promise<void>;
}

function startEnd(ground: SharedGround, command: readonly string[], words: readonly string[]): End {
  const [file, ...args] = [...command, ...words];
  const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'], env: ground.env });
  const forget = atExit(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(forget);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${words.join(' ')} ended.`);
      return next.value;
    },
    stop: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** The toolstack's part: a device for domain 0, whose backend is in domain 0. */
async function giveDevice({ store }: SharedGround): Promise<void> {
  for (const folder of [devicePath, backendPath]) await store.rm(folder).catch(() => undefined);
  const entries = [
    [`${backendPath}/frontend`, devicePath],
    [`${backendPath}/frontend-id`, '0'],
    [`${backendPath}/online`, '1'],
    [`${backendPath}/state`, '1'],
    [`${devicePath}/backend`, backendPath],
    [`${devicePath}/backend-id`, '0'],
    [`${devicePath}/state`, '1'],
  ] as const;
  for (const [path, value] of entries) await store.write(path, value);
}

async function measure(ground: SharedGround, row: StreamRow, options: Options): Promise<Phase> {
  const { way, streams, direction } = row;
  const seconds = options.quick ? 1 : 2;
  const command = nodeCommand(options, 'streamEnd.cjs');
  const ends: End[] = [];
  const start = (...words: readonly (string | number)[]) => {
    const end = startEnd(ground, command, words.map(String));
    ends.push(end);
    return end;
  };
  ground.clear();
  try {
    const network = start('network');
    const port = await network.line();
    if (way !== 'loopback') {
      await giveDevice(ground);
      await start('backend').line();
    }
    const guest = start('guest', way, port, streams, direction, seconds / 2, seconds);
    await guest.line();
    const used = () => ends.map(({ child }) => processorSeconds(child.pid!));
    const before = used();
    const told = JSON.parse(await guest.line()) as { ops: number; seconds: number };
    const cpu = used().map((after, at) => after - before[at]!);
    const all = cpu.reduce((sum, one) => sum + one, 0);
    return {
      ...told,
      ...{ phase: 'stream', opsPerSecond: told.ops / told.seconds, errors: 0, p50Us: 0, p99Us: 0 },
      ...{ serverCpuShare: all / told.seconds, loadCpuShare: cpu.at(-1)! / told.seconds },
      serverCpuUsPerOp: (all * 1e6) / told.ops,
    };
  } finally {
    for (const end of ends.reverse()) await end.stop();
  }
}

export async function measurePvcalls(
  options: Options,
  isWanted: (name: string) => boolean,
): Promise<ResultRow[]> {
  const ground = await openSharedGround('pvcalls');
  try {
    const results: ResultRow[] = [];
    for (const group of groups.filter((rows) => rows.some(({ name }) => isWanted(name)))) {
      const runs = group.map((): Phase[] => []);
      for (let repetition = 0; repetition < options.repetitions; repetition++) {
        for (const [at, row] of group.entries()) runs[at]!.push(await measure(ground, row, options));
      }
      for (const [at, row] of group.entries()) {
        results.push(judge(row, { ours: medianPhase(runs[at]!)! }, results));
      }
    }
    return results;
  } finally {
    await ground.close();
  }
}
