/** A MirageOS unikernel: one vif, no agent, and an orderly end when asked. */
import { mirageNetfront } from '../devices/frontends';
import { runDomainFrontends } from '../devices/simPorts';
import type { GuestScript } from '../toolstack/config';
import { obeyShutdown, offerShutdown } from './parts';

export const mirageGuest: GuestScript = async (domain, { isKexec }) => {
  domain.print('MirageOS: booting');
  await domain.sleep(100, 250);
  if (isKexec) await domain.store.resetWatches();
  await offerShutdown(domain, ['poweroff', 'reboot', 'suspend']);
  domain.start('shutdown handler', () => obeyShutdown(domain));
  await runDomainFrontends(domain, { vif: mirageNetfront(domain) });
};
