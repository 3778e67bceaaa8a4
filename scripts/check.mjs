// Type-checks every runtime with its own tsconfig, so that a wrong import does not compile.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export const runtimes = ['server', 'native', 'extension', 'webview', 'test'];

export function checkTypes(runtime) {
  const run = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', `tsconfig.${runtime}.json`],
    {
      encoding: 'utf8',
    },
  );
  return { ok: run.status === 0, output: run.stdout + run.stderr };
}

if (import.meta.url === `file://${process.argv[1]}`) {
  for (const runtime of runtimes.filter((name) => existsSync(`tsconfig.${name}.json`))) {
    const { ok, output } = checkTypes(runtime);
    console.log(`${ok ? 'ok    ' : 'failed'} types of ${runtime}`);
    if (!ok) {
      console.log(output);
      process.exitCode = 1;
    }
  }
}
