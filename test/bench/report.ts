/** From the phases that the load generator printed to the table and the JSON. */
import type { ServerName } from './servers';
import type { Row, Target } from './workloads';

/** One line of the load generator. */
export interface Phase {
  readonly phase: string;
  readonly ops: number;
  readonly seconds: number;
  readonly opsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly errors: number;
  /** Processor seconds per second of wall time: 1 is one processor busy all the time. */
  readonly serverCpuShare: number;
  readonly loadCpuShare: number;
  readonly serverCpuUsPerOp: number;
}

export interface Cell extends Phase {
  readonly repetitions: number;
}

export interface ResultRow extends Row {
  readonly cells: Partial<Record<ServerName, Cell>>;
  /** Ours divided by what the target names; undefined when that was not measured. */
  readonly ratio?: number;
  readonly met?: boolean;
}

/** The run with the median rate stands for all: its other numbers belong to that rate. */
export function medianPhase(runs: readonly Phase[]): Cell | undefined {
  const sorted = [...runs].sort((a, b) => a.opsPerSecond - b.opsPerSecond);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const errors = runs.reduce((sum, run) => sum + run.errors, 0);
  return median && { ...median, errors, repetitions: runs.length };
}

function peerRate(cells: ResultRow['cells'], target: Target | undefined): number | undefined {
  const { c, ox } = cells;
  if (target?.kind === 'faster' && c && ox) return Math.max(c.opsPerSecond, ox.opsPerSecond);
  return c?.opsPerSecond ?? ox?.opsPerSecond;
}

export function judge(row: Row, cells: ResultRow['cells'], rows: readonly ResultRow[]): ResultRow {
  const ours = cells.ours?.opsPerSecond;
  const { target } = row;
  if (ours === undefined) return { ...row, cells };
  if (target?.kind === 'atMost') return { ...row, cells, met: ours <= target.bound };
  if (target?.kind === 'row') {
    const other = rows.find(({ name }) => name === target.row)?.cells.ours?.opsPerSecond;
    if (other === undefined) return { ...row, cells };
    return { ...row, cells, ratio: ours / other, met: ours / other >= target.ratio };
  }
  const peer = peerRate(cells, target);
  if (peer === undefined) return { ...row, cells };
  const ratio = ours / peer;
  return { ...row, cells, ratio, met: target && ratio >= target.ratio };
}

function number(value: number | undefined): string {
  if (value === undefined) return '–';
  return Math.round(value).toLocaleString('en-GB').replaceAll(',', ' ');
}

function targetText(target: Target | undefined): string {
  switch (target?.kind) {
    case undefined:
      return '';
    case 'c':
      return `${target.ratio} x C`;
    case 'faster':
      return `${target.ratio} x faster`;
    case 'row':
      return target.words;
    case 'atMost':
      return `at most ${target.bound}`;
  }
}

const titles = [
  'workload',
  'unit',
  'ours',
  'C',
  'ox',
  'ratio',
  'target',
  'met?',
  'us/op ours/C/ox',
  'p99 us',
  'load',
];

function texts({ name, unit, cells, ratio, target, met }: ResultRow): string[] {
  const { ours, c, ox } = cells;
  const cpu = (cell: Cell | undefined) => (cell?.ops ? cell.serverCpuUsPerOp.toFixed(1) : '–');
  const p99 = (cell: Cell | undefined) => (cell?.p99Us ? cell.p99Us.toFixed(0) : '–');
  return [
    name,
    unit,
    number(ours?.opsPerSecond),
    number(c?.opsPerSecond),
    number(ox?.opsPerSecond),
    ratio === undefined ? '' : ratioText(ratio),
    targetText(target),
    met === undefined ? '' : met ? 'yes' : 'no',
    `${cpu(ours)}/${cpu(c)}/${cpu(ox)}`,
    `${p99(ours)}/${p99(c)}/${p99(ox)}`,
    ours?.ops ? `${(ours.loadCpuShare * 100).toFixed(0)} %` : '–',
  ];
}

/** Below 1 the third digit can decide. */
function ratioText(ratio: number): string {
  return ratio.toFixed(ratio < 1 ? 3 : 2);
}

/** A result as it comes. */
export function oneLine({ name, unit, cells, ratio }: ResultRow): string {
  const { ours, c, ox } = cells;
  const peers = [c && `C ${number(c.opsPerSecond)}`, ox && `ox ${number(ox.opsPerSecond)}`].filter(Boolean);
  const beside = peers.length > 0 ? ` (${peers.join(', ')})` : '';
  const times = ratio === undefined ? '' : `, ratio ${ratioText(ratio)}`;
  return `${name}: ${number(ours?.opsPerSecond)} ${unit}${beside}${times}`;
}

/** A Markdown table, aligned for a terminal. */
export function table(rows: readonly ResultRow[]): string {
  const lines = [titles, ...rows.map(texts)];
  // A rule of a column has two characters at least.
  const widths = titles.map((_, column) => Math.max(2, ...lines.map((line) => line[column]!.length)));
  const leftAligned = new Set([0, 1, 6, 7]);
  const pad = (text: string, column: number) =>
    leftAligned.has(column) ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  const format = (line: string[]) => `| ${line.map(pad).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    leftAligned.has(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [format(titles), `| ${rule.join(' | ')} |`, ...lines.slice(1).map(format)].join('\n');
}
