/** Opens the server's end of a vchan (libxenvchan_server_init): pages, doorbell, then the nodes by which a client finds both. */
import { XenscopeError } from '../host/errors';
import { vchanPathProblem } from '../wire/vchanPath';
import { chooseVchanOrders, vchanOrdersProblem } from '../wire/vchanRings';
import type { VchanOrders } from '../wire/vchanRings';
import { endOfLibrary, libraryOf } from './byLibrary';
import { readNodes, removeNodes, withFoldersMade, writeNodes } from './nodes';
import { readOwnDomid } from './ownDomid';
import { giveBack, sharePages } from './pages';
import type { OpenPages } from './pages';
import { absolute, whyNotFree } from './place';
import { steppedBy } from './ports';
import type { VchanEngineName, VchanPorts, WaitOptions } from './ports';
import { Vchan } from './vchan';
import { VchanEngine } from './vchanEngine';
import { VchanMoves } from './vchanMoves';

export interface ServeOptions extends WaitOptions {
  readonly clientDomid: number;
  /** The folder of the nodes: absolute, or relative to this domain. */
  readonly path: string;
  /** The least that the ring to the server may hold, at most 1 MiB; libxenvchan's rules choose the order. */
  readonly leftBytes?: number;
  readonly rightBytes?: number;
  /** These orders instead, which need not be such as libxenvchan chooses. */
  readonly orders?: VchanOrders;
  /** Stays when its client leaves, and waits for the next one. */
  readonly persistent?: boolean;
  /**
   * When the nodes go: with the vchan, or as soon as a client has come, as Qubes has it. A persistent
   * server must keep them.
   */
  readonly nodesStay?: 'untilClosed' | 'untilConnected';
  /** Rejects with `refused` where the folder holds anything already; else it writes there, as libxenvchan does. */
  readonly mustBeFree?: boolean;
  /** With `mustBeFree`: the ring-ref of a vchan that this domain offers there, and whose place is taken all the same. */
  readonly replaces?: string;
  /** `own` when absent. libxenvchan chooses the orders itself. */
  readonly engine?: VchanEngineName;
}

export async function serveVchan(ports: VchanPorts, options: ServeOptions): Promise<Vchan> {
  const { path, persistent = false, nodesStay = 'untilClosed', signal } = options;
  ordersOf(options);
  const problem = vchanPathProblem(path);
  if (problem !== undefined) throw new XenscopeError('input', problem);
  if (persistent && nodesStay === 'untilConnected') {
    throw new XenscopeError('input', 'A server that stays for the next client must keep its nodes.');
  }
  const ownDomid = await readOwnDomid(ports.store, { signal });
  const { vchan, removeThem } =
    options.engine === 'libxenvchan'
      ? await serveByLibrary(ports, options, ownDomid)
      : await serveOurselves(ports, options, ownDomid);
  if (nodesStay === 'untilConnected') {
    // What fails here fails again at the close, which tells it.
    void vchan
      .connected()
      .then(removeThem)
      .catch(() => undefined);
  }
  return vchan;
}

interface Serving {
  readonly vchan: Vchan;
  readonly removeThem: () => Promise<void>;
}

async function serveOurselves(ports: VchanPorts, options: ServeOptions, ownDomid: number): Promise<Serving> {
  const { clientDomid, path, persistent = false, mustBeFree, replaces, signal } = options;
  const orders = ordersOf(options);
  const port = ports.events.bindUnbound(clientDomid);
  let pages: OpenPages;
  try {
    pages = sharePages(ports, { clientDomid, orders, port: port.port });
  } catch (error) {
    port.close();
    throw error;
  }
  const nodes = { gref: pages.gref, port: port.port };
  const removeThem = onlyOnce(() => removeNodes(ports.store, path, nodes, ownDomid));
  try {
    const domids = { own: ownDomid, client: clientDomid };
    await writeNodes(ports.store, path, nodes, domids, { mustBeFree, replaces, signal });
  } catch (error) {
    // Whether the transaction took effect may be unknown, unless it was refused: then nothing was written, and
    // a server that was killed may have left our very numbers. The first error is the one to tell.
    const isRefused = error instanceof XenscopeError && error.code === 'refused';
    if (!isRefused) await removeThem().catch(() => undefined);
    giveBack(pages, port);
    throw error;
  }
  const moves = new VchanMoves(pages, port);
  const vchan = new Vchan({
    moves,
    engine: new VchanEngine({
      moves,
      port,
      stepped: steppedBy(ports, moves, pages.control),
      isPersistent: persistent,
      peerDomid: clientDomid,
      peers: ports.peers,
      spin: ports.spin?.(),
    }),
    peerDomid: clientDomid,
    gref: pages.gref,
    path,
    release: () => giveBack(pages, port),
    removeNodes: removeThem,
  });
  return { vchan, removeThem };
}

/** It writes its nodes itself; to remove them is ours, who look whose they are. */
async function serveByLibrary(ports: VchanPorts, options: ServeOptions, ownDomid: number): Promise<Serving> {
  const { clientDomid, path, leftBytes = 4096, rightBytes = 4096, persistent = false, orders } = options;
  const { mustBeFree, replaces } = options;
  if (orders) throw new XenscopeError('input', 'libxenvchan chooses the orders of its rings itself.');
  const server = { clientDomid, path, leftBytes, rightBytes, persistent };
  const open = () => libraryOf(ports).serve(server);
  const refusal = mustBeFree && (await whyNotFree(ports.store, path, ownDomid, replaces));
  if (refusal) throw refusal;
  const folders = { ownDomid, replaces: replaces !== undefined };
  const library = await withFoldersMade(ports.store, path, folders, open);
  library.leaveNodes();
  const { port } = library.port;
  let gref: number | undefined;
  const removeThem = onlyOnce(() =>
    removeNodes(ports.store, path, { port, ...(gref !== undefined && { gref }) }, ownDomid),
  );
  try {
    const nodes = await readNodes(ports.store, path, {});
    if (mustBeFree && nodes.port !== port) throw takenMeanwhile(absolute(path, ownDomid));
    ({ gref } = nodes);
  } catch (error) {
    await removeThem().catch(() => undefined);
    await library.close();
    throw error;
  }
  const end = { role: 'server', peerDomid: clientDomid, gref, path, isPersistent: persistent } as const;
  const vchan = await endOfLibrary(ports, { ...end, library, removeNodes: removeThem });
  return { vchan, removeThem };
}

/** The library writes without looking, and so did whoever came just after it. */
function takenMeanwhile(path: string): XenscopeError {
  return new XenscopeError('refused', `Another server has taken ${path} at the same moment.`, {
    wayOut: 'Choose another path, or try again when that one has ended.',
  });
}

function ordersOf({ leftBytes = 4096, rightBytes = 4096, orders }: ServeOptions): VchanOrders {
  if (orders) {
    const problem = vchanOrdersProblem(orders);
    if (problem === undefined) return orders;
    throw new XenscopeError('input', `No vchan can have these rings: ${problem}.`);
  }
  const chosen = chooseVchanOrders(leftBytes, rightBytes);
  if (chosen) return chosen;
  throw new XenscopeError('input', `A ring of a vchan has at most 1 MiB.`, {
    wayOut: 'Ask for less; a ring need not hold what is written at once.',
  });
}

/** Does it once; again only after it failed. */
function onlyOnce(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () =>
    (done ??= act().catch((error: unknown) => {
      done = undefined;
      throw error;
    }));
}
