/** The life of a world's domains in the hands of a person: what there is, and what may be done with it. */
import { XenscopeError } from '../host/errors';
import type { DomainAct, DomainState, WorldDomain } from '../host/worldControl';
import type { Domain } from './domain';
import type { Hypervisor } from './hypervisor';
import type { DomainConfig } from './toolstack/config';
import type { Managed, Toolstack } from './toolstack/toolstack';

export interface LifeOptions {
  readonly hypervisor: Hypervisor;
  readonly toolstack: Toolstack;
  /** Those that can be started when they are not there. */
  readonly known: readonly DomainConfig[];
}

export class Life {
  readonly #hypervisor: Hypervisor;
  readonly #toolstack: Toolstack;
  readonly #known: readonly DomainConfig[];
  /** Asked to be started, and not yet in the toolstack's list. */
  readonly #starting = new Set<string>();

  constructor({ hypervisor, toolstack, known }: LifeOptions) {
    this.#hypervisor = hypervisor;
    this.#toolstack = toolstack;
    this.#known = known;
  }

  /** Those that exist, by domid, then those that could be started. */
  domains(): WorldDomain[] {
    const present = this.#hypervisor
      .list()
      .sort((one, other) => one.domid - other.domid)
      .map((domain) => this.#describe(domain));
    const absent = this.#known
      .filter(({ name }) => !this.#hypervisor.byName(name))
      .map(({ name }) => absentDomain(name, this.#starting.has(name) || this.#toolstack.isRestarting(name)));
    return [...present, ...absent];
  }

  act(act: DomainAct, who: number | string): void {
    const found = this.domains().find(({ domid, name }) => (typeof who === 'number' ? domid : name) === who);
    if (!found) {
      throw new XenscopeError(
        'input',
        `There is no domain ${typeof who === 'number' ? who : `named ${who}`} in this world.`,
        { wayOut: 'It may have ended meanwhile; choose one from the list of domains.' },
      );
    }
    if (!found.can.includes(act)) throw cannot(found, act);
    if (act === 'start') return this.#start(found.name);
    this.#actOn(act, this.#managed(found.domid!)!);
  }

  #start(name: string): void {
    const config = this.#known.find((known) => known.name === name)!;
    this.#starting.add(name);
    this.#begin(`start of ${name}`, async () => {
      // Registered within this call, or refused.
      const created = this.#toolstack.create(config);
      this.#starting.delete(name);
      await created;
    });
  }

  #actOn(act: Exclude<DomainAct, 'start'>, managed: Managed): void {
    const { domain, config } = managed;
    switch (act) {
      case 'shutdown':
        return this.#begin(`shutdown of ${config.name}`, () =>
          this.#toolstack.askToShutDown(managed, 'poweroff'),
        );
      case 'reboot':
      case 'suspend':
        return this.#begin(`${act} of ${config.name}`, () => this.#toolstack.askToShutDown(managed, act));
      case 'resume':
        return this.#begin(`resume of ${config.name}`, () => this.#toolstack.resume(managed));
      case 'destroy':
        return this.#begin(`destruction of ${config.name}`, () => this.#toolstack.destroy(managed));
      case 'kexec':
        return this.#toolstack.kexec(managed);
      case 'crash':
      case 'watchdog':
      case 'softReset':
        return domain.shutdown(act);
      case 'pause':
        return domain.pause();
      case 'unpause':
        return domain.unpause();
    }
  }

  /** An act that takes a while; one that fails is told and not tried again. */
  #begin(what: string, act: () => Promise<unknown>): void {
    const { dom0 } = this.#hypervisor;
    dom0.start(what, () =>
      act().catch((error: unknown) => {
        if (!dom0.signal.aborted) dom0.log(`${what} failed: ${String(error)}`);
      }),
    );
  }

  #managed(domid: number): Managed | undefined {
    return this.#toolstack.list().find(({ domain }) => domain.domid === domid);
  }

  #describe(domain: Domain): WorldDomain {
    const managed = this.#managed(domain.domid);
    const state = stateOf(domain, managed);
    return {
      domid: domain.domid,
      name: domain.name,
      state,
      reason: domain.status.kind === 'shutdown' ? domain.status.reason : undefined,
      can: managed ? actsOn(managed, state) : [],
    };
  }
}

function absentDomain(name: string, isStarting: boolean): WorldDomain {
  return {
    domid: undefined,
    name,
    state: isStarting ? 'building' : 'absent',
    reason: undefined,
    can: isStarting ? [] : ['start'],
  };
}

function stateOf({ status, isPaused }: Domain, managed: Managed | undefined): DomainState {
  if (managed?.end) return 'dying';
  if (status.kind === 'building') return 'building';
  if (status.kind === 'shutdown') return status.reason === 'suspend' ? 'suspended' : 'shutdown';
  return isPaused ? 'paused' : 'running';
}

function actsOn({ config, isOrgan }: Managed, state: DomainState): DomainAct[] {
  switch (state) {
    case 'running':
      return [
        ...(isOrgan ? [] : (['shutdown', 'reboot', 'suspend'] as const)),
        'pause',
        'crash',
        'watchdog',
        // Linux in a PV domain has no kexec, and libxl no soft reset for it.
        ...(config.type === 'pv' ? [] : (['kexec', 'softReset'] as const)),
        'destroy',
      ];
    case 'paused':
      return ['unpause', 'destroy'];
    case 'suspended':
      return ['resume', 'destroy'];
    case 'shutdown':
      return ['destroy'];
    default:
      return [];
  }
}

function cannot({ name, state, can }: WorldDomain, act: DomainAct): XenscopeError {
  const wayOut =
    can.length > 0
      ? `Possible now: ${can.join(', ')}.`
      : 'Wait until its state changes; nothing is possible now.';
  return new XenscopeError('refused', `${act} is not possible: ${name} is ${state}.`, { wayOut });
}
