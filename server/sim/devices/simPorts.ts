/** The drivers of server/xenbus in a simulated domain: its store, its grants, and the world's time. */
import type { Clock } from '../../host/clock';
import type { XenbusPorts } from '../../xenbus/ports';
import { runBackends, runFrontends } from '../../xenbus/bus';
import type { BackendKinds, FrontendKinds } from '../../xenbus/bus';
import { XenbusState } from '../../wire/xenbusState';
import type { Domain } from '../domain';

export function runDomainBackends(domain: Domain, kinds: BackendKinds): Promise<void> {
  return runBackends(simPorts(domain), 'backend', kinds);
}

export function runDomainFrontends(domain: Domain, kinds: FrontendKinds): Promise<void> {
  return runFrontends(simPorts(domain), kinds);
}

/** What waits by it waits no longer when the domain halts. */
export function domainClock(domain: Domain): Clock {
  return { nowMs: () => domain.nowMs(), after: (delayMs, run) => domain.after(delayMs, run) };
}

/** For the kernel that runs in the domain now. */
export function simPorts(domain: Domain): XenbusPorts {
  const { signal } = domain;
  return {
    domid: domain.domid,
    store: domain.store,
    grants: domain.lending.grants,
    events: domain.lending.events,
    clock: domainClock(domain),
    signal,
    // A kernel that has stopped unmaps nothing, and rings nobody.
    get isDead() {
      return signal.aborted;
    },
    follow: (path, look, until) => domain.follow(path, look, { signal: until }),
    // Long enough to be seen.
    async pause(until) {
      await domain.sleep(150, 600);
      until.throwIfAborted();
    },
    frontendTakesIn: (backend) => backend !== XenbusState.InitWait || !domain.strikes('unseenBackend'),
    log: (line) => domain.log(line),
  };
}
