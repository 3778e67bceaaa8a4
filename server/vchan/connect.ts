/** Opens the client's end of a vchan (libxenvchan_client_init): the nodes, the doorbell, the pages, and the word that it has come. */
import { XenscopeError, isStoreError } from '../host/errors';
import { VCHAN_EVENT_CHANNEL, vchanPathProblem } from '../wire/vchanPath';
import { endOfLibrary, libraryOf } from './byLibrary';
import { isNotThereYet, readNodes } from './nodes';
import { giveBack, mapPages } from './pages';
import type { OpenPages } from './pages';
import { steppedBy } from './ports';
import type { VchanEngineName, VchanPorts, WaitOptions } from './ports';
import { Vchan } from './vchan';
import { VchanEngine } from './vchanEngine';
import { VchanMoves } from './vchanMoves';

export interface ConnectOptions extends WaitOptions {
  readonly serverDomid: number;
  /** The folder of the nodes: absolute, or relative to this domain. */
  readonly path: string;
  /** Waits until there is a server, instead of failing where there is none. */
  readonly waits?: boolean;
  /** `own` when absent. */
  readonly engine?: VchanEngineName;
}

export async function connectVchan(ports: VchanPorts, options: ConnectOptions): Promise<Vchan> {
  const problem = vchanPathProblem(options.path);
  if (problem !== undefined) throw new XenscopeError('input', problem);
  return options.waits ? connectWhenThere(ports, options) : connectNow(ports, options);
}

/** Tries again whenever the nodes change, until somebody serves there, or its domain has ended. */
async function connectWhenThere(ports: VchanPorts, options: ConnectOptions): Promise<Vchan> {
  const { serverDomid, path, signal } = options;
  const watch = await ports.store.watch(`${path}/${VCHAN_EVENT_CHANNEL}`, { signal });
  const stop = () => void watch.close();
  signal?.addEventListener('abort', stop, { once: true });
  let isDomainEnded = false;
  const unfollow = ports.peers?.follow({ domid: serverDomid }, (end) => {
    isDomainEnded ||= end === 'domainEnded';
    if (isDomainEnded) stop();
  });
  try {
    const changes = watch[Symbol.asyncIterator]();
    while (!(await changes.next()).done && !signal?.aborted) {
      try {
        return await connectNow(ports, options);
      } catch (error) {
        if (!isNobodyThere(error)) throw error;
      }
    }
    if (isDomainEnded && !signal?.aborted) throw domainEnded(serverDomid, path);
    throw new XenscopeError('cancelled', `Nobody waits for a vchan at ${path} any longer.`, {
      cause: signal?.reason,
    });
  } finally {
    unfollow?.();
    signal?.removeEventListener('abort', stop);
    await watch.close();
  }
}

async function connectNow(ports: VchanPorts, options: ConnectOptions): Promise<Vchan> {
  const { serverDomid, path, signal, engine } = options;
  const { gref, port: remotePort } = await readNodes(ports.store, path, { signal }).catch(
    (error: unknown) => {
      throw explained(error, path);
    },
  );
  if (engine === 'libxenvchan') {
    const library = await libraryOf(ports).connect({ serverDomid, path });
    const end = { role: 'client', peerDomid: serverDomid, gref, path, isPersistent: false, library } as const;
    return endOfLibrary(ports, end);
  }
  const port = ports.events.bindInterdomain(serverDomid, remotePort);
  let pages: OpenPages;
  try {
    pages = mapPages(ports, { serverDomid, gref, port: port.port });
  } catch (error) {
    port.close();
    throw error;
  }
  try {
    const moves = new VchanMoves(pages, port);
    // Before anybody is told: on indices that cannot be, nothing can be said.
    moves.ready();
    moves.space();
    const engine = new VchanEngine({
      moves,
      port,
      stepped: steppedBy(ports, moves, pages.control),
      isPersistent: false,
      peerDomid: serverDomid,
      peers: ports.peers,
      spin: ports.spin?.(),
    });
    await engine.arrive(moves.arriveSteps()).catch((error: XenscopeError) => {
      engine.end(error);
      throw error;
    });
    return new Vchan({
      moves,
      engine,
      peerDomid: serverDomid,
      gref,
      path,
      release: () => giveBack(pages, port),
      removeNodes: () => Promise.resolve(),
    });
  } catch (error) {
    giveBack(pages, port);
    throw error;
  }
}

function domainEnded(domid: number, path: string): XenscopeError {
  return new XenscopeError(
    'gone',
    `Domain ${domid} has ended, and nobody else can offer this domain a vchan at ${path}.`,
    {
      wayOut: 'A domain that takes its place has another number, and another path.',
    },
  );
}

function explained(error: unknown, path: string): unknown {
  if (!(error instanceof XenscopeError) || !isNotThereYet(error)) return error;
  const isHidden = isStoreError(error, 'EACCES');
  return new XenscopeError('store', `No vchan is offered to this domain at ${path}. ${error.message}`, {
    storeError: error.storeError!,
    wayOut: isHidden
      ? 'There is no server, or it serves another domain: only that one may read its nodes.'
      : 'Start the server first, or wait for it.',
    cause: error,
  });
}

/** No nodes, or what a server left that has ended. */
function isNobodyThere(error: unknown): boolean {
  if (!(error instanceof XenscopeError)) return false;
  return isNotThereYet(error) || error.code === 'notOurs' || error.code === 'gone';
}
