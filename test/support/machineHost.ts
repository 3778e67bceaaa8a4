/** Machines for tests, and the host that two domains of one see. */
import { ManualClock } from '../sim/manualClock';
import type { PagePool } from '../../server/host/pages';
import { Machine } from '../../server/sim/machine/machine';
import type { MachineOptions } from '../../server/sim/machine/machine';
import { openProcessPages } from '../../server/sim/pages';
import { SeededRandom } from '../../server/sim/seededRandom';
import type { HostAbilities, HostSide, HostUnderTest } from './hostSuite';

/** A machine is played whole: nothing is left out. */
export const machineAbilities: HostAbilities = {
  domainEnds: ['orderly', 'sudden'],
  hasStranger: true,
  mapsZombies: false,
  knowsUse: true,
  changesBits: true,
};

export function newMachine(options: Partial<MachineOptions> = {}): Machine {
  return new Machine({
    pool: openProcessPages(),
    clock: new ManualClock(),
    random: new SeededRandom(1),
    ...options,
  });
}

/** With domains 0, 1 and 2. */
export function newHost(options: Partial<MachineOptions> = {}): Machine {
  const machine = newMachine(options);
  for (const domid of [0, 1, 2]) machine.createDomain(domid);
  return machine;
}

/** Two turns of the event loop: more than any prompt delivery takes. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export function machineHost(pool: PagePool): HostUnderTest {
  const machine = newMachine({ pool });
  const side = (domid: number): HostSide => {
    machine.createDomain(domid);
    const ports = machine.portsOf(domid);
    return { domid, grants: ports.grants, events: ports.events, end: () => ports.close() };
  };
  return {
    ours: side(1),
    theirs: side(2),
    stranger: side(3),
    endDomain: ({ domid }, way) => machine.destroyDomain(domid, { sudden: way === 'sudden' }),
    settled,
    close: () => {
      machine.close();
      pool.close();
    },
  };
}
