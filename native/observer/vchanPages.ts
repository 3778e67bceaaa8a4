/** Rings whose page tells how long they are, and where: those of a vchan, and the byte rings of a device. */
import type { SharedMemory } from '../../server/host/memory';
import { FLEX_RING_ORDER_MAX, NINEPFS_INDEXES, flexRingBytes } from '../../server/wire/flexRing';
import { findPvCallsEdition, pvcallsRingBytes } from '../../server/wire/pvcalls/dataPage';
import { VCHAN_GRANTS_OFFSET, VCHAN_PAGE, looksLikeVchan } from '../../server/wire/vchanPage';
import { vchanRingPages } from '../../server/wire/vchanRings';
import type { ToldRings } from './ringPage';

const { fields } = VCHAN_PAGE;

/** `in` and `out` of a device; undefined while the frontend has not written the order, or a wrong one. */
export function flexRingsBytes(memory: SharedMemory): readonly [left: number, right: number] | undefined {
  const order = memory.load32(NINEPFS_INDEXES.fields.ring_order.offsetBytes);
  return order > FLEX_RING_ORDER_MAX ? undefined : [flexRingBytes(order), flexRingBytes(order)];
}

/** Those of a socket of PV Calls; undefined where the page rules none. */
export function socketRings(memory: SharedMemory): ToldRings | undefined {
  const found = findPvCallsEdition((offset) => memory.load32(offset));
  if (!found) return undefined;
  const bytes = pvcallsRingBytes(found.order);
  return { ringBytes: [bytes, bytes], edition: found.edition.name };
}

/** To the server and to the client; undefined when the words are not those of a vchan. */
export function vchanRingBytes(memory: SharedMemory): readonly [left: number, right: number] | undefined {
  const orders = memory.load32(fields['left_order']!.offsetBytes);
  const [leftOrder, rightOrder] = [orders & 0xffff, orders >>> 16];
  const clientLive = memory.load8(fields['cli_live']!.offsetBytes);
  const serverLive = memory.load8(fields['srv_live']!.offsetBytes);
  if (!looksLikeVchan({ leftOrder, rightOrder, clientLive, serverLive })) return undefined;
  return [2 ** leftOrder, 2 ** rightOrder];
}

/** The grants of the pages of one ring of a vchan; none where it lies in the control page. */
export function vchanRingGrefs(
  memory: SharedMemory,
  [leftBytes, rightBytes]: readonly [left: number, right: number],
  ring: 'left' | 'right',
): number[] {
  const [leftPages, rightPages] = [leftBytes, rightBytes].map((bytes) => vchanRingPages(Math.log2(bytes)));
  const first = ring === 'left' ? 0 : leftPages!;
  return Array.from({ length: ring === 'left' ? leftPages! : rightPages! }, (_, page) =>
    memory.load32(VCHAN_GRANTS_OFFSET + 4 * (first + page)),
  );
}
