// Runs one bundled suite with mocha, in dom0: `node runSuite.cjs FILE TIMEOUT_MS [GREP]`. Bundled with
// mocha itself, because reading its many files takes seconds under emulation.
'use strict';
const { appendFileSync } = require('node:fs');
const { Mocha } = require('mocha');
const LineReporter = require('../mochaReporter.cjs');

/** Shorter hooks are of no interest to anybody who looks for lost time. */
const longHookMs = 100;

/** Says as well what passes outside the tests. */
class TimedReporter extends LineReporter {
  constructor(runner) {
    super(runner);
    tellTime('start of Node, and reading the suite', process.uptime() * 1000);
    runner.on('hook end', (hook) => hook.duration >= longHookMs && tellTime(hook.fullTitle(), hook.duration));
  }
}

function tellTime(title, ms) {
  appendFileSync(process.env.XENSCOPE_TEST_REPORT, `${JSON.stringify({ kind: 'time', title, ms })}\n`);
}

const [file, timeoutMs, grep] = process.argv.slice(2);
const mocha = new Mocha({
  ui: 'bdd',
  timeout: Number(timeoutMs),
  grep,
  forbidOnly: true,
  reporter: TimedReporter,
});
mocha.addFile(file);
mocha.loadFiles();
mocha.run((failures) => (process.exitCode = failures ? 1 : 0));
