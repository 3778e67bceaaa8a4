/** A world with one guest that does nothing by itself, and ends of vchans that a person drives between it and domain 0. */
import type { VchanPlan } from '../../server/act/vchanPlan';
import { VchanSession } from '../../server/act/vchanSession';
import type { XenscopeError } from '../../server/host/errors';
import type { World } from '../../server/sim/world';
import { ManualClock } from '../sim/manualClock';
import { openWorld, plainGuest } from '../sim/worldKit';

export class VchanGuest {
  private constructor(
    readonly world: World,
    readonly domid: number,
  ) {}

  /** It is closed with all worlds of a test. */
  static async open(): Promise<VchanGuest> {
    const world = await openWorld({ domains: [plainGuest({ guest: () => new Promise(() => undefined) })] });
    await world.settled();
    return new VchanGuest(world, world.hypervisor.list().at(-1)!.domid);
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await this.world.settled();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** In the guest, or in domain 0; the other one is its peer. */
  drive(own: 'guest' | 'domain0', plan: Pick<VchanPlan, 'role' | 'path'>): VchanSession {
    const { domid, world } = this;
    const [actAs, peer] = own === 'guest' ? [domid, 0] : [0, domid];
    const name = (which: number) => (which === 0 ? 'Domain-0 (0)' : `guest (${domid})`);
    return new VchanSession({
      plan: { ...plan, peer, actAs },
      program: world.openProgram!(actAs),
      clock: new ManualClock(),
      names: { ownDomid: actAs, own: name(actAs), peer: name(peer), isHeld: () => false },
      explain: (error) => Promise.resolve(error as XenscopeError),
    });
  }
}
