/** `xenscope editor --stdio`: the server that an editor starts for itself. */
import type { Command } from 'commander';
import type { Host } from '../host/host';
import type { WorldInfo } from '../rpc/api';
import { offeredFeatureBits, offeredFeatureNames } from '../wire/offeredFeatures';
import { endProcess } from './endProcess';
import { kernelBackend } from './kernelBackend';
import { localXen, maxSilenceMs } from './localXen';
import { nodeNetwork } from './nodeNetwork';
import { processClaimants } from './processClaimants';
import { privateSocket } from './privateSocket';
import { systemClock, systemRandom } from './systemClock';

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
  // Standard output belongs to the protocol: what anything prints goes where the editor shows a log.
  console.log = console.info = console.debug = console.error;
  // Ends through `exit`, so that no folder of ours stays behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void endProcess(0));
  // A mistake of ours in one corner shall not take everything else from the person.
  process.on('unhandledRejection', (reason) => console.error('A mistake of the server:', reason));
  // Loaded when wanted: the other verbs do without a language server.
  const { startEditorServer } = await import('../rpc/editorServer');
  const { openSocketHost } = await import('../store/client/socketHost');
  const ports = { clock: systemClock, random: systemRandom };
  const server = startEditorServer({
    ...ports,
    input: process.stdin,
    output: process.stdout,
    openSimulator,
    openSocket: (socketPath) => openSocketHost({ ...ports, path: socketPath, maxSilenceMs }),
    localXen: localXen({ log: (line) => console.info(line) }),
    pvcalls: { network: nodeNetwork, kernelBackend, claimants: processClaimants },
  });
  await server.ended.catch((error: unknown) => console.error('Something could not be closed:', error));
  // Nothing is left to do; a socket that hangs in the kernel must not keep the process.
  await endProcess(0);
}

/** A world of its own, whose store listens where only this user can reach it. */
async function openSimulator({ seed, pace, ringFeatures }: WorldInfo): Promise<Host> {
  const { openRecordedWorld } = await import('./recording');
  const { openPages } = await import('./openPages');
  const socket = await privateSocket();
  try {
    const pages = openPages((line) => console.error(line));
    const world = await openRecordedWorld({
      seed,
      pace,
      ringFeatures: offeredFeatureBits(ringFeatures ?? offeredFeatureNames),
      storeSocketPath: socket.path,
      ...(socket.guestPath === undefined ? {} : { guestSocketPath: socket.guestPath }),
      pages,
    });
    const close = async () => {
      await world.close();
      socket.remove();
    };
    return { ...world, close };
  } catch (error) {
    socket.remove();
    throw error;
  }
}
