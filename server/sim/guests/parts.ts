/** What guests of several kinds have in common. A part runs until its domain halts. */
import { readText, writeEntries } from '../../xenbus/nodes';
import type { Domain } from '../domain';

/** Tells the toolstack which requests of `control/shutdown` the guest understands. */
export function offerShutdown(domain: Domain, features: readonly string[]): Promise<void> {
  return writeEntries(
    domain.store,
    'control',
    features.map((feature) => [`feature-${feature}`, 1] as const),
  );
}

/** Obeys `xl shutdown`, `xl reboot` and `xl suspend`: clears the request, and goes down a moment later. */
export async function obeyShutdown(domain: Domain): Promise<void> {
  await domain.follow('control/shutdown', async () => {
    const request = await readText(domain.store, 'control/shutdown');
    if (request !== 'poweroff' && request !== 'reboot' && request !== 'suspend') return;
    await domain.store.write('control/shutdown', '');
    domain.print(`xen: asked to ${request}`);
    await domain.sleep(1000, 3000);
    domain.shutdown(request);
  });
}

export interface AgentReport {
  readonly osName: string;
  readonly osDistro: string;
  readonly osMajor: number;
  readonly osMinor: number;
  readonly uname: string;
  /** Whether the guest has a first network interface with an address. */
  readonly hasNetwork: boolean;
}

/**
 * The guest agent of XenServer and its relatives (xe-guest-utilities): versions once, then the free
 * memory again and again, and `data/updated` last, because that is what the toolstack watches.
 */
export async function runAgent(domain: Domain, report: AgentReport): Promise<void> {
  const { store } = domain;
  await writeEntries(store, 'attr/PVAddons', [
    ['Installed', 1],
    ['MajorVersion', 8],
    ['MinorVersion', 4],
    ['MicroVersion', 0],
    ['BuildVersion', 1],
  ]);
  await writeEntries(store, 'data', [
    ['os_name', report.osName],
    ['os_distro', report.osDistro],
    ['os_majorver', report.osMajor],
    ['os_minorver', report.osMinor],
    ['os_uname', report.uname],
  ]);
  if (report.hasNetwork) {
    const address = `10.0.${domain.random.below(8)}.${domain.random.between(2, 250)}`;
    await store.write('attr/vif/0/ipv4/0', address);
  }
  let reportedKiB = 0;
  let totalKiB = await balloonedKiB(domain);
  let freeKiB = Math.round(totalKiB * (0.3 + 0.4 * domain.random.next()));
  for (;;) {
    totalKiB = await balloonedKiB(domain, totalKiB);
    if (totalKiB !== reportedKiB) await store.write('data/meminfo_total', String(totalKiB));
    reportedKiB = totalKiB;
    freeKiB = wander(domain, freeKiB, totalKiB);
    await store.write('data/meminfo_free', String(freeKiB));
    await store.write('data/updated', new Date(domain.nowMs()).toUTCString());
    await domain.sleep(6_000, 15_000);
  }
}

/**
 * The guest's balloon follows the target at once; how much it holds shows in what the agent reports. What is no
 * number it passes over, as balloon drivers do, and stays at `lastKiB`.
 */
export async function balloonedKiB(domain: Domain, lastKiB = 0): Promise<number> {
  const target = await readText(domain.store, 'memory/target');
  return target !== undefined && /^[0-9]{1,15}$/.test(target) ? Number(target) : lastKiB;
}

/** A value that drifts by a few per cent and stays within the memory there is. */
export function wander(domain: Domain, valueKiB: number, limitKiB: number): number {
  const next = Math.round(valueKiB * (0.94 + 0.12 * domain.random.next()));
  return Math.min(Math.max(next, Math.round(limitKiB * 0.05)), Math.round(limitKiB * 0.95));
}
