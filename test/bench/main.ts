/** Runs the benchmark: one part after the other, each result told as it comes, the table at the end. */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endWithChildren } from '../../scripts/lib/processes.mjs';
import { missingForDaemons } from '../interop/daemons/requirements';
import { artefacts, canPin, parseOptions, type Options } from './options';
import { missingForRings } from './folderRings';
import { measurePanel, missingForPanel, panelRowNames } from './panel';
import { oneLine, table, type ResultRow } from './report';
import { runWorkload } from './runWorkload';
import { contestants } from './servers';
import { measurePvcalls, pvcallsRowNames } from './pvcalls';
import { measureShownRings, shownRowNames } from './shownRings';
import { measureVchan, missingForVchan, vchanRowNames } from './vchan';
import { workloads } from './workloads';

/** Something that is measured and gives rows. */
interface Part {
  readonly name: string;
  readonly rowNames: readonly string[];
  /** `before`: the rows that there are already. */
  run(before: readonly ResultRow[]): Promise<readonly ResultRow[]>;
}

function storeParts(options: Options): Part[] {
  const servers = contestants({
    bundle: path.join(options.bundles, 'server.cjs'),
    profileDir: options.profile ? `${artefacts}/profiles` : undefined,
  });
  const noRings = missingForRings();
  if (noRings !== undefined) console.log(`Without the rows of rings: ${noRings}`);
  const all = workloads({ nodes: options.quick ? 10_000 : 100_000 });
  return all
    .filter(({ isGuest }) => !isGuest || noRings === undefined)
    .map((workload) => ({
      name: workload.name,
      rowNames: workload.rows.map(({ name }) => name),
      run: (before) => runWorkload(options, workload, servers, before),
    }));
}

function shownRings(options: Options): Part {
  const rowNames = Object.values(shownRowNames);
  return { name: 'rings shown', rowNames, run: () => measureShownRings(options) };
}

function panel(options: Options): Part {
  const rowNames = Object.values(panelRowNames);
  const run = () => {
    const missing = missingForPanel();
    if (missing === undefined) return measurePanel(options);
    console.log(`Without the ring panel: ${missing}`);
    return Promise.resolve([]);
  };
  return { name: 'ring panel', rowNames, run };
}

function vchan(options: Options): Part {
  const isWanted = (name: string) => options.only === undefined || `vchan ${name}`.includes(options.only);
  const run = () => {
    const missing = missingForVchan();
    if (missing === undefined) return measureVchan(options, isWanted);
    console.log(`Without the rows of vchans: ${missing}`);
    return Promise.resolve([]);
  };
  return { name: 'vchan', rowNames: vchanRowNames, run };
}

function pvcalls(options: Options): Part {
  const isWanted = (name: string) => options.only === undefined || `pvcalls ${name}`.includes(options.only);
  const run = () => {
    const missing = missingForRings();
    if (missing === undefined) return measurePvcalls(options, isWanted);
    console.log(`Without the rows of PV Calls: ${missing}`);
    return Promise.resolve([]);
  };
  return { name: 'pvcalls', rowNames: pvcallsRowNames, run };
}

function describeMachine(): string {
  const cpu = os.cpus()[0]?.model ?? 'unknown processor';
  return `${os.cpus().length} x ${cpu}, Node ${process.versions.node}`;
}

function isChosen({ only }: Options, { name, rowNames }: Part): boolean {
  return only === undefined || [name, ...rowNames].some((text) => text.includes(only));
}

/** A part that fails costs its own rows only. */
async function rowsOf(part: Part, before: readonly ResultRow[]): Promise<readonly ResultRow[]> {
  try {
    return await part.run(before);
  } catch (error) {
    console.error(`"${part.name}" failed: ${(error as Error).message}`);
    process.exitCode = 1;
    return [];
  }
}

async function main(): Promise<void> {
  endWithChildren();
  const options = parseOptions(process.argv.slice(2));
  mkdirSync(artefacts, { recursive: true });
  console.log(describeMachine());
  const missing = missingForDaemons();
  if (missing !== undefined) console.log(`Without Debian's daemons to compare with; ${missing}`);
  if (!canPin)
    console.log('One processor or no taskset: rows that are to stay on one processor run anywhere.');
  const results: ResultRow[] = [];
  const parts = [
    ...storeParts(options),
    vchan(options),
    pvcalls(options),
    shownRings(options),
    panel(options),
  ];
  for (const part of parts.filter((one) => isChosen(options, one))) {
    process.stderr.write(`${part.name} …\n`);
    for (const row of await rowsOf(part, results)) {
      results.push(row);
      process.stderr.write(`  ${oneLine(row)}\n`);
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
