// Type-checks every runtime with its own tsconfig, so that a wrong import does not compile.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithChildren, run } from './lib/processes.mjs';
import { root } from './lib/setup.mjs';

/** The runtimes that exist, by the name in `tsconfig.<name>.json`. */
export const runtimes = ['server', 'native', 'extension', 'webview', 'test'].filter((name) =>
  existsSync(path.join(root, `tsconfig.${name}.json`)),
);

export function checkTypes(runtime) {
  const args = ['node_modules/typescript/bin/tsc', '-p', `tsconfig.${runtime}.json`];
  return run(process.execPath, args, { cwd: root, timeoutMs: 300_000 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  endWithChildren();
  for (const runtime of runtimes) {
    const { code, output } = await checkTypes(runtime);
    console.log(`${code === 0 ? 'ok    ' : 'failed'} types of ${runtime}`);
    if (code === 0) continue;
    console.log(output);
    process.exitCode = 1;
  }
}
