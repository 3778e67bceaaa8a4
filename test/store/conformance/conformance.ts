/**
 * The conformance cases and the servers that they run on. A case is written once, from the
 * protocol, and knows only this face of a server: so the same lines judge our store and the
 * xenstored of the Xen project.
 */
import type { RawConnection } from '../../support/rawConnection';

export interface Target {
  /** A new privileged connection: a socket, or domain 0's own. */
  dom0(): Promise<RawConnection>;
  /** The connection of an unprivileged domain, which is introduced first if it is not known yet. */
  guest(domid: number): Promise<RawConnection>;
  /** The hypervisor reports that the domain has shut down, or (again) that something changed. */
  domainShutdown(domid: number): void;
  /** The hypervisor reports that the domain is gone. */
  domainDied(domid: number): void;
  close(): Promise<void>;
}

export interface ConformanceCase {
  /** The number of the case, or the table that a case without a number belongs to. */
  readonly id: number | 'errors' | 'quotas' | 'domains' | 'events' | 'permissions' | 'transactions';
  readonly behaviour: string;
  /** Why the case does not run on Xen's own daemon: a fault of the old version, said in one sentence. */
  readonly notOnXen417?: string;
  run(target: Target): Promise<void>;
}

function titleOf({ id, behaviour }: ConformanceCase): string {
  return typeof id === 'number' ? `case ${id}: ${behaviour}` : `${id}: ${behaviour}`;
}

/** Some cases fill a store; a connection that hangs says so long before. */
const patienceMs = 60_000;

/** Registers one test per case, each on a server of its own. */
export function runCases(cases: readonly ConformanceCase[], open: () => Promise<Target>): void {
  for (const each of cases) {
    it(titleOf(each), async () => {
      const target = await open();
      try {
        await each.run(target);
      } finally {
        await target.close();
      }
    }).timeout(patienceMs);
  }
}

/** Makes the domains known, without a connection that the case would use. */
export async function introduce(target: Target, ...domids: number[]): Promise<void> {
  for (const domid of domids) await target.guest(domid);
}
