/** Opens the server's end of a vchan (libxenvchan_server_init): pages, doorbell, then the nodes by which a client finds both. */
import { XenscopeError } from '../host/errors';
import { vchanPathProblem } from '../wire/vchanPath';
import { chooseVchanOrders, vchanOrdersProblem } from '../wire/vchanRings';
import type { VchanOrders } from '../wire/vchanRings';
import { removeNodes, writeNodes } from './nodes';
import { giveBack, sharePages } from './pages';
import type { OpenPages } from './pages';
import { steppedBy } from './ports';
import type { VchanPorts, WaitOptions } from './ports';
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
}

export async function serveVchan(ports: VchanPorts, options: ServeOptions): Promise<Vchan> {
  const { clientDomid, path, persistent = false, nodesStay = 'untilClosed', signal } = options;
  const orders = ordersOf(options);
  const problem = vchanPathProblem(path);
  if (problem !== undefined) throw new XenscopeError('input', problem);
  if (persistent && nodesStay === 'untilConnected') {
    throw new XenscopeError('input', 'A server that stays for the next client must keep its nodes.');
  }
  const ownDomid = await readOwnDomid(ports, signal);
  const port = ports.events.bindUnbound(clientDomid);
  let pages: OpenPages;
  try {
    pages = sharePages(ports, { clientDomid, orders, port: port.port });
  } catch (error) {
    port.close();
    throw error;
  }
  const removeThem = onlyOnce(() => removeNodes(ports.store, path, ownDomid));
  try {
    const nodes = { gref: pages.gref, port: port.port };
    await writeNodes(ports.store, path, nodes, { own: ownDomid, client: clientDomid }, { signal });
  } catch (error) {
    giveBack(pages, port);
    // Whether the transaction took effect may be unknown; the first error is the one to tell.
    await removeThem().catch(() => undefined);
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
    }),
    peerDomid: clientDomid,
    gref: pages.gref,
    path,
    release: () => giveBack(pages, port),
    removeNodes: removeThem,
  });
  if (nodesStay === 'untilConnected') {
    // What fails here fails again at the close, which tells it.
    void vchan
      .connected()
      .then(removeThem)
      .catch(() => undefined);
  }
  return vchan;
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

async function readOwnDomid({ store }: VchanPorts, signal: AbortSignal | undefined): Promise<number> {
  const text = (await store.read('domid', { signal })).toString('latin1');
  if (/^[0-9]{1,5}$/.test(text)) return Number(text);
  throw new XenscopeError('protocol', `The node domid of this domain holds no number but "${text}".`, {
    wayOut: 'The toolstack writes it; libxenvchan reads it as well.',
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
