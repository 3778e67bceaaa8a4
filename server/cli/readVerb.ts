/** `xenscope read`: values of nodes. */
import type { Command } from 'commander';
import { Output, writeOut } from './output';
import { addStoreOptions, saying, withStore } from './storeCommand';
import type { StoreOptions } from './storeCommand';
import { escapeValue, jsonValue } from './valueText';

interface ReadOptions extends StoreOptions {
  readonly paths?: boolean;
  readonly raw?: boolean;
}

export function addReadVerb(program: Command): void {
  const command = program
    .command('read')
    .description('print the values of nodes')
    .argument('<path...>', 'absolute, or relative to /local/domain/0')
    .option('-p, --paths', 'print "path: value" instead of the value alone')
    .option('-r, --raw', 'the octets as they are, with nothing added')
    .addHelpText(
      'after',
      `
Octets that cannot be printed are shown as \\n, \\x7f and the like; --raw shows none of that.

Examples:
  xenscope read /local/domain/1/name
  xenscope read --raw /tool/blob > blob`,
    )
    .action((paths: string[], options: ReadOptions) => readNodes(paths, options));
  addStoreOptions(command, 'one JSON object per path, each on a line');
}

async function readNodes(paths: readonly string[], options: ReadOptions): Promise<void> {
  const output = new Output();
  await withStore(options, async (store) => {
    for (const path of paths) {
      const value = await saying(store, path, store.read(path));
      if (options.json) await output.line(JSON.stringify({ path, ...jsonValue(value) }));
      else if (options.raw) await writeOut(value);
      else await output.line(`${options.paths ? `${path}: ` : ''}${escapeValue(value)}`);
    }
  });
  await output.flush();
}
