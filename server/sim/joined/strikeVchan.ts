/**
 * What faults do to the pages of a joined program: it writes them without asking anybody, so they
 * strike when it has rung, which it does when it has moved an index.
 */
import type { Faults } from '../faults';
import type { Machine } from '../machine/machine';
import { ringsOf } from '../machine/vchanLooks';
import { corruptIndex } from '../rings/vchanSteps';

/** A domain that has rung may find the index of its vchans that it moves as a producer where it cannot be. */
export function strikeVchan(machine: Machine, faults: Faults, domid: number): void {
  if (!faults.isAny) return;
  const lent = machine.lent();
  for (const each of lent) {
    const { ownerDomid, grants, frames } = each;
    const [first] = grants;
    const isServer = ownerDomid === domid;
    const isClient = first!.toDomid === domid && first!.maps > 0 && first!.isWritable;
    if (!(isServer || isClient) || !ringsOf(each, lent)) continue;
    if (!faults.strikes('corruptIndex', domid)) continue;
    corruptIndex(frames.memory, isServer ? 'right_prod' : 'left_prod', faults.random);
  }
}
