/**
 * The domains that programs from outside have joined: each is there already, or is built for them
 * and goes with the last of them. When a domain stops, so does everything that its programs have open.
 */
import { XenscopeError } from '../../host/errors';
import type { Dial } from '../../store/byteStream';
import type { Domain } from '../domain';
import { obeyShutdown, offerShutdown } from '../guests/parts';
import type { Hypervisor } from '../hypervisor';
import type { DomainConfig } from '../toolstack/config';
import type { Managed, Toolstack } from '../toolstack/toolstack';
import { JoinedDomain } from './joinedDomain';
import { maxStoreVisitors } from './storeDoor';

/** How many domains programs may have joined at once. */
const maxJoinedDomains = 64;
/** As xl takes it, and short enough for every list. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

export interface JoinedDomainsOptions {
  readonly hypervisor: Hypervisor;
  readonly toolstack: Toolstack;
  /** Where the sockets lie. */
  readonly folder: string;
  /** A connection to the store as that domain. */
  storeOf(domain: Domain): Dial;
  /** Told who came and who left. */
  note(text: string): void;
}

export class JoinedDomains {
  readonly #options: JoinedDomainsOptions;
  readonly #joined = new Map<number, JoinedDomain>();
  readonly #building = new Map<string, Promise<Domain>>();
  /** Opening doors, by domid: two who come at once find one. */
  readonly #opening = new Map<number, Promise<JoinedDomain>>();
  /** Built for programs; they go with the last of them. */
  readonly #ours = new WeakMap<Domain, Managed>();

  constructor(options: JoinedDomainsOptions) {
    this.#options = options;
  }

  /** One that somebody has joined and that still lives. */
  get(domid: number): JoinedDomain | undefined {
    return this.#joined.get(domid);
  }

  /** The domain of that name or number; a new one where there is none of that name. */
  async join(who: string): Promise<JoinedDomain> {
    const domain = await this.#find(who);
    const { domid } = domain;
    const known = this.get(domid) ?? this.#opening.get(domid);
    if (known) return known;
    if (this.#joined.size + this.#opening.size >= maxJoinedDomains) {
      throw new XenscopeError(
        'limit',
        `Programs have joined ${maxJoinedDomains} domains of this world already.`,
        {
          wayOut: 'End some of them first.',
        },
      );
    }
    const opening = this.#open(domain).finally(() => this.#opening.delete(domid));
    this.#opening.set(domid, opening);
    return opening;
  }

  /** The world ends. */
  async close(): Promise<void> {
    await Promise.all([...this.#joined.values()].map((joined) => joined.end('The world has ended.')));
  }

  async #find(who: string): Promise<Domain> {
    const { hypervisor, toolstack } = this.#options;
    if (/^[0-9]{1,5}$/.test(who)) {
      const domain = hypervisor.get(Number(who));
      if (domain) return mustRun(domain);
      throw new XenscopeError('input', `There is no domain ${who} in this world.`, {
        wayOut: 'Name one that is there, or a name for a new one.',
      });
    }
    if (!namePattern.test(who)) {
      throw new XenscopeError('input', 'That is no name for a domain.', {
        wayOut:
          'Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or a digit.',
      });
    }
    // One of that name that is on its way out makes room first.
    await toolstack.byName(who)?.end?.catch(() => undefined);
    const present = hypervisor.byName(who);
    const building = this.#building.get(who);
    if (building) return building;
    if (present) return mustRun(present);
    if (toolstack.isRestarting(who)) {
      throw new XenscopeError('busy', `The domain ${who} is being started again.`, {
        wayOut: 'Try again in a moment.',
      });
    }
    const built = this.#build(who).finally(() => this.#building.delete(who));
    this.#building.set(who, built);
    return built;
  }

  async #build(name: string): Promise<Domain> {
    const managed = await this.#options.toolstack.create(joinedConfig(name));
    this.#ours.set(managed.domain, managed);
    return managed.domain;
  }

  async #open(domain: Domain): Promise<JoinedDomain> {
    const { folder, storeOf, note } = this.#options;
    const { domid, name } = domain;
    const joined = new JoinedDomain(domain, folder, {
      onEmpty: () => this.#left(joined),
      onOver: () => this.#forget(joined),
      onStoreFull: () =>
        note(
          `programs of ${name} (domain ${domid}) have ${maxStoreVisitors} connections to the store; more are refused`,
        ),
    });
    try {
      await joined.openDoor(storeOf(domain));
    } catch (error) {
      void joined.end('Its programs have no way to the store.');
      this.#destroyOurs(domain);
      throw error;
    }
    if (joined.isOver) throw new XenscopeError('gone', `${name} (domain ${domid}) has stopped.`);
    this.#joined.set(domid, joined);
    note(`programs from outside join ${name} (domain ${domid})`);
    return joined;
  }

  /** The last program has left. */
  #left(joined: JoinedDomain): void {
    const { domain } = joined;
    this.#options.note(`the last program from outside leaves ${domain.name} (domain ${domain.domid})`);
    void joined.end('The last program has left.');
    // Within this call: who comes now waits until it is gone, and finds no domain that is about to go.
    this.#destroyOurs(domain);
  }

  #forget(joined: JoinedDomain): void {
    const { domid } = joined.domain;
    if (this.#joined.get(domid) === joined) this.#joined.delete(domid);
  }

  #destroyOurs(domain: Domain): void {
    const managed = this.#ours.get(domain);
    if (!managed) return;
    const { toolstack, hypervisor } = this.#options;
    toolstack.destroy(managed).catch((error: unknown) => {
      if (!hypervisor.dom0.signal.aborted) hypervisor.dom0.log(`${domain.name} stays: ${String(error)}`);
    });
  }
}

function mustRun(domain: Domain): Domain {
  if (domain.running) return domain;
  throw new XenscopeError('refused', `${domain.name} (domain ${domain.domid}) does not run.`, {
    wayOut: 'Join another one, or wait until it has been built again.',
  });
}

/** A small PV guest whose kernel obeys `xl shutdown`; its programs are those that join. */
function joinedConfig(name: string): DomainConfig {
  return {
    name,
    type: 'pv',
    memoryMiB: 64,
    vcpus: 1,
    nics: [],
    disks: [],
    onPoweroff: 'destroy',
    onReboot: 'destroy',
    onCrash: 'destroy',
    builtAtOnce: true,
    guest: async (domain) => {
      await offerShutdown(domain, ['poweroff', 'reboot', 'suspend']);
      await obeyShutdown(domain);
    },
  };
}
