// The folder that `npm start` or `npm run xen` opens: a short text to begin with, and nothing of the person's.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, root } from './setup.mjs';

export function makeDemoFolder(name = 'demo') {
  const folder = path.join(cacheFolder, name);
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(root, 'scripts', name, 'README.md'), path.join(folder, 'README.md'));
  // Here the extension shows its views by itself.
  writeFileSync(path.join(folder, '.xenscope-demo'), '');
  return folder;
}
