/**
 * The person, or the cron job, at the host's keyboard: moves memory between guests, plugs and
 * unplugs a device now and then, and starts a short-lived guest every few minutes.
 */
import type { Domain } from '../domain';
import type { DiskConfig, DomainConfig, NicConfig } from '../toolstack/config';
import { memoryKiB } from '../toolstack/config';
import type { Managed, Toolstack } from '../toolstack/toolstack';

/** Memory moves in steps of this size, as a person would type them. */
const stepKiB = 16 * 1024;

export interface OperatorPlan {
  /** Started again and again, each time when the one before has gone. */
  readonly worker: DomainConfig;
  readonly hotplugNic: { readonly domain: string; readonly nic: NicConfig };
  readonly hotplugDisk: { readonly domain: string; readonly disk: DiskConfig };
}

export function startOperator(dom0: Domain, toolstack: Toolstack, plan: OperatorPlan): void {
  dom0.start('memory balancing', () => balanceMemory(dom0, toolstack));
  dom0.start('network hotplug', () =>
    hotplug(dom0, toolstack, plan.hotplugNic.domain, (managed) =>
      toolstack.attachNic(managed, plan.hotplugNic.nic),
    ),
  );
  dom0.start('disk hotplug', () =>
    hotplug(dom0, toolstack, plan.hotplugDisk.domain, (managed) =>
      toolstack.attachDisk(managed, plan.hotplugDisk.disk),
    ),
  );
  dom0.start('short-lived guests', () => startWorkers(dom0, toolstack, plan.worker));
}

async function balanceMemory(dom0: Domain, toolstack: Toolstack): Promise<void> {
  for (;;) {
    await dom0.sleep(8_000, 20_000);
    const elastic = toolstack
      .list()
      .filter(({ domain, config }) => domain.running && config.maxMemoryMiB !== undefined);
    if (elastic.length === 0) continue;
    const managed = dom0.random.pick(elastic);
    const { targetKiB, maxKiB } = memoryKiB(managed.config);
    const steps = Math.floor((maxKiB - targetKiB) / stepKiB);
    await toolstack.setMemoryTarget(managed, targetKiB + dom0.random.between(0, steps) * stepKiB);
  }
}

async function hotplug(
  dom0: Domain,
  toolstack: Toolstack,
  name: string,
  attach: (managed: Managed) => ReturnType<Toolstack['attachNic']>,
): Promise<void> {
  for (;;) {
    await dom0.sleep(40_000, 120_000);
    const managed = toolstack.byName(name);
    if (!managed?.domain.running) continue;
    const device = await attach(managed);
    await dom0.sleep(30_000, 60_000);
    if (toolstack.byName(name) === managed) await toolstack.detach(managed, device);
  }
}

async function startWorkers(dom0: Domain, toolstack: Toolstack, worker: DomainConfig): Promise<void> {
  for (;;) {
    await dom0.sleep(20_000, 90_000);
    if (!toolstack.byName(worker.name)) await toolstack.create(worker);
  }
}
