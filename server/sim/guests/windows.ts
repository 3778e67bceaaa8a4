/** A Windows guest with PV drivers: they close each device before they connect it, and tell much. */
import { windowsBlkfront, windowsNetfront } from '../devices/frontends';
import { runDomainFrontends } from '../devices/simPorts';
import { writeEntries } from '../../xenbus/nodes';
import type { Domain } from '../domain';
import type { GuestScript } from '../toolstack/config';
import { balloonedKiB, obeyShutdown, offerShutdown, wander } from './parts';

export const windowsGuest: GuestScript = async (domain, { config, isKexec }) => {
  await domain.sleep(3000, 5000);
  if (isKexec) await domain.store.resetWatches();
  await writeEntries(domain.store, 'drivers', [
    ['0', 'XenProject XENBUS 9.0.0.0 (1)'],
    ['1', 'XenProject XENVIF 9.0.0.0 (1)'],
    ['2', 'XenProject XENVBD 9.0.0.0 (1)'],
  ]);
  await offerShutdown(domain, ['poweroff', 'reboot', 's3', 's4', 'suspend']);
  domain.start('shutdown handler', () => obeyShutdown(domain));
  domain.start('xenbus', () =>
    runDomainFrontends(domain, {
      vif: windowsNetfront(domain, Math.min(config.vcpus, 4)),
      vbd: windowsBlkfront(domain),
    }),
  );
  await domain.sleep(3000, 6000);
  domain.startDaemon('guest agent', () => runWindowsAgent(domain));
};

async function runWindowsAgent(domain: Domain): Promise<void> {
  const { store } = domain;
  await writeEntries(store, 'attr/PVAddons', [
    ['Installed', 1],
    ['MajorVersion', 9],
    ['MinorVersion', 0],
    ['MicroVersion', 0],
    ['BuildVersion', 1],
  ]);
  await writeEntries(store, 'attr/os', [
    ['class', 'windows NT'],
    ['major', 10],
    ['minor', 0],
    ['build', 19045],
    ['platform', 2],
  ]);
  await writeEntries(store, 'data', [
    ['os_name', 'Microsoft Windows 10 Pro'],
    ['host_name', 'DESKTOP-XS10'],
  ]);
  await store.write('attr/vif/0/ipv4/0', `10.0.9.${domain.random.between(2, 250)}`);
  let totalKiB = await balloonedKiB(domain);
  let freeKiB = Math.round(totalKiB * 0.5);
  for (;;) {
    totalKiB = await balloonedKiB(domain, totalKiB);
    freeKiB = wander(domain, freeKiB, totalKiB);
    await store.write('data/meminfo_total', String(totalKiB));
    await store.write('data/meminfo_free', String(freeKiB));
    await store.write('data/updated', String(Math.round(domain.nowMs())));
    await domain.sleep(9_000, 16_000);
  }
}
