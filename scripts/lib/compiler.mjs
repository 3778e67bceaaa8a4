// The C compiler that the libraries for joined programs are built with, where there is one.
import { spawnSync } from 'node:child_process';

/** A compiler alone has neither of them: they come with the C library. */
const needsHeaders = '#include <pthread.h>\n#include <stdio.h>\n';

/** `{ command }`, or `{ why }` in words that end a sentence. */
export function findCompiler() {
  if (process.platform !== 'linux') return { why: `they are for Linux, not for ${process.platform}` };
  const names = process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
  const found = names.filter((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  const command = found.find(hasHeaders);
  if (command) return { command };
  if (found.length > 0) {
    return {
      why: `${found[0]} finds no headers of the C library (Debian: apt-get install libc6-dev)`,
    };
  }
  return process.env.CC
    ? { why: `the C compiler ${process.env.CC}, which CC names, cannot be started` }
    : { why: 'there is no C compiler (Debian: apt-get install gcc libc6-dev)' };
}

/** Debian's gcc can be installed without them. */
function hasHeaders(compiler) {
  const args = ['-fsyntax-only', '-x', 'c', '-'];
  return spawnSync(compiler, args, { input: needsHeaders, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}
