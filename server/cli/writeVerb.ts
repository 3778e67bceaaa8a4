/** `xenscope write`: values of nodes, all or none. */
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { XenscopeError } from '../host/errors';
import { Output } from './output';
import { addStoreOptions, saying, withStore } from './storeCommand';
import type { StoreOptions } from './storeCommand';
import { unescapeValue } from './valueText';

interface WriteOptions extends StoreOptions {
  readonly stdin?: boolean;
  readonly escapes?: boolean;
}

interface Pair {
  readonly path: string;
  readonly value: Buffer;
}

export function addWriteVerb(program: Command): void {
  const command = program
    .command('write')
    .description('write values of nodes in one transaction; missing nodes and their parents are created')
    .argument('<path-value...>', 'paths, each followed by its value; the value - is read from standard input')
    .option('-i, --stdin', 'read the value of the last path from standard input')
    .option('-e, --escapes', 'understand \\n, \\x7f, \\000 and the like in values, as read prints them')
    .addHelpText(
      'after',
      `
What comes from standard input is written as it is, a last line feed included.

Examples:
  xenscope write /tool/colour blue
  xenscope write /a 1 /b 2                 both or none
  printf '\\001\\002' | xenscope write /tool/blob -`,
    )
    .action((words: string[], options: WriteOptions) => writeNodes(words, options));
  addStoreOptions(command, 'print what was written as one JSON object per path');
}

async function writeNodes(words: readonly string[], options: WriteOptions): Promise<void> {
  const output = new Output();
  await withStore(options, async (store) => {
    const pairs = await pairsOf(words, options);
    const [first] = pairs;
    if (pairs.length === 1) await saying(store, first!.path, store.write(first!.path, first!.value));
    else {
      await store.transaction(async (transaction) => {
        for (const { path, value } of pairs) await saying(store, path, transaction.write(path, value));
      });
    }
    if (!options.json) return;
    for (const { path, value } of pairs) await output.line(JSON.stringify({ path, bytes: value.length }));
  });
  await output.flush();
}

async function pairsOf(words: readonly string[], { stdin, escapes }: WriteOptions): Promise<Pair[]> {
  const given = stdin ? [...words, '-'] : words;
  if (given.length % 2 === 1) {
    throw new XenscopeError('input', `The path ${given.at(-1)} has no value.`, {
      wayOut: stdin
        ? 'With --stdin only the last path goes without one.'
        : 'Give each path its value, or - to read it from standard input.',
    });
  }
  const fromStdin = given.filter((word, index) => index % 2 === 1 && word === '-').length;
  if (fromStdin > 1) {
    throw new XenscopeError('input', 'Standard input can be the value of one path only.');
  }
  const input = fromStdin === 1 ? await buffer(process.stdin) : Buffer.alloc(0);
  const pairs: Pair[] = [];
  for (let index = 0; index < given.length; index += 2) {
    const word = given[index + 1]!;
    const value = word === '-' ? input : escapes ? unescapeValue(word) : Buffer.from(word, 'utf8');
    pairs.push({ path: given[index]!, value });
  }
  return pairs;
}
