/**
 * What faults do to the pages of a joined program: it writes them without asking anybody, so they
 * strike when it has rung, which it does when it has moved an index.
 */
import { advanceIndex } from '../../wire/ringIndex';
import { VCHAN_PAGE } from '../../wire/vchanPage';
import type { Faults } from '../faults';
import type { Machine } from '../machine/machine';
import { ringBytesOf } from '../machine/vchanLooks';

const { fields } = VCHAN_PAGE;
/** Further than the longest ring of a vchan, 1 MiB. */
const leastDistance = 2 ** 20 + 1;
const mostDistance = 2 ** 31;

/** A domain that has rung may find the index of its vchans that it moves as a producer where it cannot be. */
export function strikeVchan(machine: Machine, faults: Faults, domid: number): void {
  if (!faults.isAny) return;
  const lent = machine.lent();
  for (const each of lent) {
    const { ownerDomid, grants, frames } = each;
    const [first] = grants;
    const isServer = ownerDomid === domid;
    const isClient = first!.toDomid === domid && first!.maps > 0 && first!.isWritable;
    if (!(isServer || isClient) || !ringBytesOf(each, lent)) continue;
    if (!faults.strikes('corruptIndex', domid)) continue;
    const [prod, cons] = isServer
      ? [fields.right_prod, fields.right_cons]
      : [fields.left_prod, fields.left_cons];
    const distance = faults.random.between(leastDistance, mostDistance);
    frames.memory.store32(prod.offsetBytes, advanceIndex(frames.memory.load32(cons.offsetBytes), distance));
  }
}
