// Builds the C libraries through which unmodified programs join a simulated world. Where there is no
// C compiler everything else works, and `xenscope run` says what is missing.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { findCompiler } from './compiler.mjs';
import { root } from './setup.mjs';

const sources = path.join(root, 'native', 'xensim');
/** The names and versions that Debian's programs ask for; docs/xensim.md says which Xen. */
const libraries = [
  { file: 'libxenevtchn.so.1', name: 'evtchn', parts: ['evtchn'] },
  { file: 'libxengnttab.so.1', name: 'gnttab', parts: ['gnttab', 'gntshr', 'pages'] },
  { file: 'libxenforeignmemory.so.1', name: 'foreignmemory', parts: ['foreignmemory', 'pages'] },
  { file: 'libxenctrl.so.4.17', name: 'ctrl', parts: ['ctrl'] },
];
export const xensimFiles = libraries.map(({ file }) => file);

const flags = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-pthread'];
flags.push('-fvisibility=hidden', '-D_POSIX_C_SOURCE=200809L', '-Wl,--no-undefined', '-Wl,-s');

/** Builds them into `folder`. Answers a sentence where they cannot be had; throws when they do not compile. */
export function buildXensim(folder) {
  const { command, why } = findCompiler();
  if (!command) return `Without the libraries for joined programs: ${why}.`;
  mkdirSync(folder, { recursive: true });
  for (const { file, name, parts } of libraries) {
    const args = [
      ...flags,
      `-Wl,-soname,${file}`,
      `-Wl,--version-script=${path.join(sources, `${name}.map`)}`,
    ];
    args.push(...[...parts, 'link'].map((part) => path.join(sources, `${part}.c`)));
    const { status, stderr } = spawnSync(command, [...args, '-o', path.join(folder, file)], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${file} does not compile:\n${stderr}`);
  }
  return undefined;
}
