// Runs the suites of `test/xen` on a real Xen, under each xenstored: those of `suites` in dom0, those
// of `outside` here, where the gate of the running machine is what they have of it.
import { build } from 'esbuild';
import { appendFileSync, cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { say, seconds } from '../progress.mjs';
import { root } from '../setup.mjs';
import { failed, mochaStage, reportedTally, sum } from '../stages.mjs';
import { makeTemporary, removeTemporary } from '../temporary.mjs';
import { artefacts, bootMachine, daemons } from './boot.mjs';
import { ensureMachine } from './machine.mjs';
import { ensureXenPackages } from './packages.mjs';
import { findPvCalls } from './pvcalls.mjs';
import { Turns } from './turns.mjs';

const insideFolder = path.join(root, 'test', 'xen', 'suites');
const outsideFolder = path.join(root, 'test', 'xen', 'outside');
/** In milliseconds, each with its daemon and suite. */
const timesFile = path.join(artefacts, 'xen-times.txt');
/** Emulation is slow, and slower when others work: what hangs must end, and nothing else. */
const effort = () => Number(process.env.XENSCOPE_EFFORT ?? 1);
const testTimeoutMs = () => 180_000 * effort();
const suiteTimeoutMs = () => 600_000 * effort();
const lifeMs = () => 1_500_000 * effort();
/** What tests want to know of whoever runs them. */
const passedOn = ['CI', 'XENSCOPE_EFFORT'];

/**
 * `atOnce` is how many machines may run side by side; each keeps one processor busy. When `more` resolves,
 * another one may.
 */
export async function runXenSuites({ grep, atOnce = 1, more }) {
  const packages = await ensureXenPackages();
  const [machine, pvcalls] = await Promise.all([ensureMachine(), findPvCalls(packages)]);
  const bundles = makeTemporary('suites');
  try {
    const suites = await bundleSuites(bundles);
    if (pvcalls.folder) cpSync(pvcalls.folder, path.join(bundles, 'pvcalls'), { recursive: true });
    const tallies = [];
    const seed = Number(process.env.XENSCOPE_SEED ?? Date.now() % 2 ** 31);
    const turns = new Turns(suites, daemons, { seed, named: process.env.XENSCOPE_XEN_ONCE });
    const waiting = [...turns.daemons];
    const work = async () => {
      for (let daemon = waiting.shift(); daemon; daemon = waiting.shift()) {
        tallies.push(await underDaemon({ machine, bundles, pvcalls, grep, seed, turns, daemon }));
      }
    };
    rmSync(timesFile, { force: true });
    let another;
    void more?.then(() => {
      another = work();
      // It is awaited below, when the first has ended.
      another.catch(() => undefined);
    });
    await Promise.all(Array.from({ length: atOnce }, work));
    await another;
    say(`      xen: this repeats it: XENSCOPE_SEED=${seed} XENSCOPE_XEN_ONCE='${turns}'`);
    const tally = sum(tallies);
    const ran = tally.passed + tally.failures.length + tally.skipped.length;
    return ran > 0 ? tally : failed('xen: no test ran', `None is called ${grep}.`);
  } finally {
    removeTemporary(bundles);
  }
}

/** Each suite becomes one file, and mocha another: reading many files takes long under emulation. */
async function bundleSuites(folder) {
  const suites = testsIn(insideFolder).map((file) => ({
    name: file.replace(/\.test\.ts$/, '').replaceAll(path.sep, '-'),
    file: path.join(insideFolder, file),
  }));
  const common = {
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    mainFields: ['module', 'main'],
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    logLevel: 'error',
    // koffi is in /xenscope; esbuild itself only where a test of ours bundles something, which is not there.
    external: ['koffi', 'esbuild'],
  };
  await build({ ...common, entryPoints: Object.fromEntries(suites.map(({ name, file }) => [name, file])) });
  await build({ ...common, entryPoints: { runSuite: path.join(root, 'scripts/lib/xen/runSuite.cjs') } });
  return suites.map(({ name }) => name);
}

function testsIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
}

async function underDaemon({ machine, daemon, bundles, pvcalls, turns, grep, seed }) {
  const begin = Date.now();
  const running = await bootMachine({
    machine,
    daemon,
    name: `xen-${daemon}`,
    fill: (folder) => cpSync(bundles, folder, { recursive: true }),
    lifeMs: lifeMs(),
  });
  say(`      xen: dom0 with ${daemon} is up (${seconds(Date.now() - begin)})`);
  try {
    const tallies = [];
    const run = async (suite) => {
      tallies.push(await told(daemon, suite, inside(running, { daemon, suite, pvcalls, grep, seed })));
    };
    for (const suite of turns.own) await run(suite);
    if (testsIn(outsideFolder).length > 0) {
      tallies.push(await told(daemon, 'from outside', outside(running, daemon, grep)));
    }
    for (let suite = turns.next(daemon); suite; suite = turns.next(daemon)) await run(suite);
    const tally = prefixed(`under ${daemon}: `, sum(tallies));
    if (tally.failures.length > 0) await keepLogs(running, daemon);
    return tally;
  } finally {
    await running.stop();
  }
}

async function told(daemon, suite, work) {
  const begin = Date.now();
  const tally = await work;
  const counts = `${tally.passed} passed, ${tally.failures.length} failed`;
  if (tally.passed + tally.failures.length > 0) {
    say(`      xen: ${daemon}, ${suite}: ${counts} (${seconds(Date.now() - begin)})`);
  }
  return tally;
}

/** A process of its own for each suite: what one leaves behind, or dies of, is not the next one's. */
async function inside({ gate }, { daemon, suite, pvcalls, grep, seed }) {
  const report = `/run/report-${suite}`;
  const command = ['node', '/suites/runSuite.cjs', `/suites/${suite}.cjs`, String(testTimeoutMs())];
  if (grep) command.push(grep);
  const env = {
    XENSCOPE_TEST_REPORT: report,
    XENSCOPE_XEN_DAEMON: daemon,
    XENSCOPE_SEED: String(seed),
    ...(pvcalls.why && { XENSCOPE_NO_PVCALLS: pvcalls.why }),
    NODE_PATH: '/xenscope/node_modules',
    ...Object.fromEntries(
      passedOn.filter((name) => process.env[name]).map((name) => [name, process.env[name]]),
    ),
  };
  try {
    const { status, stdout, stderr } = await gate.run(command, {
      env,
      timeoutMs: suiteTimeoutMs(),
      onLine: chatter,
    });
    const entries = utf8((await gate.run(['cat', report])).stdout);
    keepTimes(daemon, suite, entries);
    return reportedTally(suite, entries, { code: status ?? 1, output: utf8(stdout + stderr) }, Boolean(grep));
  } catch (error) {
    return failed(`${suite}: the run in dom0 did not end`, String(error));
  }
}

function outside({ port, token }, daemon, grep) {
  return mochaStage('outside', ['test/xen/outside/**/*.test.ts'], {
    timeoutMs: suiteTimeoutMs(),
    testTimeoutMs: testTimeoutMs(),
    // A window of VS Code is among them: one more try, as for the others.
    retries: 1,
    beginAnew: true,
    grep,
    onLine: chatter,
    env: { XENSCOPE_XEN_GATE: `${port}:${token}`, XENSCOPE_XEN_DAEMON: daemon },
    mayBeEmpty: Boolean(grep),
  });
}

/** What each test and hook took, for whoever looks for lost time. */
function keepTimes(daemon, suite, entries) {
  const timed = entries
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ ms }) => ms > 0);
  const lines = timed.map(
    ({ title, ms }) => `${String(Math.round(ms)).padStart(7)}  ${daemon}  ${suite}  ${title}\n`,
  );
  appendFileSync(timesFile, lines.join(''));
}

/** What dom0, its daemons and its guests said, for whoever looks into a failure. */
async function keepLogs({ gate }, daemon) {
  const script = 'for f in /var/log/xen/*.log; do echo "== $f"; tail -c 65536 "$f"; done; dmesg; xl list; ps';
  const log = await gate.run(['sh', '-c', script]).catch((error) => ({ stdout: String(error) }));
  writeFileSync(path.join(artefacts, `xen-${daemon}-dom0.log`), log.stdout, 'latin1');
}

function prefixed(prefix, tally) {
  const name = (one) => ({ ...one, title: prefix + one.title });
  return { ...tally, failures: tally.failures.map(name), skipped: tally.skipped.map(name) };
}

function chatter(line) {
  if (line.startsWith(utf8Mark)) say(`      ${utf8(line)}`);
}

const utf8 = (octets) => Buffer.from(octets, 'latin1').toString('utf8');
const utf8Mark = Buffer.from('· ').toString('latin1');
