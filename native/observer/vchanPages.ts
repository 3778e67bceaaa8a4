/** How long the rings of a vchan are, as its control page tells it. */
import type { SharedMemory } from '../../server/host/memory';
import { VCHAN_PAGE, looksLikeVchan } from '../../server/wire/vchanPage';

const { fields } = VCHAN_PAGE;

/** To the server and to the client; undefined when the words are not those of a vchan. */
export function vchanRingBytes(memory: SharedMemory): readonly [left: number, right: number] | undefined {
  const orders = memory.load32(fields['left_order']!.offsetBytes);
  const [leftOrder, rightOrder] = [orders & 0xffff, orders >>> 16];
  const clientLive = memory.load8(fields['cli_live']!.offsetBytes);
  const serverLive = memory.load8(fields['srv_live']!.offsetBytes);
  if (!looksLikeVchan({ leftOrder, rightOrder, clientLive, serverLive })) return undefined;
  return [2 ** leftOrder, 2 ** rightOrder];
}
