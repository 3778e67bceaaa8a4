/**
 * The tree is the architecture: which folder may import which. ARCHITECTURE.md shows the same
 * picture in words. A new folder must be entered here before it can be imported.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '..');

/** For each part: the parts whose files it may import, directly. */
const allowed: Record<string, readonly string[]> = {
  'server/wire': [],
  'server/host': ['server/wire'],
  'server/store': ['server/wire', 'server/host'],
  'server/xenbus': ['server/wire', 'server/host', 'server/store'],
  'server/vchan': ['server/wire', 'server/host', 'server/store'],
  'server/pvcalls': ['server/wire', 'server/host', 'server/store', 'server/xenbus'],
  'server/sim': [
    'server/wire',
    'server/host',
    'server/store',
    'server/xenbus',
    'server/vchan',
    'server/pvcalls',
  ],
  'server/capture': ['server/wire', 'server/host', 'server/store'],
  'server/model': ['server/wire', 'server/host', 'server/store', 'server/capture'],
  'server/doctor': ['server/wire', 'server/host', 'server/model'],
  'server/act': [
    'server/wire',
    'server/host',
    'server/store',
    'server/vchan',
    'server/xenbus',
    'server/pvcalls',
    'server/model',
  ],
  'server/rpc': [
    'server/wire',
    'server/host',
    'server/store',
    'server/capture',
    'server/model',
    'server/doctor',
    'server/act',
  ],
  'server/debug': [
    'server/wire',
    'server/host',
    'server/store',
    'server/capture',
    'server/model',
    'server/act',
    'server/debug',
  ],
  'server/debug/dap': ['server/wire', 'server/host', 'server/debug'],
  native: ['server/wire', 'server/host', 'server/store', 'server/vchan'],
  'server/cli': [
    'server/wire',
    'server/host',
    'server/store',
    'server/vchan',
    'server/pvcalls',
    'server/capture',
    'server/model',
    'server/sim',
    'server/rpc',
    'server/debug',
    'server/debug/dap',
    'native',
  ],
  'server/main': ['server/cli', 'server/sim', 'server/rpc', 'server/host', 'server/store', 'native'],
  extension: ['webview/messages'],
  webview: [],
};

/** Packages that only one part may import. */
const packages: Record<string, readonly string[]> = {
  vscode: ['extension'],
  'vscode-languageclient': ['extension'],
  'vscode-languageserver': ['server/rpc'],
  'vscode-jsonrpc': ['server/rpc'],
  commander: ['server/main', 'server/cli'],
  koffi: ['native'],
  '@vscode/debugadapter': ['server/debug/dap'],
  '@vscode/debugprotocol': ['server/debug/dap'],
  '@vscode/webview-ui-toolkit': ['webview'],
  uplot: ['webview'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(file);
    else if (file.endsWith('.ts')) yield file;
  }
}

/** `import … from 'x'`, `import 'x'`, `export … from 'x'`, and `import('x')` or `require('x')` when it is needed. */
const importPattern = /\b(?:from\s*|import\s*\(?\s*|require\s*\(\s*)'([^']+)'/g;

function* importsOf(file: string): Generator<Import> {
  const text = readFileSync(path.join(root, file), 'utf8');
  for (const [, to] of text.matchAll(importPattern)) yield { from: file, to: to! };
}

/** `server/wire` for a file of the server, else the first folder. The debugger's protocol is a part of its own. */
function partOf(file: string): string {
  if (file.startsWith('server/debug/dap/')) return 'server/debug/dap';
  const [top, second] = file.split('/') as [string, string];
  return top === 'server' ? `server/${second.replace(/\.ts$/, '')}` : top;
}

function violation({ from, to }: Import): string | undefined {
  const part = partOf(from);
  if (to.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(from), to);
    if (target === 'package.json') return undefined;
    const targetPart = partOf(target);
    if (targetPart === part) return undefined;
    if (['extension', 'webview'].includes(part) && target === 'server/rpc/api') return undefined;
    if (allowed[part]?.some((name) => name === targetPart || name === target)) return undefined;
    return `${from} imports ${target}: ${part} may not see ${targetPart}`;
  }
  const name = to
    .split('/')
    .slice(0, to.startsWith('@') ? 2 : 1)
    .join('/');
  const owners = packages[name];
  if (owners && !owners.includes(part)) return `${from} imports ${to}: only ${owners.join(', ')} may`;
  if (part === 'server/wire' || part === 'webview') {
    if (to.startsWith('node:')) return `${from} imports ${to}: ${part} does no I/O`;
  }
  return undefined;
}

describe('architecture', () => {
  const imports = ['server', 'native', 'extension', 'webview'].flatMap((top) =>
    [...sources(top)].flatMap((file) => [...importsOf(file)]),
  );

  it('finds the imports that it judges', () => {
    assert.ok(imports.length > 20, `only ${imports.length} imports seen`);
  });

  it('sees every way to import', () => {
    const text = "import a from 'a'; export { b } from 'b'; import 'c'; void import('d'); require( 'e' );";
    assert.deepEqual(
      [...text.matchAll(importPattern)].map(([, to]) => to),
      ['a', 'b', 'c', 'd', 'e'],
    );
  });

  it('lets a part import only what lies below it', () => {
    assert.deepEqual(imports.map(violation).filter(Boolean), []);
  });

  it('knows every part', () => {
    const parts = new Set(
      ['server', 'native', 'extension', 'webview'].flatMap((top) => [...sources(top)].map(partOf)),
    );
    assert.deepEqual(
      [...parts].filter((part) => !(part in allowed)),
      [],
    );
  });
});
