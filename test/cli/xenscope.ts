/** The command line as people get it: bundled, and run as a program of its own. */
import { build } from 'esbuild';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from '../interop/runProgram';
import type { Outcome, RunOptions } from '../interop/runProgram';

const root = path.resolve(__dirname, '../..');
let bundling: Promise<string> | undefined;

export async function xenscope(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return runProgram(process.execPath, [...(await program()), ...args], options);
}

/**
 * The arguments of Node that begin the command line. A program of a test lives for a second or two: what
 * V8 spends on optimizing its code does not come back in that time, and a quarter of it is spent on that.
 */
export async function program(): Promise<readonly string[]> {
  return ['--no-opt', await bundle()];
}

/** Once for each test run; the bundle goes with the run. */
export function bundle(): Promise<string> {
  bundling ??= (async () => {
    const outfile = path.join(root, '.cache', 'cli', `xenscope-${process.pid}.cjs`);
    process.once('exit', () => rmSync(outfile, { force: true }));
    await build({
      entryPoints: [path.join(root, 'server/main.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.19',
      // A native module: it is found at run time, as in the package.
      external: ['koffi'],
      mainFields: ['module', 'main'],
      logLevel: 'error',
    });
    return outfile;
  })();
  return bundling;
}
