// Runs one bundled suite with mocha, in dom0: `node runSuite.cjs FILE TIMEOUT_MS [GREP]`. Bundled with
// mocha itself, because reading its many files takes seconds under emulation.
'use strict';
const { Mocha } = require('mocha');
const LineReporter = require('../mochaReporter.cjs');

const [file, timeoutMs, grep] = process.argv.slice(2);
const mocha = new Mocha({
  ui: 'bdd',
  timeout: Number(timeoutMs),
  grep,
  forbidOnly: true,
  reporter: LineReporter,
});
mocha.addFile(file);
mocha.loadFiles();
mocha.run((failures) => (process.exitCode = failures ? 1 : 0));
