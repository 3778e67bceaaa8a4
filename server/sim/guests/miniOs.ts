/** Mini-OS: as a guest of its own, and as the stub domain that holds another guest's device model. */
import { miniOsBlkfront, miniOsNetfront } from '../devices/frontends';
import { runDomainFrontends } from '../devices/simPorts';
import { readText } from '../../xenbus/nodes';
import type { GuestScript } from '../toolstack/config';
import { obeyShutdown } from './parts';

export const miniOsGuest: GuestScript = async (domain) => {
  domain.print('Xen Minimal OS!');
  await domain.sleep(100, 250);
  domain.start('shutdown handler', () => obeyShutdown(domain));
  await runDomainFrontends(domain, { vif: miniOsNetfront(domain), vbd: miniOsBlkfront(domain) });
};

/** qemu-traditional on Mini-OS: reads whom it serves, and says so when it is ready. */
export const stubDomain: GuestScript = async (domain) => {
  await domain.sleep(300, 700);
  domain.start('xenbus', () => runDomainFrontends(domain, { vbd: miniOsBlkfront(domain) }));
  const target = await readText(domain.store, 'target');
  await domain.sleep(600, 1200);
  await domain.store.write(`device-model/${target}/state`, 'running');
};
