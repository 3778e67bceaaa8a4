// Compares our xenstored with Debian's in one run. `npm run bench [-- --quick] [-- --only NAME]`.
// Compiles the load generator and bundles the server first; writes test-artefacts/bench.json.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

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
  entryPoints: { server: 'test/bench/serverProcess.ts' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  outExtension: { '.js': '.cjs' },
  outdir: cache,
  logLevel: 'warning',
});

const run = spawnSync(
  process.execPath,
  [
    '--import',
    'tsx',
    'test/bench/main.ts',
    '--load',
    load,
    '--server',
    path.join(cache, 'server.cjs'),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
process.exitCode = run.status ?? 1;
