/**
 * How a xenstored in domain 0 reaches the rings of the domains that are introduced to it: it maps
 * the page under the reserved grant and binds the doorbell, as INTRODUCE tells it.
 */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import { XENSTORE_GREF } from './grantTable';
import type { Machine } from './machine';

export interface AttachedRing {
  readonly memory: SharedMemory;
  readonly port: EventPort;
  /** Another doorbell of the domain in place of the one bound now; throws `notOurs` when there is none for us. */
  rebind(remotePort: number): EventPort;
  /** Lets go of page and doorbell: a page that stays mapped outlives its domain. Safe to call twice. */
  detach(): void;
}

/** `storeDomid` is the domain that the daemon lives in. */
export function storeRings(machine: Machine, storeDomid = 0) {
  const { grants, events } = machine.portsOf(storeDomid);
  return {
    /**
     * Throws a XenscopeError `notOurs` when the domain has no xenstore page at that frame or no
     * such doorbell for us, `gone` when there is no such domain.
     */
    attach(domid: number, gfn: number, port: number): AttachedRing {
      const { xenstore } = machine.startInfo(domid);
      if (gfn !== xenstore.gfn) {
        throw new XenscopeError('notOurs', `Domain ${domid} has no xenstore page at frame ${gfn}.`, {
          wayOut: `Introduce it with frame ${xenstore.gfn}.`,
        });
      }
      let bell = events.bindInterdomain(domid, port);
      let boundTo = port;
      try {
        const mapped = grants.map(domid, [XENSTORE_GREF], 'write');
        return {
          memory: mapped.memory,
          port: bell,
          rebind: (remotePort) => {
            // It can be bound only once. If it cannot be had again, it was closed before we closed it.
            if (remotePort === boundTo) bell.close();
            const next = events.bindInterdomain(domid, remotePort);
            bell.close();
            [bell, boundTo] = [next, remotePort];
            return bell;
          },
          detach: () => {
            mapped.unmap();
            bell.close();
          },
        };
      } catch (error) {
        bell.close();
        throw error;
      }
    },
  };
}
