/** Compiles C sources of the tests into the cache folder, once for each version of their text. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const folder = path.resolve(__dirname, '../../.cache/interop');

export interface CompileOptions {
  /** What the result is called; its version is put behind. */
  readonly name: string;
  readonly flags: readonly string[];
  /** Behind the sources, such as `-ldl`. */
  readonly libraries?: readonly string[];
  /** Other files that the result depends on. */
  readonly also?: readonly string[];
}

const underWay = new Map<string, Promise<string>>();

/** Answers where the program or library lies. */
export async function compile(sources: readonly string[], options: CompileOptions): Promise<string> {
  const { name, flags, libraries = [], also = [] } = options;
  const hash = createHash('sha256').update(JSON.stringify([flags, libraries]));
  for (const file of [...sources, ...also]) hash.update(await readFile(file));
  const target = path.join(folder, `${name}-${hash.digest('hex').slice(0, 16)}`);
  const compiling = underWay.get(target) ?? build(target, [...flags, ...sources], libraries);
  underWay.set(target, compiling);
  return compiling;
}

async function build(target: string, args: readonly string[], libraries: readonly string[]): Promise<string> {
  const isBuilt = await access(target).then(
    () => true,
    () => false,
  );
  if (isBuilt) return target;
  await mkdir(folder, { recursive: true });
  const unfinished = `${target}.${process.pid}`;
  await promisify(execFile)('gcc', [...args, '-o', unfinished, ...libraries]);
  // Renamed when whole, so that two runs at once never load half a file.
  await rename(unfinished, target);
  return target;
}
