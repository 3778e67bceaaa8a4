// The kinds of stages that `npm test` is made of. Each resolves to a tally: how many checks passed
// and were skipped, and every failure with its words. A stage that cannot tell counts as failed.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './processes.mjs';
import { root } from './setup.mjs';
import { makeTemporary, removeTemporary } from './temporary.mjs';

export const passed = (count) => ({ passed: count, failures: [], skipped: [] });
export const failed = (title, error) => ({ passed: 0, failures: [{ title, error }], skipped: [] });
export const skipped = (title, why) => ({ passed: 0, failures: [], skipped: [{ title, why }] });

export function sum(tallies) {
  return {
    passed: tallies.reduce((count, tally) => count + tally.passed, 0),
    failures: tallies.flatMap((tally) => tally.failures),
    skipped: tallies.flatMap((tally) => tally.skipped),
  };
}

/** The same tally where nothing may be skipped, as with CI=true: what was skipped has failed. */
export function withoutSkips({ passed: passes, failures, skipped: skips }) {
  const strict = skips.map(({ title, why }) => ({
    title,
    error: `skipped, which CI does not allow: ${why}`,
  }));
  return { passed: passes, failures: [...failures, ...strict], skipped: [] };
}

/** One check that is a program: its exit status says whether it holds. */
export function programTally(title, { code, output }) {
  return code === 0 ? passed(1) : failed(title, output || `it ended with status ${code}`);
}

function parseReport(text) {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const filesBegunAnewAtMost = 5;

/**
 * A run of mocha over spec patterns. Tests that a dying run swallowed show as one failure more. With
 * `beginAnew`, files in which something failed run once more, from their start and by themselves: a
 * try again within a file finds the window, or the world, as the failure left it. It is told, and the
 * second run counts. Where many files fail it is not the machine's mood, and none runs again.
 * `jobs` is how many files run side by side, each in a process that others share one after the other.
 */
export async function mochaStage(name, specs, { beginAnew = false, ...limits }) {
  const first = await mochaRun(name, specs, limits);
  const failedFiles = [...new Set(first.failures.map(({ file }) => file))];
  if (!beginAnew || !failedFiles.length || failedFiles.length > filesBegunAnewAtMost) return first;
  if (failedFiles.includes(undefined)) return first;
  for (const { title, error } of first.failures) {
    limits.onLine?.(`· begun anew for: ${title} (${error.split('\n', 1)[0]})`);
  }
  return withFilesOf(
    await mochaRun(name, failedFiles, { ...limits, ignore: [], jobs: 1 }),
    failedFiles,
    first,
  );
}

/** The first run's tests, but for those of the files that ran again. */
function withFilesOf(second, files, first) {
  const stands = ({ file }) => !files.includes(file);
  const passes = first.passes.filter(stands);
  return {
    passed: passes.length + second.passed,
    passes: [...passes, ...second.passes],
    failures: [...first.failures.filter(stands), ...second.failures],
    skipped: [...first.skipped.filter(stands), ...second.skipped],
  };
}

async function mochaRun(
  name,
  specs,
  { ignore = [], jobs = 1, timeoutMs, testTimeoutMs, retries, grep, env, onLine, mayBeEmpty = false },
) {
  const folder = makeTemporary('mocha');
  const report = path.join(folder, 'report');
  try {
    const args = ['node_modules/mocha/bin/mocha.js', '--no-config', '--no-package'];
    args.push('--node-option', 'import=tsx', '--extension', 'ts', '--timeout', String(testTimeoutMs));
    args.push('--reporter', path.join(root, 'scripts', 'lib', 'mochaReporter.cjs'), '--forbid-only');
    if (process.env.CI === 'true') args.push('--forbid-pending');
    for (const pattern of ignore) args.push('--ignore', pattern);
    if (jobs > 1) args.push('--parallel', '--jobs', String(jobs));
    if (retries) args.push('--retries', String(retries));
    if (grep) args.push('--grep', grep);
    const result = await run(process.execPath, [...args, ...specs], {
      cwd: root,
      timeoutMs,
      onLine,
      env: { ...process.env, ...env, XENSCOPE_TEST_REPORT: report },
    });
    const text = existsSync(report) ? readFileSync(report, 'utf8') : '';
    return reportedTally(name, text, result, mayBeEmpty);
  } finally {
    removeTemporary(folder);
  }
}

/** What a run of mocha with our reporter wrote and how it ended. Whether it `mayBeEmpty`: when tests were picked by name. */
export function reportedTally(name, report, { code, output }, mayBeEmpty = false) {
  const entries = parseReport(report);
  const of = (kind) => entries.filter((entry) => entry.kind === kind);
  const passes = of('passed').map(({ title, file }) => ({ title, file }));
  const tally = {
    passed: passes.length,
    passes,
    failures: of('failed').map(({ title, file, error }) => ({ title, file, error })),
    skipped: of('skipped').map(skippedTest),
  };
  const ended = of('end').length === 1;
  if (!ended || (code !== 0 && tally.failures.length === 0)) {
    const title = `${name}: the run ${ended ? `ended with status ${code}` : 'died before its end'}`;
    tally.failures.push({ title, error: output.slice(-6000) });
  }
  if (tally.passed + tally.failures.length + tally.skipped.length === 0 && !mayBeEmpty) {
    tally.failures.push({ title: `${name}: no test ran`, error: output.slice(-6000) });
  }
  return tally;
}

/** What a test needs and does not find is the end of its title. */
function skippedTest({ title, file }) {
  const [, name, why] = /^(.*?): (missing here: .*?)(?: runs)?$/.exec(title) ?? [];
  return name === undefined ? { title, file, why: 'it skips itself' } : { title: name, file, why };
}
