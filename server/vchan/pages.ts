/** The pages of a vchan: what a server lays out and lends, and what a client maps and checks. */
import { XenscopeError } from '../host/errors';
import type { EventPort } from '../host/events';
import type { Mapped, Shared } from '../host/grants';
import type { SharedMemory } from '../host/memory';
import { VCHAN_PAGE } from '../wire/vchanPage';
import {
  VCHAN_GRANTS_OFFSET,
  VchanLive,
  VchanNotify,
  vchanOrdersProblem,
  vchanRingOffset,
  vchanRingPages,
} from '../wire/vchanRings';
import type { VchanOrders } from '../wire/vchanRings';
import type { VchanPorts } from './ports';
import type { VchanPages, VchanRing } from './vchanMoves';

const { left_order, cli_live, srv_live, cli_notify, srv_notify } = VCHAN_PAGE.fields;

export interface OpenPages extends VchanPages {
  /** Of the control page. */
  readonly gref: number;
  /** Gives everything back; whoever still maps it keeps it until it unmaps. */
  release(): void;
}

/** Lends a control page and the rings beside it to the client, ready to be found. `port` is rung when the server ends. */
export function sharePages(
  { grants }: Pick<VchanPorts, 'grants'>,
  { clientDomid, orders, port }: { clientDomid: number; orders: VchanOrders; port: number },
): OpenPages {
  const shares: Shared[] = [];
  const release = () => {
    for (const each of shares) each.endWhenUnused();
  };
  const share = (pages: number, writable: boolean, isControl = false): Shared => {
    const onUnmap = { clearByteOffset: srv_live.offsetBytes, signalPort: port };
    const shared = grants.share(clientDomid, pages, { writable, ...(isControl ? { onUnmap } : {}) });
    shares.push(shared);
    return shared;
  };
  try {
    const control = share(1, true, true);
    const { memory } = control;
    memory.store32(left_order.offsetBytes, orders.left | (orders.right << 16));
    memory.store8(cli_live.offsetBytes, VchanLive.NEVER);
    memory.store8(srv_live.offsetBytes, VchanLive.HERE);
    // Whoever comes is to ring for what it writes.
    memory.store8(cli_notify.offsetBytes, VchanNotify.WRITE);
    memory.store8(srv_notify.offsetBytes, 0);
    let grantOffset = VCHAN_GRANTS_OFFSET;
    const ring = (name: 'left' | 'right'): VchanRing => {
      const order = orders[name];
      const offset = vchanRingOffset(order);
      if (offset !== undefined) return { name, memory, offset, bytes: 2 ** order };
      // The client writes the left ring, and only reads the right one.
      const own = share(vchanRingPages(order), name === 'left');
      for (const gref of own.grefs) {
        memory.store32(grantOffset, gref);
        grantOffset += 4;
      }
      return { name, memory: own.memory, offset: 0, bytes: 2 ** order };
    };
    const left = ring('left');
    const right = ring('right');
    return { role: 'server', control: memory, left, right, gref: control.grefs[0]!, release };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Maps what the server lends under `gref`, after checking what its control page says. Everything there is
 * read once. Throws a XenscopeError: `protocol` where the page cannot be that of a vchan, `gone` where its
 * server has left.
 */
export function mapPages(
  { grants }: Pick<VchanPorts, 'grants'>,
  { serverDomid, gref, port }: { serverDomid: number; gref: number; port: number },
): OpenPages {
  const mappings: Mapped[] = [];
  const release = () => {
    for (const each of mappings) each.unmap();
  };
  const map = (grefs: readonly number[], access: 'read' | 'write', isControl = false): SharedMemory => {
    const onUnmap = { clearByteOffset: cli_live.offsetBytes, signalPort: port };
    const mapped = grants.map(serverDomid, grefs, access, isControl ? { onUnmap } : {});
    mappings.push(mapped);
    return mapped.memory;
  };
  try {
    const control = map([gref], 'write', true);
    const word = control.load32(left_order.offsetBytes);
    const orders = { left: word & 0xffff, right: word >>> 16 };
    const problem = vchanOrdersProblem(orders);
    if (problem !== undefined) throw noVchan(serverDomid, gref, problem);
    if (control.load8(srv_live.offsetBytes) === VchanLive.GONE) throw serverLeft(serverDomid);
    let grantOffset = VCHAN_GRANTS_OFFSET;
    const ring = (name: 'left' | 'right'): VchanRing => {
      const order = orders[name];
      const offset = vchanRingOffset(order);
      if (offset !== undefined) return { name, memory: control, offset, bytes: 2 ** order };
      const grefs = Array.from({ length: vchanRingPages(order) }, (_, at) =>
        control.load32(grantOffset + 4 * at),
      );
      grantOffset += 4 * grefs.length;
      const memory = map(grefs, name === 'left' ? 'write' : 'read');
      return { name, memory, offset: 0, bytes: 2 ** order };
    };
    const left = ring('left');
    const right = ring('right');
    return { role: 'client', control, left, right, gref, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** The doorbell last: what ends the pages may ring through it. */
export function giveBack(pages: OpenPages, port: EventPort): void {
  pages.release();
  port.close();
}

function noVchan(domid: number, gref: number, problem: string): XenscopeError {
  return new XenscopeError(
    'protocol',
    `The page under grant ${gref} of domain ${domid} is no vchan: ${problem}.`,
    {
      wayOut: 'The node ring-ref may be of another page, or the server is broken.',
    },
  );
}

function serverLeft(domid: number): XenscopeError {
  return new XenscopeError('gone', `The server in domain ${domid} has left this vchan already.`, {
    wayOut: 'Connect again when it offers a new one.',
  });
}
