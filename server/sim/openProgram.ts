/** A program of a simulated domain that somebody outside steers by hand; its life is the world's all the same. */
import { XenscopeError } from '../host/errors';
import type { Clock } from '../host/clock';
import type { HostProgram, ProgramEnd } from '../host/program';
import type { Dial } from '../store/byteStream';
import { openStoreClient } from '../store/client/storeClient';
import { deviceSteps } from './devices/deviceSteps';
import type { Domain } from './domain';
import type { WorldTime } from './due';
import type { Faults } from './faults';
import type { Hypervisor } from './hypervisor';
import type { Machine } from './machine/machine';
import { vchanSteps } from './rings/vchanSteps';

export interface ProgramOptions {
  readonly hypervisor: Hypervisor;
  readonly machine: Machine;
  readonly time: WorldTime;
  readonly faults: Faults;
  /** A person's clock. */
  readonly clock: Clock;
  /** Its way to the store. */
  readonly storeOf: (domain: Domain) => Dial;
  readonly admit: (text: string) => void;
}

/** Throws a XenscopeError where the domain does not run. */
export function openProgram(options: ProgramOptions, domid: number): HostProgram {
  const { time, faults } = options;
  const domain = runningDomain(options.hypervisor, domid);
  const ports = options.machine.portsOf(domid);
  const store = openStoreClient({
    dial: options.storeOf(domain),
    clock: options.clock,
    reconnect: false,
  });
  const { signal: ended } = domain;
  const stop = () => {
    ports.close();
    void store.close();
  };
  ended.addEventListener('abort', stop, { once: true });
  const leave = () => ended.removeEventListener('abort', stop);
  return {
    store,
    grants: ports.grants,
    events: ports.events,
    peers: ports.peers,
    steps: (control) => vchanSteps({ time, faults, domain, control }),
    deviceSteps: (path) => deviceSteps(domain, { path }),
    ended,
    admit: options.admit,
    reach: (gref, port) => options.machine.reach(domid, gref, port),
    end: (how: ProgramEnd) => {
      leave();
      ports.end(how === 'vanished');
      void store.close();
    },
    close: async () => {
      leave();
      ports.close();
      await store.close();
    },
  };
}

function runningDomain(hypervisor: Hypervisor, domid: number): Domain {
  const domain = hypervisor.get(domid);
  if (!domain) {
    throw new XenscopeError('input', `There is no domain ${domid} in this world.`, {
      wayOut: 'Choose one that exists; a guest that was rebooted has another number now.',
    });
  }
  if (domain.running) return domain;
  throw new XenscopeError('refused', `${domain.name} (domain ${domid}) does not run.`, {
    wayOut: 'Choose another domain, or wait until it has been built again.',
  });
}
