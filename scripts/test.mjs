// `npm test`: sets up and runs everything that can run, on a machine that has nothing but Node and
// npm. `npm test -- unit e2e` runs parts; `--grep TEXT` picks tests by name. The last line counts.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkTypes, runtimes } from './check.mjs';
import { ensureDebianPackages, needs, wants } from './lib/debian.mjs';
import { endWithChildren, run, stopAll } from './lib/processes.mjs';
import { main, say, seconds, Told } from './lib/progress.mjs';
import { root, setUp } from './lib/setup.mjs';
import { failed, mochaStage, passed, programTally, skipped, sum, withoutSkips } from './lib/stages.mjs';
import { makeTemporary, removeTemporary } from './lib/temporary.mjs';
import { judgeVsix, makeVsix } from './lib/vsix.mjs';
import { buildXensim } from './lib/xensim.mjs';
import { whyNoMachine } from './lib/xen/machine.mjs';

const minutes = 60_000;
const stillMs = 15_000;
const inCi = process.env.CI === 'true';
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', multiple: true, default: [] }, grep: { type: 'string' } },
});

function hasSpecs(folder) {
  const place = path.join(root, folder);
  return (
    existsSync(place) && readdirSync(place, { recursive: true }).some((file) => /\.test\.ts$/.test(file))
  );
}

/** A stage of mocha specs that needs Debian's programs. */
async function specsWith(stage, folder, limits) {
  if (!hasSpecs(folder)) return failed(stage, `${folder} has no tests`);
  const lacking = await packagesFor(stage);
  if (lacking) return inCi ? failed(stage, lacking) : skipped(stage, lacking);
  return mochaStage(stage, [`${folder}/**/*.test.ts`], { grep: options.grep, onLine: chatter, ...limits });
}

/** One apt at a time, and all that the chosen stages need in one go. */
let installation;
function packagesFor(stage) {
  const chosen = Object.keys(needs).filter(isChosen);
  const all = chosen.flatMap((name) => [...needs[name], ...wants[name]]);
  installation ??= ensureDebianPackages([...new Set(all)]);
  return installation.then((lacking) => lacking && ensureDebianPackages(needs[stage]));
}

/** What tests tell a reader on purpose (a time, a rate) starts with a mark; all else stays in the report. */
function chatter(line) {
  if (line.startsWith('· ')) say(`      ${line}`);
}

/** The build came before a C compiler could be installed. Where there is none still, all else is tested. */
async function withLibraries(stage) {
  await packagesFor(stage);
  const libraries = path.join(root, 'dist', 'xensim');
  if (!existsSync(libraries)) buildXensim(libraries);
}

async function packageCheck() {
  await withLibraries('package');
  const folder = makeTemporary('package');
  try {
    const checks = judgeVsix(await makeVsix(folder));
    return sum(checks.map(({ title, wrong }) => (wrong ? failed(`package ${title}`, wrong) : passed(1))));
  } finally {
    removeTemporary(folder);
  }
}

/** Once, and not by each of those that run side by side. */
async function unpackVscode() {
  const { ensureVscodeServer } = await import('./lib/vscodeServer.mjs');
  await ensureVscodeServer();
}

async function realXen() {
  const why = await whyNoMachine();
  if (why) return inCi ? failed('xen', why) : skipped('xen', why);
  // For the test in VS Code and those of PV Calls: where they cannot be had, those are skipped, and with CI=true they fail.
  await packagesFor('xen');
  // Needs the packages of the lock file, so it is loaded when they are there.
  const { runXenSuites } = await import('./lib/xen/suites.mjs');
  await unpackVscode();
  // Both machines at once where that leaves a processor for whatever else is to be done, or when nothing else is left.
  const others = Object.keys(stages).filter(isChosen).length > 1;
  const atOnce = availableParallelism() > (others ? 2 : 1) ? 2 : 1;
  const more = availableParallelism() > 1 ? rowsDone : undefined;
  return runXenSuites({ grep: options.grep, atOnce, more });
}

async function types() {
  const tallies = [];
  for (const runtime of runtimes)
    tallies.push(programTally(`types of ${runtime}`, await checkTypes(runtime)));
  return sum(tallies);
}

async function lint() {
  const remember = ['--cache', '--cache-strategy', 'content', '--cache-location', '.cache/prettier'];
  const tools = {
    eslint: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'],
    prettier: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', ...remember, '.'],
  };
  const tallies = [];
  for (const [name, args] of Object.entries(tools)) {
    const result = await run(process.execPath, args, { cwd: root, timeoutMs: 5 * minutes });
    tallies.push(programTally(name, result));
  }
  return sum(tallies);
}

const stages = {
  types,
  lint,
  unit: () =>
    mochaStage('unit', ['test/**/*.test.ts'], {
      ignore: ['test/e2e/**', 'test/interop/**', 'test/bench/**', 'test/fuzz/**', 'test/xen/**'],
      timeoutMs: 8 * minutes,
      testTimeoutMs: 20_000,
      grep: options.grep,
      onLine: chatter,
    }),
  package: packageCheck,
  // Daemons and programs that are not ours, beside an emulated machine: one more try, as in the editor.
  interop: () =>
    specsWith('interop', 'test/interop', {
      timeoutMs: 8 * minutes,
      testTimeoutMs: 60_000,
      retries: 1,
      beginAnew: true,
    }),
  fuzz: () =>
    mochaStage('fuzz', ['test/fuzz/**/*.test.ts'], {
      timeoutMs: 8 * minutes,
      testTimeoutMs: 180_000,
      grep: options.grep,
      onLine: chatter,
    }),
  // A window of VS Code is not ours alone: what takes the focus from it once may not do so twice.
  xen: realXen,
  e2e: async () => {
    await withLibraries('e2e');
    await unpackVscode();
    return specsWith('e2e', 'test/e2e', {
      // A window waits for half of its time.
      jobs: Math.min(2, availableParallelism()),
      timeoutMs: 40 * minutes,
      testTimeoutMs: 60_000,
      retries: 1,
      beginAnew: true,
    });
  },
};
/** Side by side within a row, one row after the other. The emulation of Xen keeps one processor busy meanwhile. */
const rows = [['types', 'lint'], ['unit', 'package', 'interop'], ['fuzz']];
const besideRows = ['xen'];
/** Wants both processors. */
const last = ['e2e'];

const wanted = [...positionals, ...options.only.flatMap((names) => names.split(','))];
function isChosen(name) {
  return wanted.length === 0 || wanted.includes(name);
}

/** All but the last stages and the emulation are over: their processor is free. */
let tellRowsDone;
const rowsDone = new Promise((resolve) => (tellRowsDone = resolve));

const running = new Set();
const still = setInterval(() => running.size && say(`      … still at ${[...running].join(', ')}`), stillMs);
still.unref();

async function runStage(name) {
  const begin = Date.now();
  running.add(name);
  const found = await stages[name]().catch((error) => failed(name, String(error?.stack ?? error)));
  const tally = inCi ? withoutSkips(found) : found;
  running.delete(name);
  const counts = [`${tally.passed} passed`, `${tally.failures.length} failed`];
  if (tally.skipped.length) counts.push(`${tally.skipped.length} skipped`);
  const verdict = tally.failures.length ? 'FAILED' : tally.passed ? 'ok    ' : 'skip  ';
  // Only the very last line of the run reads `N passed, N failed` by itself.
  say(`${verdict} ${name.padEnd(8)} ${counts.join(', ').padEnd(24)} ${seconds(Date.now() - begin)}`);
  for (const { title, why } of tally.skipped) say(`       skipped ${title}: ${why}`);
  for (const { title, error } of tally.failures) say(`       failed  ${title}: ${error.split('\n', 1)[0]}`);
  return tally;
}

function finish({ passed: passes, failures, skipped: skips }) {
  for (const [index, { title, error }] of failures.entries()) {
    say(`\n${index + 1}) ${title}\n${error.replace(/^/gm, '   ')}`);
  }
  if (failures.length) say('');
  say(`${passes} passed, ${failures.length} failed${skips.length ? `, ${skips.length} skipped` : ''}`);
  return failures.length || passes === 0 ? 1 : 0;
}

endWithChildren();
await main(async () => {
  const unknown = wanted.filter((name) => !(name in stages));
  if (unknown.length) {
    throw new Told(`There is no stage ${unknown.join(', ')}: choose from ${Object.keys(stages).join(', ')}.`);
  }
  try {
    await setUp();
  } catch (error) {
    return finish(failed('set-up', error instanceof Told ? error.message : String(error?.stack)));
  }
  const together = async (names) => sum(await Promise.all(names.filter(isChosen).map(runStage)));
  const inTurn = async () => {
    const tallies = [];
    for (const row of rows) tallies.push(await together(row));
    return sum(tallies);
  };
  const tallies = await Promise.all([inTurn().finally(tellRowsDone), together(besideRows)]);
  tallies.push(await together(last));
  await stopAll();
  return finish(sum(tallies));
});
