// Puts koffi, a native module, where the bundled server finds it. It serves shared files on Linux;
// other platforms do without.
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { root } from './setup.mjs';

/** Of each package what runs, and its licence: the sources and the other faces stay behind. */
const parts = {
  koffi: ['package.json', 'LICENSE.txt', 'indirect.cjs', 'src/koffi/indirect.cjs'],
  [`@koromix/koffi-linux-${process.arch}`]: [
    'package.json',
    'index.js',
    `linux_${process.arch}/koffi.node`,
    `musl_${process.arch}/koffi.node`,
  ],
};

/** Copies it to `node_modules` in `folder`. Without it the server shares pages within its process only. */
export function copyKoffi(folder) {
  if (process.platform !== 'linux') return;
  for (const [name, files] of Object.entries(parts)) {
    for (const file of files) {
      const from = path.join(root, 'node_modules', name, file);
      if (existsSync(from)) cpSync(from, path.join(folder, 'node_modules', name, file));
    }
  }
}
