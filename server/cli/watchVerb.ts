/** `xenscope watch`: a line for each event, until enough were seen. */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { XenscopeError } from '../host/errors';
import type { StoreClient, StoreWatch } from '../host/storeClient';
import { writeOut } from './output';
import { endIfHeld } from './endProcess';
import { addStoreOptions, fail, openCommandClient } from './storeCommand';
import type { StoreOptions } from './storeCommand';
import { escapePath } from './valueText';

interface WatchOptions extends StoreOptions {
  readonly count?: number;
}

export function addWatchVerb(program: Command): void {
  const command = program
    .command('watch')
    .description('print the path of each node that changes at or below the given ones')
    .argument('<path...>', 'what to watch; @introduceDomain and @releaseDomain as well')
    .option('-n, --count <n>', 'end after so many events', countOf)
    .addHelpText(
      'after',
      `
The first event of each path comes at once and says only that the watch is set. When the xenstore
goes away and comes back, the watched path is printed again: anything below may have changed.

Examples:
  xenscope watch /local/domain
  xenscope watch -n 2 /tool/colour         ends at the first change
  xenscope watch --json @releaseDomain     {"path": …, "kind": "initial" | "change" | "resync"}`,
    )
    .action((paths: string[], options: WatchOptions) => watchPaths(paths, options));
  addStoreOptions(command, 'one JSON object per event, each on a line');
}

async function watchPaths(paths: readonly string[], options: WatchOptions): Promise<void> {
  const store = openCommandClient(options, true);
  try {
    await connected(store);
    tellWhenAway(store);
    const counter = { left: options.count ?? Infinity };
    const watches = await Promise.all(paths.map((path) => store.watch(path)));
    await Promise.all(watches.map((watch) => printEvents(store, watch, counter, options.json === true)));
  } catch (error) {
    fail(error);
  } finally {
    await store.close();
  }
  await endIfHeld();
}

async function printEvents(
  store: StoreClient,
  watch: StoreWatch,
  counter: { left: number },
  asJson: boolean,
): Promise<void> {
  for await (const { path, kind } of watch) {
    if (counter.left-- <= 0) return;
    await writeOut(`${asJson ? JSON.stringify({ path, kind, watched: watch.path }) : escapePath(path)}\n`);
    // Ends the loops of the other paths as well.
    if (counter.left <= 0) return store.close();
  }
}

/** Resolves at the first connection; a store that is not there at the start is a failure. */
function connected(store: StoreClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = store.onStateChange((state) => {
      if (state.kind === 'connecting') return;
      stop();
      if (state.kind === 'away') reject(new XenscopeError('away', state.reason));
      else resolve();
    });
  });
}

function tellWhenAway(store: StoreClient): void {
  let wasAway = false;
  store.onStateChange((state) => {
    if (state.kind === 'away' && !wasAway)
      process.stderr.write(`xenscope: ${state.reason} Waiting for it.\n`);
    if (state.kind === 'connected' && wasAway) process.stderr.write('xenscope: The xenstore is back.\n');
    wasAway = state.kind === 'away' || (wasAway && state.kind !== 'connected');
  });
}

function countOf(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above 0.');
}
