/** `xenscope chmod`: permissions of nodes. */
import type { Command } from 'commander';
import { isStoreError, XenscopeError } from '../host/errors';
import { formatXsPerm, parseXsPerm } from '../wire/xsPerms';
import type { XsPerm } from '../wire/xsPerms';
import { Output } from './output';
import { addStoreOptions, saying, withStore } from './storeCommand';
import type { StoreOptions } from './storeCommand';
import { walkStore } from './walkStore';

interface ChmodOptions extends StoreOptions {
  readonly recursive?: boolean;
}

export function addChmodVerb(program: Command): void {
  const command = program
    .command('chmod')
    .description('set the permissions of a node')
    .argument('<path>', 'the node')
    .argument('<perms...>', 'a letter and a domid each: n nothing, r read, w write, b both')
    .option('-r, --recursive', 'the same for every node below')
    .addHelpText(
      'after',
      `
The first entry names the owner, and its letter is what every domain not listed may do.

Examples:
  xenscope chmod /tool/colour n0 r3        domain 0 owns it, domain 3 may read, others nothing
  xenscope chmod -r /local/domain/3/data b3`,
    )
    .action((path: string, perms: string[], options: ChmodOptions) => changePerms(path, perms, options));
  addStoreOptions(command, 'print the changed paths as one JSON object each');
}

async function changePerms(path: string, words: readonly string[], options: ChmodOptions): Promise<void> {
  const output = new Output();
  await withStore(options, async (store) => {
    const perms = words.map(permOf);
    const told = async (changed: string) => {
      if (options.json) await output.line(JSON.stringify({ path: changed, perms: perms.map(formatXsPerm) }));
    };
    await saying(store, path, store.setPerms(path, perms));
    await told(path);
    if (!options.recursive) return;
    for await (const node of walkStore(store, path)) {
      try {
        await saying(store, node.path, store.setPerms(node.path, perms));
      } catch (error) {
        // Gone since it was listed.
        if (!isStoreError(error, 'ENOENT')) throw error;
        continue;
      }
      await told(node.path);
    }
  });
  await output.flush();
}

function permOf(word: string): XsPerm {
  const perm = parseXsPerm(word);
  if (perm) return perm;
  throw new XenscopeError('input', `"${word}" is no permission.`, {
    wayOut: 'Write a letter (n, r, w or b) and a domid, e.g. r3.',
  });
}
