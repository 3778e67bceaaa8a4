// The C compiler that the libraries for joined programs are built with, where there is one.
import { spawnSync } from 'node:child_process';

/** `{ command }`, or `{ why }` in words that end a sentence. */
export function findCompiler() {
  if (process.platform !== 'linux') return { why: `they are for Linux, not for ${process.platform}` };
  const names = process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
  const command = names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  return command ? { command } : { why: 'there is no C compiler (Debian: apt-get install gcc libc6-dev)' };
}
