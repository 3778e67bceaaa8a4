/** How event channels deliver in a world: each delivery is a thing of its own, and may go wrong. */
import type { Domain } from '../domain';
import type { What, WorldTime } from '../due';
import type { Faults } from '../faults';
import type { Delivery, Schedule } from '../machine/delivery';

export interface DoorbellOptions {
  readonly time: WorldTime;
  readonly faults: Faults;
  domain(domid: number): Domain | undefined;
}

export function worldDoorbells({ time, faults, domain }: DoorbellOptions): Schedule {
  return (deliver, delivery) => {
    const what = new Ring(delivery, domain(delivery.toDomid));
    // Faults are of the guest, whichever way the bell rings.
    const domid = delivery.toDomid === 0 ? delivery.fromDomid : delivery.toDomid;
    if (delivery.kind === 'ring') {
      if (faults.strikes('lostNotify', domid)) return 'lost';
      if (faults.strikes('delayedDelivery', domid)) {
        time.after(faults.random.between(50, 2000), deliver, what);
        return 'sent';
      }
      if (faults.strikes('duplicatedNotify', domid)) time.soon(deliver, what);
    }
    time.soon(deliver, what);
    return 'sent';
  };
}

/** Says its sentence only when asked. */
class Ring implements What {
  readonly kind = 'doorbell';
  readonly domid: number;
  readonly gate: What['gate'];
  readonly #delivery: Delivery;
  readonly #name: string;

  constructor(delivery: Delivery, domain: Domain | undefined) {
    this.#delivery = delivery;
    this.#name = domain?.name ?? 'a domain that is gone';
    this.domid = delivery.toDomid;
    this.gate = domain?.gate;
  }

  get text(): string {
    const { kind, fromDomid, toDomid, toPort } = this.#delivery;
    const whom = `${this.#name} (domain ${toDomid})`;
    switch (kind) {
      case 'ring':
        return `${whom} hears the doorbell ${toPort}, rung by domain ${fromDomid}.`;
      case 'look':
        return `${whom} looks at the doorbell ${toPort}, which rang before.`;
      case 'end':
        return toPort === 0
          ? `${whom} finds that domain ${fromDomid} has ended.`
          : `${whom} finds nobody of domain ${fromDomid} at the other end of the doorbell ${toPort}.`;
    }
  }
}
