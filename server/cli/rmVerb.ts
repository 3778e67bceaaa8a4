/** `xenscope rm`: nodes with everything below them, all or none. */
import type { Command } from 'commander';
import { XenscopeError } from '../host/errors';
import { Output } from './output';
import { addStoreOptions, saying, withStore } from './storeCommand';
import type { StoreOptions } from './storeCommand';

export function addRmVerb(program: Command): void {
  const command = program
    .command('rm')
    .description('remove nodes with everything below them, in one transaction')
    .argument('<path...>', 'what to remove; / is refused')
    .addHelpText(
      'after',
      `
A node that is not there is no mistake, as long as its parent is.

Examples:
  xenscope rm /tool/colour
  xenscope rm /a /b            both or none`,
    )
    .action((paths: string[], options: StoreOptions) => removeNodes(paths, options));
  addStoreOptions(command, 'print the removed paths as one JSON object each');
}

async function removeNodes(paths: readonly string[], options: StoreOptions): Promise<void> {
  const output = new Output();
  await withStore(options, async (store) => {
    // oxenstored would obey and empty the whole store; "//" and the like are malformed everywhere.
    if (paths.some((path) => /^\/+$/.test(path))) {
      throw new XenscopeError(
        'refused',
        'The root of the store cannot be removed: every domain lives below it.',
        {
          wayOut: 'Name the nodes that should go.',
        },
      );
    }
    const [first] = paths;
    if (paths.length === 1) await saying(store, first!, store.rm(first!));
    else {
      await store.transaction(async (transaction) => {
        for (const path of paths) await saying(store, path, transaction.rm(path));
      });
    }
    if (!options.json) return;
    for (const path of paths) await output.line(JSON.stringify({ path, removed: true }));
  });
  await output.flush();
}
