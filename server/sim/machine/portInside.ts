/** What a machine knows of the doorbell of a page, and no observer of a real host could. */
import type { ObservedInside } from '../../host/observer';
import type { Port } from './eventTable';

/**
 * `port` is the guest's end. The same object as before while nothing changed: it is asked for with each
 * look at each page.
 */
export function insideOf(port: Port | undefined, before: ObservedInside | undefined): ObservedInside {
  const pendingToServer = port?.peer?.isPending ?? false;
  const pendingToGuest = port?.isPending ?? false;
  const toldServer = port?.peer?.told;
  const toldGuest = port?.told;
  const isSame =
    before?.toldServer === toldServer &&
    before?.toldGuest === toldGuest &&
    before?.pendingToServer === pendingToServer &&
    before.pendingToGuest === pendingToGuest;
  return isSame ? before : { pendingToServer, pendingToGuest, toldServer, toldGuest };
}
