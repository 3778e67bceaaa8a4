/** How long rings are whose page tells it: those of a vchan, and the byte rings of a device. */
import type { SharedMemory } from '../../server/host/memory';
import { FLEX_RING_ORDER_MAX, NINEPFS_INDEXES, flexRingBytes } from '../../server/wire/flexRing';
import { VCHAN_PAGE, looksLikeVchan } from '../../server/wire/vchanPage';

const { fields } = VCHAN_PAGE;

/** `in` and `out` of a device; undefined while the frontend has not written the order, or a wrong one. */
export function flexRingsBytes(memory: SharedMemory): readonly [left: number, right: number] | undefined {
  const order = memory.load32(NINEPFS_INDEXES.fields.ring_order.offsetBytes);
  return order > FLEX_RING_ORDER_MAX ? undefined : [flexRingBytes(order), flexRingBytes(order)];
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
