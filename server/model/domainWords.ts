/** How a domain is, in words that follow its name. */
import type { DomainLife } from '../host/domainLife';
import type { ShutdownReason } from '../host/worldControl';

const shutdownWords: Readonly<Record<ShutdownReason, string>> = {
  poweroff: 'powered off',
  reboot: 'reboots',
  suspend: 'suspended',
  crash: 'crashed',
  watchdog: 'ended by its watchdog',
  softReset: 'resets itself',
};

export function shutdownText(reason: ShutdownReason | undefined): string {
  return reason === undefined ? 'shut down' : shutdownWords[reason];
}

/** Undefined for one that runs, which goes without saying. `isLeft`: it has been dying for longer than that takes. */
export function lifeText({ state, reason }: DomainLife, isLeft: boolean): string | undefined {
  switch (state) {
    case 'running':
      return undefined;
    case 'paused':
      return 'paused';
    case 'shutdown':
      return shutdownText(reason);
    case 'dying':
      return isLeft ? 'destroyed, but a zombie: somebody still holds its pages' : 'is being destroyed';
  }
}

/** Of a domain that only the xenstore knows. */
export const onlyNodesText = 'gone: only its nodes are left';
