/** `xenscope editor --stdio`: the server that an editor starts for itself. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { Host } from '../host/host';
import type { WorldInfo } from '../rpc/api';
import { systemClock, systemRandom } from './systemClock';

/** Where xenstored listens; the environment comes first, as for every program that uses libxenstore. */
function localSocketPaths(): string[] {
  const { XENSTORED_PATH, XENSTORED_RUNDIR } = process.env;
  const named = [XENSTORED_PATH, XENSTORED_RUNDIR && path.join(XENSTORED_RUNDIR, 'socket')];
  return [
    ...named.filter((found) => found !== undefined && found !== ''),
    '/run/xenstored/socket',
  ] as string[];
}

export function addEditorVerb(program: Command): void {
  program
    .command('editor')
    .description(
      'serve an editor over standard input and output; the VS Code extension starts this by itself',
    )
    .requiredOption('--stdio', 'speak the language server protocol on standard input and output')
    .action(serveEditor);
}

async function serveEditor(): Promise<void> {
  // Loaded when wanted: the other verbs do without a language server.
  const { startEditorServer } = await import('../rpc/editorServer');
  const { openSocketHost } = await import('../store/client/socketHost');
  // Standard output belongs to the protocol.
  console.log = console.info = console.debug = console.error;
  const server = startEditorServer({
    input: process.stdin,
    output: process.stdout,
    clock: systemClock,
    random: systemRandom,
    openSimulator,
    openSocket: (socketPath) =>
      openSocketHost({ path: socketPath, clock: systemClock, random: systemRandom }),
    localSocketPaths: localSocketPaths(),
  });
  await server.ended;
}

/** A world of its own, whose store listens where only this user can reach it. */
async function openSimulator({ seed, pace }: WorldInfo): Promise<Host> {
  const { createWorld } = await import('../sim/world');
  const folder = await mkdtemp(path.join(tmpdir(), 'xenscope-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const storeSocketPath = path.join(folder, 'socket');
    const world = await createWorld({ seed, pace, clock: systemClock, storeSocketPath });
    const closeWorld = world.close.bind(world);
    world.close = async () => {
      await closeWorld();
      await remove();
    };
    return world;
  } catch (error) {
    await remove();
    throw error;
  }
}
