/**
 * `xenscope serve --owner USER`: the server of a real host. It runs as root, because Xen wants that,
 * and speaks with the editors of one user, who is not root, over a socket that only that user can
 * open. It opens no file that an editor names, and no socket either.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import type { StoreWay } from '../../native/store/storeWays';
import { XenscopeError } from '../host/errors';
import { AllowList, guardedNetwork } from '../pvcalls/allowList';
import { firstFreePort } from './firstFreePort';
import { kernelBackend } from './kernelBackend';
import { localXen } from './localXen';
import { nodeNetwork } from './nodeNetwork';
import { writeOut } from './output';
import { ownerOf } from './ownerOf';
import { processClaimants } from './processClaimants';
import { listenForOwner, usualRootSocket } from './rootSocket';
import { systemClock, systemRandom } from './systemClock';

export interface ServeRealOptions {
  readonly owner?: string;
  readonly socket?: string;
  readonly way: 'auto' | StoreWay;
  /** What guests may reach by PV Calls at most, whatever an editor allows them. */
  readonly pvcallsAllow?: readonly string[];
  readonly verbose?: boolean;
}

const loopback = ['127.0.0.0/8'];
/** Windows that may be joined at once; one more is sent away. */
const maxEditors = 32;

/** Resolves when a signal ended it. Rejects with a XenscopeError that says why it cannot begin. */
export async function serveReal(options: ServeRealOptions, ended: Promise<unknown>): Promise<void> {
  mustBeRoot();
  if (options.owner === undefined) {
    throw new XenscopeError('input', 'It must be said whose editors may connect.', {
      wayOut: 'Name the user: sudo xenscope serve --owner USER.',
    });
  }
  const { pvcallsAllow: allow = loopback } = options;
  // Its owner may not take the ports that are root's, and through a guest they shall not either.
  const most = new AllowList(allow, { firstFreePort: firstFreePort() });
  const network = guardedNetwork(nodeNetwork, most);
  const owner = await ownerOf(options.owner);
  const socketPath = options.socket === undefined ? usualRootSocket(owner.uid) : path.resolve(options.socket);
  const log = (line: string) => options.verbose && process.stderr.write(`${line}\n`);
  const xen = localXen({ way: options.way, log });
  const { unavailable } = (await xen.look(undefined)) ?? {};
  // Loaded when wanted: the other verbs do without a language server.
  const { startEditorServer } = await import('../rpc/editorServer');
  const editors = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', (error) => log(`The connection of an editor broke: ${error.message}`));
    if (editors.size >= maxEditors) {
      log(`An editor was sent away: ${maxEditors} are joined already.`);
      return socket.destroy();
    }
    editors.add(socket);
    log(`An editor joined; there are ${editors.size} now.`);
    const { ended: left } = startEditorServer({
      input: socket,
      output: socket,
      clock: systemClock,
      random: systemRandom,
      mayWriteFiles: false,
      localXen: { look: () => xen.look(undefined), open: () => xen.open() },
      pvcalls: { network, kernelBackend, claimants: processClaimants, most },
    });
    // What could not be closed of one editor's must not take the server from the others.
    const failed = (error: unknown) => log(`Something of an editor could not be closed: ${String(error)}`);
    void left.catch(failed).then(() => {
      editors.delete(socket);
      socket.destroy();
      log(`An editor left; there are ${editors.size} now.`);
    });
  });
  const place = await listenForOwner(server, socketPath, owner);
  try {
    const trouble = unavailable && `There is no Xen to show yet. ${unavailable.reason}\n`;
    await writeOut(`This machine's Xen is served to ${owner.name}: their editor finds it by itself.
SOCKET=${socketPath}
${trouble ?? ''}End it with Ctrl-C.
`);
    await ended;
  } finally {
    // Closing removes the socket; what an editor still asks is not waited for.
    server.close();
    for (const socket of editors) socket.destroy();
    rmSync(place, { force: true });
  }
}

function mustBeRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new XenscopeError('refused', 'The server of a real host must run as root.', {
    wayOut: 'Start it with sudo: sudo xenscope serve --owner USER.',
  });
}
