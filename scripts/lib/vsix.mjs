// Packs the extension for this platform and looks into what came out.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { brokenLinks, withoutBrokenLinks } from './markdownLinks.mjs';
import { run } from './processes.mjs';
import { step, Told } from './progress.mjs';
import { buildStamp, cacheFolder, manifest, root } from './setup.mjs';
import { makeTemporary, removeTemporary } from './temporary.mjs';
import { xensimFiles } from './xensim.mjs';

export const maxVsixBytes = 3 * 1024 * 1024;

/** As VS Code calls it: `linux-x64`, `darwin-arm64`, `win32-x64`. */
export const target = `${process.platform}-${process.arch}`;

/** What may be inside, and nothing else. */
const shipped = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/(package\.json|LICENSE\.txt|readme\.md|changelog\.md)$/,
  /^extension\/dist\/[\w./-]+\.(cjs|js|css|ttf)$/,
  /^extension\/dist\/node_modules\/(koffi|@koromix\/koffi-[\w-]+)\/[\w./-]+\.(cjs|js|json|txt|node)$/,
  /^extension\/dist\/xensim\/libxen\w+\.so\.[\d.]+$/,
  // The pictures that the README shows.
  /^extension\/docs\/images\/(xenstore-tree|ring-panel)\.png$/,
  /^extension\/extension\/media\/[\w./-]+\.(svg|png)$/,
];
const required = [
  'extension.vsixmanifest',
  'extension/package.json',
  'extension/LICENSE.txt',
  'extension/readme.md',
  'extension/changelog.md',
  'extension/docs/images/xenstore-tree.png',
  'extension/docs/images/ring-panel.png',
  'extension/dist/extension.cjs',
  'extension/dist/server.cjs',
  ...(target === 'linux-x64' || target === 'linux-arm64'
    ? [`extension/dist/node_modules/@koromix/koffi-${target}/linux_${process.arch}/koffi.node`]
    : []),
];
/** For joined programs; where there is no C compiler the package does without. */
const libraries = xensimFiles.map((name) => `extension/dist/xensim/${name}`);
const mustHaveLibraries = () =>
  existsSync(path.join(root, 'dist', 'xensim')) || (target === 'linux-x64' && process.env.CI === 'true');

/** Pages that VS Code shows of an extension; in there, the rest of the repository is out of reach. */
const pages = ['README.md', 'CHANGELOG.md'];
const packed = [
  ...pages,
  'package.json',
  'LICENSE',
  '.vscodeignore',
  'dist',
  'extension/media',
  'docs/images',
];

/** Makes xenscope-<platform>-<version>.vsix from dist/ and returns its path. */
export async function makeVsix(folder = root) {
  mkdirSync(folder, { recursive: true });
  const file = path.resolve(folder, `xenscope-${target}-${manifest.version}.vsix`);
  const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const args = ['package', '--no-dependencies', '--allow-missing-repository', '--skip-license'];
  args.push('--no-rewrite-relative-links', '--target', target, '--out', file);
  const cwd = makeTemporary('vsix');
  try {
    for (const name of packed) cpSync(path.join(root, name), path.join(cwd, name), { recursive: true });
    for (const page of pages) {
      const text = readFileSync(path.join(root, page), 'utf8');
      const isThere = (name) => shipped.some((pattern) => pattern.test(`extension/${name}`));
      writeFileSync(path.join(cwd, page), withoutBrokenLinks(text, isThere));
    }
    const { code, output } = await run(process.execPath, [vsce, ...args], { cwd });
    if (code !== 0 || !existsSync(file)) throw new Told(`vsce could not make the package:\n${output}`);
  } finally {
    removeTemporary(cwd);
  }
  return file;
}

/** The package of what is built now, made again only when that changed. */
export async function currentVsix() {
  const file = path.join(cacheFolder, `xenscope-${target}-${manifest.version}.vsix`);
  const stamp = `${file}.sources`;
  const sources = existsSync(buildStamp) ? readFileSync(buildStamp, 'utf8') : undefined;
  const isCurrent = existsSync(file) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources;
  if (isCurrent) return file;
  await step('Packaging the extension', () => makeVsix(cacheFolder));
  if (sources !== undefined) writeFileSync(stamp, sources);
  return file;
}

/** The names in a zip file's directory, with their uncompressed and compressed sizes. */
export function zipEntries(file) {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new Told(`${file} is not a zip file`);
  const entries = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = bytes.readUInt16LE(at + 28);
    entries.push({
      name: bytes.toString('utf8', at + 46, at + 46 + nameLength),
      isDeflated: bytes.readUInt16LE(at + 10) === 8,
      headerAt: bytes.readUInt32LE(at + 42),
      packedBytes: bytes.readUInt32LE(at + 20),
      bytes: bytes.readUInt32LE(at + 24),
    });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

/** A file in the zip file as text; empty where there is none. */
function zipText(file, name) {
  const entry = zipEntries(file).find((each) => each.name === name);
  if (!entry) return '';
  const bytes = readFileSync(file);
  const { headerAt, packedBytes, isDeflated } = entry;
  const from = headerAt + 30 + bytes.readUInt16LE(headerAt + 26) + bytes.readUInt16LE(headerAt + 28);
  const content = bytes.subarray(from, from + packedBytes);
  return (isDeflated ? inflateRawSync(content) : content).toString('utf8');
}

/** Links and pictures of the pages in the package that lead to nothing in it. */
function deadEnds(file, names) {
  return ['readme.md', 'changelog.md'].flatMap((page) =>
    brokenLinks(zipText(file, `extension/${page}`), (name) => names.includes(`extension/${name}`)).map(
      (link) => `${page} points to ${link}`,
    ),
  );
}

/** Each promise that the package makes, and what is wrong with it if it is broken. */
export function judgeVsix(file) {
  const names = zipEntries(file).map(({ name }) => name);
  const strange = names.filter((name) => !shipped.some((pattern) => pattern.test(name)));
  const wanted = [...required, ...(mustHaveLibraries() ? libraries : [])];
  const missing = wanted.filter((name) => !names.includes(name));
  const { size } = statSync(file);
  return [
    { title: 'ships nothing that it should not', wrong: strange.join(', ') },
    { title: 'has all that it needs', wrong: missing.map((name) => `${name} is missing`).join(', ') },
    { title: 'points to nothing that it does not have', wrong: deadEnds(file, names).join(', ') },
    { title: 'weighs at most 3 MiB', wrong: size > maxVsixBytes ? `${size} bytes` : '' },
  ];
}
