// Packs the extension for this platform and looks into what came out.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './processes.mjs';
import { step, Told } from './progress.mjs';
import { buildStamp, cacheFolder, manifest, root } from './setup.mjs';
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
  // The picture that the README shows.
  /^extension\/docs\/images\/xenstore-tree\.png$/,
  /^extension\/extension\/media\/[\w./-]+\.(svg|png)$/,
];
const required = [
  'extension.vsixmanifest',
  'extension/package.json',
  'extension/LICENSE.txt',
  'extension/readme.md',
  'extension/changelog.md',
  'extension/docs/images/xenstore-tree.png',
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

/** Makes xenscope-<platform>-<version>.vsix from dist/ and returns its path. */
export async function makeVsix(folder = root) {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `xenscope-${target}-${manifest.version}.vsix`);
  const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const args = ['package', '--no-dependencies', '--allow-missing-repository', '--skip-license'];
  args.push('--no-rewrite-relative-links', '--target', target, '--out', file);
  const { code, output } = await run(process.execPath, [vsce, ...args], { cwd: root });
  if (code !== 0 || !existsSync(file)) throw new Told(`vsce could not make the package:\n${output}`);
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
      packedBytes: bytes.readUInt32LE(at + 20),
      bytes: bytes.readUInt32LE(at + 24),
    });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
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
    { title: 'weighs at most 3 MiB', wrong: size > maxVsixBytes ? `${size} bytes` : '' },
  ];
}
