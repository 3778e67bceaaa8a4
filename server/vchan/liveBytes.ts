/** The two bytes of a control page that say who is there. */
import type { SharedMemory } from '../host/memory';
import { VCHAN_PAGE } from '../wire/vchanPage';
import { VchanLive } from '../wire/vchanRings';
import type { VchanRole } from './ringMoves';

const { cli_live, srv_live } = VCHAN_PAGE.fields;

export const liveOffsets: Record<VchanRole, number> = {
  server: srv_live.offsetBytes,
  client: cli_live.offsetBytes,
};

/** As the byte of the other side says: one that never was is not known to libxenvchan either, and counts as here. */
export function liveOf(control: SharedMemory, whom: VchanRole): number {
  const live = control.load8(liveOffsets[whom]);
  return live === VchanLive.GONE || (live === VchanLive.NEVER && whom === 'client') ? live : VchanLive.HERE;
}
