// A mocha reporter for the orchestrator: one JSON line per test in the file that the environment
// names, written at once, so that nothing is lost when a run dies.
'use strict';
const { appendFileSync } = require('node:fs');

const lingerMs = 10_000;
const file = process.env.XENSCOPE_TEST_REPORT;

/** What went wrong, and what was behind it. */
function wordsOf(error) {
  const words = String(error?.stack ?? error);
  return error?.cause === undefined ? words : `${words}\nCaused by: ${wordsOf(error.cause)}`;
}

module.exports = class LineReporter {
  constructor(runner) {
    const put = (entry) => appendFileSync(file, `${JSON.stringify(entry)}\n`);
    const about = (test) => ({ title: test.fullTitle(), file: test.file, ms: test.duration ?? 0 });
    runner.on('pass', (test) => put({ kind: 'passed', ...about(test) }));
    runner.on('pending', (test) => put({ kind: 'skipped', ...about(test) }));
    // Nothing fails quietly: a test that needed a second try is told, with what went wrong in the first.
    runner.on('retry', (test, error) =>
      console.log(`· tried again: ${test.fullTitle()} (${error?.message})`),
    );
    // Hooks that fail come here as well: what they would have run is not counted, the hook is.
    runner.on('fail', (test, error) => put({ kind: 'failed', ...about(test), error: wordsOf(error) }));
    runner.once('end', () => {
      put({ kind: 'end' });
      // A handle that a test left open would hold the run up until its time limit.
      const linger = setTimeout(() => {
        const left = process.getActiveResourcesInfo().join(', ');
        put({
          kind: 'failed',
          title: 'the tests leave the process free to end',
          error: `still open: ${left}`,
        });
        process.exit(1);
      }, lingerMs);
      linger.unref();
    });
  }
};
