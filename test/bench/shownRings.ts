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
/** Samples, frames and the engine's optimisations take a moment to be what they are from then on. */
const settleMs = 300;
const leastRatio = 0.97;
const target = { kind: 'row', ratio: leastRatio, words: `${leastRatio} x hidden` } as const;

export const shownRowNames = {
  store: `store of a world of ${guests} guests, 32 connections`,
  storeShown: `the same, all rings of ${guests} guests shown`,
  busy: `${guests} guests busy on their rings`,
  busyShown: `the same, all rings of ${guests} busy guests shown`,
  frames: `frames of all rings of ${guests} busy guests`,
};

type Mode = 'hidden' | 'shown';
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
  readonly windows: Windows;
  readonly framesPerSecond: number;
}

async function inTurns(options: Options, kind: 'still' | 'busy'): Promise<Measured> {
  const bundle = path.join(options.bundles, 'world.cjs');
  const profileDir = options.profile ? `${artefacts}/profiles` : undefined;
  const world = await ShownWorld.open({ bundle, guests, kind, processor: worldProcessor, profileDir });
  try {
    const window = { world, options, seconds: options.quick ? 0.5 : 2 };
    const measure = kind === 'still' ? storeWindow : guestWindow;
    const windows: Windows = { hidden: [], shown: [] };
    let [frames, shownMs] = [0, 0];
    for (let turn = 0; turn < (options.quick ? 4 : 12); turn++) {
      // Hidden, shown, shown, hidden: neither is always the one that comes first.
      const mode: Mode = turn % 4 === 1 || turn % 4 === 2 ? 'shown' : 'hidden';
      await world.show(mode === 'shown');
      await sleep(settleMs);
      const [framesBefore, startedMs] = [world.frames, performance.now()];
      windows[mode].push(await measure(window));
      if (mode === 'hidden') continue;
      frames += world.frames - framesBefore;
      shownMs += performance.now() - startedMs;
    }
    return { windows, framesPerSecond: (frames * 1000) / shownMs };
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

function twoRows({ windows }: Measured, name: string, shownName: string, unit: string): ResultRow[] {
  const sums = { hidden: sumOf(windows.hidden), shown: sumOf(windows.shown) };
  const cell = (mode: Mode) => ({
    ...medianPhase(windows[mode])!,
    serverCpuUsPerOp: sums[mode].cpuUs / sums[mode].ops,
  });
  const ratio = leftOver(sums.hidden, sums.shown);
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
  const still: Phase = { ...busy.windows.shown[0]!, ops: 0, opsPerSecond: framesPerSecond, p99Us: 0 };
  return [
    ...twoRows(store, shownRowNames.store, shownRowNames.storeShown, 'ops/s'),
    ...twoRows(busy, shownRowNames.busy, shownRowNames.busyShown, 'requests/s'),
    {
      ...{ name: shownRowNames.frames, phase: '', unit: 'frames/s' },
      cells: { ours: { ...still, repetitions: 1 } },
    },
  ];
}
