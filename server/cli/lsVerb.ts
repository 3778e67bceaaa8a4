/** `xenscope ls`: the nodes below a path, as xenstore-ls prints them. */
import type { Command } from 'commander';
import { formatXsPerm } from '../wire/xsPerms';
import type { XsPerm } from '../wire/xsPerms';
import { Output } from './output';
import { addStoreOptions, saying, withStore } from './storeCommand';
import type { StoreOptions } from './storeCommand';
import { escapePath, escapeValue, jsonValue } from './valueText';
import { walkStore } from './walkStore';
import type { StoreNode } from './walkStore';

/** Where the permissions begin in the tree, as in xenstore-ls. */
const PERMS_COLUMN = 60;

interface LsOptions extends StoreOptions {
  readonly full?: boolean;
  readonly perms?: boolean;
}

export function addLsVerb(program: Command): void {
  const command = program
    .command('ls')
    .description('show the nodes below a path as a tree')
    .argument('[path]', 'where to begin', '/')
    .option('-f, --full', 'full paths instead of a tree, as xenstore-ls -f prints them')
    .option('-p, --perms', 'show permissions; the first entry is the owner')
    .addHelpText(
      'after',
      `
Examples:
  xenscope ls /local/domain/1
  xenscope ls -fp /            one line per node, made for diff and grep
  xenscope ls --json /vm       [{"path": …, "value": …}, …]`,
    )
    .action((path: string, options: LsOptions) => listNodes(path, options));
  addStoreOptions(command, 'a JSON array of nodes; a value that is no UTF-8 comes as valueBase64');
}

async function listNodes(path: string, options: LsOptions): Promise<void> {
  const output = new Output();
  await withStore(options, async (store) => {
    // Asked first, so that a path that is refused is explained before anything is printed.
    await saying(store, path, store.directory(path));
    const print = options.json ? jsonArray(output) : undefined;
    for await (const node of walkStore(store, path, { perms: options.perms })) {
      if (print) await print.node(node);
      else await output.line(options.full ? fullLine(node) : treeLine(node, options.perms === true));
    }
    await print?.end();
  });
  await output.flush();
}

function fullLine({ path, value, perms }: StoreNode): string {
  const line = nodeText(escapePath(path), value);
  return perms ? `${line}   ${permsText(perms)}` : line;
}

function treeLine({ name, depth, value, perms }: StoreNode, withPerms: boolean): string {
  let line = `${' '.repeat(depth)}${nodeText(escapePath(name), value)}`;
  if (!withPerms) return line;
  line += ' ';
  while (line.length < PERMS_COLUMN) line += line.length % 2 === 1 ? '.' : ' ';
  return `${line}  ${perms ? permsText(perms) : '(unknown)'}`;
}

/** A value that may not be read is shown as xenstore-ls shows it. */
function nodeText(shown: string, value: Buffer | undefined): string {
  return value === undefined ? `${shown}:` : `${shown} = "${escapeValue(value)}"`;
}

function permsText(perms: readonly XsPerm[]): string {
  return `(${perms.map(formatXsPerm).join(',')})`;
}

/** One node per line within the array, so that line tools can be used on it as well. */
function jsonArray(output: Output) {
  let count = 0;
  let last = '';
  return {
    async node({ path, value, perms }: StoreNode): Promise<void> {
      if (count++ > 0) await output.line(`${last},`);
      const shown = {
        path,
        ...(value && jsonValue(value)),
        ...(perms && { perms: perms.map(formatXsPerm) }),
      };
      last = `${count === 1 ? '[' : ' '}${JSON.stringify(shown)}`;
    },
    end: () => output.line(count === 0 ? '[]' : `${last}]`),
  };
}
