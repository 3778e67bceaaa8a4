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

/** One check that is a program: its exit status says whether it holds. */
export function programTally(title, { code, output }) {
  return code === 0 ? passed(1) : failed(title, output || `it ended with status ${code}`);
}

function readReport(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** A run of mocha over spec patterns. Tests that a dying run swallowed show as one failure more. */
export async function mochaStage(
  name,
  specs,
  { ignore = [], timeoutMs, testTimeoutMs, retries, grep, env, onLine },
) {
  const folder = makeTemporary('mocha');
  const report = path.join(folder, 'report');
  try {
    const args = ['node_modules/mocha/bin/mocha.js', '--no-config', '--no-package'];
    args.push('--node-option', 'import=tsx', '--extension', 'ts', '--timeout', String(testTimeoutMs));
    args.push('--reporter', path.join(root, 'scripts', 'lib', 'mochaReporter.cjs'), '--forbid-only');
    for (const pattern of ignore) args.push('--ignore', pattern);
    if (retries) args.push('--retries', String(retries));
    if (grep) args.push('--grep', grep);
    const result = await run(process.execPath, [...args, ...specs], {
      cwd: root,
      timeoutMs,
      onLine,
      env: { ...process.env, ...env, XENSCOPE_TEST_REPORT: report },
    });
    return mochaTally(name, readReport(report), result);
  } finally {
    removeTemporary(folder);
  }
}

function mochaTally(name, entries, { code, output }) {
  const of = (kind) => entries.filter((entry) => entry.kind === kind);
  const tally = {
    passed: of('passed').length,
    failures: of('failed').map(({ title, error }) => ({ title, error })),
    skipped: of('skipped').map(({ title }) => ({ title, why: 'the test says so' })),
  };
  const ended = of('end').length === 1;
  if (!ended || (code !== 0 && tally.failures.length === 0)) {
    const title = `${name}: the run ${ended ? `ended with status ${code}` : 'died before its end'}`;
    tally.failures.push({ title, error: output.slice(-6000) });
  }
  if (tally.passed + tally.failures.length === 0) {
    tally.failures.push({ title: `${name}: no test ran`, error: output.slice(-6000) });
  }
  return tally;
}
