// Bundles every runtime with esbuild into dist/. `npm run build [-- --watch]`.
import { build, context } from 'esbuild';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { copyKoffi } from './lib/koffi.mjs';
import { buildXensim } from './lib/xensim.mjs';

const node = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  outExtension: { '.js': '.cjs' },
  mainFields: ['module', 'main'],
  outdir: 'dist',
  sourcemap: true,
  logLevel: 'warning',
};
const bundles = [
  {
    ...node,
    entryPoints: { server: 'server/main.ts' },
    banner: { js: '#!/usr/bin/env node' },
    // A native module: it is found at run time, in dist/node_modules.
    external: ['koffi'],
  },
  { ...node, entryPoints: { extension: 'extension/extension.ts' }, external: ['vscode'] },
  {
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    entryPoints: {
      'webview/permissions': 'webview/permissions/main.ts',
      'webview/ring': 'webview/rings/main.ts',
      'webview/vchan': 'webview/vchan/main.ts',
      'webview/pvcallsIntercept': 'webview/pvcallsIntercept/main.ts',
      'webview/device': 'webview/devices/main.ts',
      'webview/pvcalls': 'webview/pvcalls/main.ts',
      'webview/pvcallsComposer': 'webview/pvcallsComposer/main.ts',
    },
    outdir: 'dist',
    minify: true,
    logLevel: 'warning',
  },
].filter((bundle) => Object.values(bundle.entryPoints).every((file) => existsSync(file)));

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist', { recursive: true });
for (const file of ['codicon.css', 'codicon.ttf']) {
  copyFileSync(`node_modules/@vscode/codicons/dist/${file}`, `dist/${file}`);
}
copyKoffi('dist');
const without = buildXensim('dist/xensim');
if (without) console.log(without);

if (process.argv.includes('--watch')) {
  for (const bundle of bundles) await (await context(bundle)).watch();
  console.log('watching; end with Ctrl-C');
} else {
  await Promise.all(bundles.map((bundle) => build(bundle)));
}
