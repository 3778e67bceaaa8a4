// Compares our xenstored with Debian's in one run; `npm run bench -- --help` tells the options.
// Compiles the load generator and bundles the server first; writes test-artefacts/bench.json.
import { build } from 'esbuild';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const usage = `Compares our xenstored with Debian's, measures rings and the cost of showing them. Takes about twenty-five minutes.

  npm run bench                        all of it, three repetitions
  npm run bench -- --quick             four minutes: short runs, one repetition, 10 000 nodes
  npm run bench -- --only TEXT         parts and rows whose name contains TEXT, e.g. "read, 32", "ring:", "vchan", "pvcalls"
  npm run bench -- --repetitions N
  npm run bench -- --profile           keeps CPU profiles of our server in test-artefacts/profiles
  npm run bench -- --help              this text

How to read what comes out: docs/benchmarks.md.`;

/** Throws on what is no option, in node's own words. */
function checked(args) {
  const options = {
    quick: 'boolean',
    only: 'string',
    repetitions: 'string',
    profile: 'boolean',
    help: 'boolean',
  };
  const { values } = parseArgs({
    args,
    options: Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type }])),
  });
  const { repetitions = '1' } = values;
  if (!/^[1-9][0-9]*$/.test(repetitions))
    throw new Error(`--repetitions takes a number from 1 on, not "${repetitions}".`);
  return values;
}

let wantsHelp;
try {
  wantsHelp = checked(process.argv.slice(2)).help;
} catch (error) {
  console.error(`${error.message}\n\n${usage}`);
  process.exit(1);
}
if (wantsHelp) {
  console.log(usage);
  process.exit(0);
}

if (process.platform !== 'linux') {
  console.error('The load generator and the daemons to compare with need Linux.');
  process.exit(1);
}

const cache = path.resolve('.cache/bench');
const load = path.join(cache, 'load');
mkdirSync(cache, { recursive: true });

const compile = spawnSync('gcc', ['-O2', '-Wall', '-Wextra', '-o', load, 'test/bench/load.c'], {
  stdio: 'inherit',
});
if (compile.error) {
  console.error(
    'The load generator is written in C, and there is no gcc here. On Debian: apt-get install gcc libc6-dev',
  );
  process.exit(1);
}
if (compile.status !== 0) process.exit(1);

await build({
  entryPoints: {
    server: 'test/bench/serverProcess.ts',
    guest: 'test/bench/guest.ts',
    world: 'test/bench/worldProcess.ts',
    vchanEnd: 'test/bench/vchanEnd.ts',
    streamEnd: 'test/bench/streamEnd.ts',
  },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  outExtension: { '.js': '.cjs' },
  outdir: cache,
  // A native module: it is found at run time.
  external: ['koffi'],
  logLevel: 'warning',
});

const args = ['test/bench/main.ts', '--load', load, '--bundles', cache, ...process.argv.slice(2)];
const run = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: 'inherit' });
// It ends its servers, and then we end with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => run.kill(signal));
run.on('exit', (code) => (process.exitCode = code ?? 1));
