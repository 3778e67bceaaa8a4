/** `xenscope adapter`: the protocol debugger for editors that speak the debug adapter protocol. */
import type { Command } from 'commander';
import type { DebugTarget, WorldRequest } from '../debug/debugger';
import { systemClock } from './systemClock';

export function addAdapterVerb(program: Command): void {
  program
    .command('adapter')
    .description('debug a simulated host: speaks the debug adapter protocol on standard input and output')
    .addHelpText(
      'after',
      `
An editor starts this by itself; its launch configuration says what is simulated:
  { "type": "xenscope", "request": "launch", "host": "simulator", "seed": 1, "pace": 1 }
It ends with the session, or when its standard input ends.`,
    )
    .action(serveAdapter);
}

async function serveAdapter(): Promise<void> {
  // Standard output belongs to the protocol: what anything prints goes where the editor shows a log.
  console.log = console.info = console.debug = console.error;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(0));
  // A mistake of ours in one corner shall not take the session from the person.
  process.on('unhandledRejection', (reason) => console.error('A mistake of the adapter:', reason));
  // Loaded when wanted: the other verbs do without it.
  const { AdapterSession } = await import('../debug/dap/session');
  const session = new AdapterSession({
    clock: systemClock,
    openWorld: openDebugWorld,
    onEnd: () => process.exit(0),
  });
  session.start(process.stdin, process.stdout);
}

/** A quiet world in this process, which nobody else can reach. */
export async function openDebugWorld({ journal, ...options }: WorldRequest): Promise<DebugTarget> {
  const quiet = { ...options, pace: 0 };
  if (journal !== undefined) return openRecorded(journal, quiet);
  const { createWorld } = await import('../sim/world');
  const world = await createWorld({ ...quiet, clock: systemClock });
  return { host: world, world: world.world, observer: world.observer() };
}

/** The file is written at once, so that one that cannot be written is known then, and anew at the end. */
async function openRecorded(
  file: string,
  options: Omit<WorldRequest, 'journal'> & { readonly pace: number },
): Promise<DebugTarget> {
  const { openRecordedWorld } = await import('./recording');
  const { writeJournal } = await import('../capture/writeJournal');
  const world = await openRecordedWorld(options);
  const close = async () => {
    await world.close();
    await writeJournal(file, world.recorder.lines()).catch((error: unknown) => console.error(String(error)));
  };
  try {
    await writeJournal(file, world.recorder.lines());
  } catch (error) {
    await world.close();
    throw error;
  }
  return { host: { ...world, close }, world: world.world!, observer: world.observer!() };
}
