/** A Linux guest: netfront and blkfront, shutdown requests, a guest agent. */
import { linuxBlkfront, linuxKbdfront, linuxNetfront } from '../devices/frontends';
import { linuxNinepfront } from '../devices/ninep/ninepFront';
import { linuxHvc } from '../devices/secondConsole';
import { runDomainFrontends } from '../devices/simPorts';
import type { Domain } from '../domain';
import type { DomainConfig, GuestScript } from '../toolstack/config';
import { obeyShutdown, offerShutdown, runAgent } from './parts';
import type { AgentReport } from './parts';

export const debian: Omit<AgentReport, 'hasNetwork'> = {
  osName: 'Debian GNU/Linux 12 (bookworm)',
  osDistro: 'debian',
  osMajor: 12,
  osMinor: 8,
  uname: '6.1.0-28-amd64',
};

export const alpine: Omit<AgentReport, 'hasNetwork'> = {
  osName: 'Alpine Linux v3.20',
  osDistro: 'alpine',
  osMajor: 3,
  osMinor: 20,
  uname: '6.6.58-0-virt',
};

export function linuxGuest(os: Omit<AgentReport, 'hasNetwork'>): GuestScript {
  return async (domain, { config, isKexec }) => {
    await bootLinux(domain, config, { isKexec });
    await domain.sleep(2000, 4000);
    domain.print(`\r\n${os.osName} ${config.name} hvc0\r\n\r\n${config.name} login:`);
    domain.startDaemon('guest agent', () => runAgent(domain, { ...os, hasNetwork: config.nics.length > 0 }));
  };
}

/** The kernel: features first, then its buses. Returns when they run. */
export async function bootLinux(
  domain: Domain,
  { vcpus }: DomainConfig,
  { isKexec = false }: { readonly isKexec?: boolean } = {},
): Promise<void> {
  domain.print('[    0.000000] Booting paravirtualized kernel on Xen');
  await domain.sleep(400, 900);
  // The store may still remember the watches of the kernel before.
  if (isKexec) await domain.store.resetWatches();
  await offerShutdown(domain, ['poweroff', 'reboot', 'suspend']);
  domain.start('shutdown handler', () => obeyShutdown(domain));
  domain.start('xenbus', () =>
    runDomainFrontends(domain, {
      vif: linuxNetfront(domain, Math.min(vcpus, 4)),
      vbd: linuxBlkfront(domain),
      vkbd: linuxKbdfront(domain),
      '9pfs': linuxNinepfront(domain),
      console: linuxHvc(domain),
    }),
  );
}
