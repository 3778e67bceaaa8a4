/**
 * What it costs the data path that an editor shows all rings of 50 guests 30 times a second: the same
 * work with and without it, in turns within one process, so that nothing else differs.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { artefacts, pinned, type Options } from './options';
import { medianPhase, type Phase, type ResultRow } from './report';
import { runLoad } from './runWorkload';
import { ShownWorld } from './shownWorld';

const guests = 50;
const [worldProcessor, loadProcessor] = [1, 0];
/**
 * A turn is four windows: what drifts within it, as machines do, falls on hidden and shown alike. What is
 * shown is looked at closely at first, until it is known which rings rest: that is not what is measured.
 */
const turn = ['hidden', 'shown', 'shown', 'hidden'] as const;
const settleMs = { hidden: 200, shown: 4_000 };
const leastRatio = 0.97;
const target = { kind: 'row', ratio: leastRatio, words: `${leastRatio} x hidden` } as const;

export const shownRowNames = {
  store: `store of a world of ${guests} guests, 32 connections`,
  storeShown: `the same, all rings of ${guests} guests shown`,
  busy: `${guests} guests busy on their rings`,
  busyShown: `the same, all rings of ${guests} busy guests shown`,
  frames: `frames of all rings of ${guests} busy guests`,
};

type Mode = (typeof turn)[number];
type Windows = Record<Mode, Phase[]>;

interface Window {
  readonly world: ShownWorld;
  readonly options: Options;
  readonly seconds: number;
}

/** Other programs have a connection each to the store of the world. */
async function storeWindow({ world, options, seconds }: Window): Promise<Phase> {
  const words = { socket: world.socketPath, pid: world.pid, work: 'write', conns: 32, warmup: 0.2, seconds };
  const command = [options.loadProgram, ...Object.entries(words).map(([name, value]) => `${name}=${value}`)];
  return (await runLoad({ command: pinned(loadProcessor, command) }))[0]!;
}

/** The guests ask over their rings as fast as the world lets them. */
async function guestWindow({ world, seconds }: Window): Promise<Phase> {
  const before = await world.count();
  const startedMs = performance.now();
  await sleep(seconds * 1000);
  const after = await world.count();
  const took = (performance.now() - startedMs) / 1000;
  const ops = after.requests - before.requests;
  const cpuUs = after.cpuUs - before.cpuUs;
  return {
    ...{ phase: 'busy', ops, seconds: took, opsPerSecond: ops / took, p50Us: 0, p99Us: 0, errors: 0 },
    ...{ serverCpuShare: cpuUs / 1e6 / took, loadCpuShare: 0, serverCpuUsPerOp: cpuUs / ops },
  };
}

interface Measured {
  /** Each of them two hidden windows and two shown ones. */
  readonly turns: readonly Windows[];
  readonly framesPerSecond: number;
}

async function inTurns(options: Options, kind: 'still' | 'busy'): Promise<Measured> {
  const bundle = path.join(options.bundles, 'world.cjs');
  const profileDir = options.profile ? `${artefacts}/profiles` : undefined;
  const world = await ShownWorld.open({ bundle, guests, kind, processor: worldProcessor, profileDir });
  try {
    const window = { world, options, seconds: 1 };
    const measure = kind === 'still' ? storeWindow : guestWindow;
    const turns: Windows[] = [];
    let [frames, shownMs] = [0, 0];
    // The first one warms the engine up, for shown rings as well.
    for (let at = -1; at < (options.quick ? 1 : 12); at++) {
      const windows: Windows = { hidden: [], shown: [] };
      let before: Mode | undefined;
      for (const mode of turn) {
        if (mode !== before) {
          await world.show(mode === 'shown');
          await sleep(settleMs[mode]);
        }
        before = mode;
        const [framesBefore, startedMs] = [world.frames, performance.now()];
        windows[mode].push(await measure(window));
        if (mode === 'hidden' || at < 0) continue;
        frames += world.frames - framesBefore;
        shownMs += performance.now() - startedMs;
      }
      if (at >= 0) turns.push(windows);
    }
    return { turns, framesPerSecond: (frames * 1000) / shownMs };
  } finally {
    await world.close();
  }
}

interface Sum {
  readonly ops: number;
  readonly seconds: number;
  readonly cpuUs: number;
}

function sumOf(windows: readonly Phase[]): Sum {
  const sum = { ops: 0, seconds: 0, cpuUs: 0 };
  for (const { ops, seconds, serverCpuUsPerOp } of windows) {
    sum.ops += ops;
    sum.seconds += seconds;
    sum.cpuUs += serverCpuUsPerOp * ops;
  }
  return sum;
}

/**
 * What is left of the throughput of a world that has a processor to itself and uses all of it: what
 * showing takes of the processor, it takes of the throughput. Processor time and not the rate, because
 * other programs of the machine move that far less.
 */
function leftOver(hidden: Sum, shown: Sum): number {
  const extraUs = shown.cpuUs - (shown.ops * hidden.cpuUs) / hidden.ops;
  return 1 - extraUs / (shown.seconds * 1e6);
}

/**
 * The median, because a collection of garbage or another program may fall into any turn, and how far it
 * may be off: the standard error of a median of values that are spread as these are between their quartiles.
 */
function middle(values: readonly number[]): { median: number; error: number } {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const standardDeviation = (at(0.75) - at(0.25)) / 1.35;
  return { median: at(0.5), error: (1.25 * standardDeviation) / Math.sqrt(sorted.length) };
}

function twoRows({ turns }: Measured, name: string, shownName: string, unit: string): ResultRow[] {
  const cell = (mode: Mode) => {
    const windows = turns.flatMap((windows) => windows[mode]);
    const { cpuUs, ops } = sumOf(windows);
    return { ...medianPhase(windows)!, serverCpuUsPerOp: cpuUs / ops };
  };
  const ratios = turns.map(({ hidden, shown }) => leftOver(sumOf(hidden), sumOf(shown)));
  const { median: ratio, error } = middle(ratios);
  console.log(`  ${shownName}: ${ratio.toFixed(3)} +/- ${error.toFixed(3)} of ${turns.length} turns`);
  return [
    { name, phase: '', unit, cells: { ours: cell('hidden') } },
    {
      ...{ name: shownName, phase: '', unit, cells: { ours: cell('shown') } },
      ...{ target: { ...target, row: name }, ratio, met: ratio >= leastRatio },
    },
  ];
}

export async function measureShownRings(options: Options): Promise<ResultRow[]> {
  const store = await inTurns(options, 'still');
  const busy = await inTurns(options, 'busy');
  const { framesPerSecond } = busy;
  const still: Phase = { ...busy.turns[0]!.shown[0]!, ops: 0, opsPerSecond: framesPerSecond, p99Us: 0 };
  return [
    ...twoRows(store, shownRowNames.store, shownRowNames.storeShown, 'ops/s'),
    ...twoRows(busy, shownRowNames.busy, shownRowNames.busyShown, 'requests/s'),
    {
      ...{ name: shownRowNames.frames, phase: '', unit: 'frames/s' },
      cells: { ours: { ...still, repetitions: 1 } },
    },
  ];
}
