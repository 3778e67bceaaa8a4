/** How a domain is, as the hypervisor of a real host knows it. The xenstore does not tell this. */
import type { ShutdownReason } from './worldControl';

export interface DomainLife {
  readonly domid: number;
  /**
   * `shutdown`: it ended by itself and its toolstack has not taken it away. `dying`: it was destroyed, and
   * stays so as long as somebody maps its pages: what people call a zombie.
   */
  readonly state: 'running' | 'paused' | 'shutdown' | 'dying';
  /** Of a domain that shut down; undefined for one that this Xen has and we do not know. */
  readonly reason?: ShutdownReason | undefined;
  /** How it is virtualized; `HVM or PVH` where only a newer or older libxenctrl could tell which. */
  readonly type: 'PV' | 'HVM' | 'PVH' | 'HVM or PVH';
}
