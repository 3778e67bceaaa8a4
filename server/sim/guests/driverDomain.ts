/** A Linux guest that drives the network card and serves vifs to other guests. */
import { netback } from '../devices/backends';
import { runDomainBackends } from '../devices/simPorts';
import type { GuestScript } from '../toolstack/config';
import { alpine, linuxGuest } from './linux';

export const networkDriverDomain: GuestScript = async (domain, surroundings) => {
  await linuxGuest(alpine)(domain, surroundings);
  domain.start('netback', () => runDomainBackends(domain, { vif: netback(domain) }));
};
