/**
 * A simulated host: a real Xenstored, a toolstack and drivers in domain 0, and guests that live in
 * it. All chance comes from one seed and all waiting goes through one scheduler, so the same seed
 * makes the same life as long as nobody reaches in from outside.
 */
import type { Clock, Random } from '../host/clock';
import { EndReports } from '../host/endReports';
import type { Host } from '../host/host';
import type { PagePool } from '../host/pages';
import type { HostProgram } from '../host/program';
import type { StoreClient } from '../host/storeClient';
import type { StoreTap } from '../host/tap';
import type { WorldMove } from '../host/worldControl';
import { Intercept } from '../pvcalls/intercept/intercept';
import type { SocketNetwork } from '../pvcalls/network';
import type { Dial } from '../store/byteStream';
import { openStoreClient } from '../store/client/storeClient';
import { Xenstored } from '../store/xenstored';
import { XsRingFeature } from '../wire/xsRing';
import { Activity } from './activity';
import { Admissions } from './admissions';
import { Control } from './control';
import { demoDomains, demoPlan } from './demo';
import { dom0Backends } from './devices/backends';
import { domainClock, runDomainBackends } from './devices/simPorts';
import { StoreDevices } from './devices/storeDevices';
import { bootDom0 } from './dom0/boot';
import { runConsoled } from './dom0/consoled';
import { startOperator } from './dom0/operator';
import type { OperatorPlan } from './dom0/operator';
import type { Domain } from './domain';
import { Faults } from './faults';
import type { FaultName } from './faults';
import { Hypervisor } from './hypervisor';
import { GuestSocket } from './joined/guestSocket';
import { strikeVchan } from './joined/strikeVchan';
import { Life } from './life';
import { Machine } from './machine/machine';
import type { MachineObserver } from './machine/machineObserver';
import { SimNetwork } from './network/simNetwork';
import { openProgram } from './openProgram';
import { openProcessPages } from './pages';
import { Consoles } from './rings/consoles';
import { worldDoorbells } from './rings/doorbells';
import { VchanProgram } from './rings/vchanPrograms';
import { Kernels } from './rings/kernels';
import { recordedDial, recordedSockets } from './recordRequests';
import { Scheduler } from './scheduler';
import { SeededRandom } from './seededRandom';
import type { DomainConfig } from './toolstack/config';
import { Toolstack } from './toolstack/toolstack';
import { worldLink } from './worldLink';

export interface WorldOptions {
  readonly seed: number;
  /** 1 is human speed, 0 is quiet. */
  readonly pace: number;
  readonly clock: Clock;
  /** Where other programs may reach the store; nowhere when absent. */
  readonly storeSocketPath?: string;
  /**
   * Where programs of other processes may join its domains; nowhere when absent, or where `pages` are
   * not such that other processes can map them. Sockets of the domains lie beside it.
   */
  readonly guestSocketPath?: string;
  readonly log?: (line: string) => void;
  /** Who lives there, in the order of their start; the demo host when absent. */
  readonly domains?: readonly DomainConfig[];
  /** What the operator does; absent with `domains`: nothing. */
  readonly plan?: OperatorPlan;
  /**
   * What the store offers on rings: values of XsRingFeature, or-ed. By default reconnection and the
   * error word; C xenstored itself offers no reconnection, oxenstored no error word.
   */
  readonly ringFeatures?: number;
  /** `process`: guests speak to the store past their rings, as fast as can be. */
  readonly transport?: 'ring' | 'process';
  /** Where sockets are opened that guests have through PV Calls; a network inside the world when absent. */
  readonly network?: SocketNetwork;
  /** Where the pages of the machine come from; closed with the world. In this process when absent. */
  readonly pages?: PagePool;
  /** Listens to all connections of the store, from the first one on. */
  readonly tap?: StoreTap;
  /** Told of each thing before it happens: a journal. */
  readonly onMove?: (move: WorldMove) => void;
}

/** How long the host has been up when one first looks: its guests have booted and connected. */
const upMs = 90_000;

/** Each kind of chance has a stream of its own: what comes from outside cannot change the guests' lives. */
const seedOffsets = { outside: 0.5, order: 0.25, faults: 0.125, machine: 0.0625 };

const defaultRingFeatures = XsRingFeature.RECONNECTION | XsRingFeature.ERROR;

export async function createWorld(options: WorldOptions): Promise<World> {
  const world = new World(options);
  try {
    await world.boot(options);
  } catch (error) {
    await world.close();
    throw error;
  }
  return world;
}

export class World implements Host {
  readonly kind = 'simulated';
  readonly clock: Clock;
  readonly random: Random;
  readonly world: Control;
  readonly store: Xenstored;
  readonly machine: Machine;
  readonly hypervisor: Hypervisor;
  readonly toolstack: Toolstack;
  readonly endReports = new EndReports();

  readonly #scheduler: Scheduler;
  readonly #pages: PagePool;
  readonly #admissions: Admissions;
  readonly #faults: Faults;
  readonly #consoles: Consoles;
  readonly #intercept: Intercept;
  readonly #note = (text: string) => this.#admissions.add('request', text);
  readonly #activity = new Activity();
  readonly #outsiders = new Set<StoreClient>();
  #listener: { readonly path: string; close(): Promise<void> } | undefined;
  #guests: GuestSocket | undefined;
  #closed = false;

  constructor(options: WorldOptions) {
    const { seed, clock, transport = 'ring', log = () => undefined } = options;
    this.clock = clock;
    this.random = new SeededRandom(seed + seedOffsets.outside);
    this.#pages = options.pages ?? openProcessPages();
    const time = (this.#scheduler = new Scheduler({
      clock,
      startMs: clock.nowMs() - upMs,
      settled: () => new Promise((resolve) => setImmediate(resolve)),
      random: new SeededRandom(seed + seedOffsets.order),
      ...(options.onMove ? { onMove: options.onMove } : {}),
      onHappened: ({ domid }) => this.machine.tellMove(domid),
    }));
    this.#admissions = new Admissions(() => ({ afterMove: time.moves, atMs: time.nowMs() }));
    const domain = (domid: number): Domain | undefined => this.hypervisor.get(domid);
    const changed = () => this.world.changed();
    const faults = (this.#faults = new Faults(new SeededRandom(seed + seedOffsets.faults), changed));
    this.machine = new Machine({
      pool: this.#pages,
      clock: time,
      random: new SeededRandom(seed + seedOffsets.machine),
      schedule: worldDoorbells({ time, faults, domain }),
    });
    this.#consoles = new Consoles(this.machine, time);
    const kernels = new Kernels({ machine: this.machine, time, faults, domain });
    const rings = {
      attach: (domid: number, gfn: number, port: number) => kernels.attach(domid, gfn, port),
      features: options.ringFeatures ?? defaultRingFeatures,
    };
    const tap = recordedSockets(this.#note, options.tap);
    const soon = (domid: number, run: () => void) => {
      time.soon(run, { kind: 'request', domid, text: `The store goes on with requests of domain ${domid}.` });
    };
    this.store = new Xenstored({ clock: time, soon, log, tap, ...(transport === 'ring' ? { rings } : {}) });
    const devices = new StoreDevices(this.store, () => this.machine.observer().tellChange());
    this.machine.observer().followDevices(devices);
    const openStore = (owner: Domain): StoreClient => {
      if (transport === 'ring' && owner.domid !== 0) return kernels.boot(owner).store;
      const { domid, name, gate } = owner;
      const dial = worldLink(this.store.connect({ domid }), { time, domid, name, gate });
      return openStoreClient({ dial, clock: time, reconnect: false });
    };
    // Listeners are called later: by then everything below is there.
    const random = new SeededRandom(seed);
    const ports = {
      time,
      random,
      openStore,
      log,
      kernel: (domid: number) => kernels.get(domid),
      programPorts: (domid: number) => this.machine.portsOf(domid),
      openVchans: (owner: Domain) => new VchanProgram({ machine: this.machine, time, faults }, owner),
      print: (owner: Domain, line: string) => this.#consoles.print(owner, line),
      strikes: (fault: FaultName, domid: number) => faults.isAny && faults.strikes(fault, domid),
      changed: () => queueMicrotask(changed),
    };
    this.hypervisor = new Hypervisor(ports, this.machine, {
      domainCreated: (domid) => this.store.domainCreated(domid),
      domainShutdown: (domid) => this.store.domainShutdown(domid),
      domainDied: (domid) => {
        kernels.forget(domid);
        faults.forgetDomain(domid);
        devices.forget(domid);
        this.store.domainDied(domid);
      },
    });
    this.toolstack = new Toolstack(this.hypervisor);
    const { hypervisor, toolstack } = this;
    const worker = options.domains ? options.plan?.worker : demoPlan.worker;
    const known = [...(options.domains ?? demoDomains), ...(worker ? [worker] : [])];
    this.#intercept = new Intercept({
      domid: 0,
      clock: domainClock(hypervisor.dom0),
      admit: (text) => this.#admissions.add('act', text),
    });
    this.world = new Control({
      seed,
      clock,
      scheduler: time,
      hypervisor,
      life: new Life({ hypervisor, toolstack, known }),
      faults,
      kernels,
      admissions: this.#admissions,
      interceptors: [this.#intercept],
      storeSocketPath: () => this.#listener?.path,
      guestSocketPath: () => this.#guests?.path,
      isLent: (domid, gref) => this.machine.isLent(domid, gref),
    });
  }

  /** The world's own time, in milliseconds since the epoch. */
  nowMs(): number {
    return this.#scheduler.nowMs();
  }

  /** Timers that wait in the world, and what may happen now; none once it is closed. */
  get waitingTimers(): number {
    return this.#scheduler.waiting;
  }

  /** Watches that the world's own domains hold. */
  get watches(): number {
    return this.hypervisor.list().reduce((sum, domain) => sum + domain.watches, 0);
  }

  /** Looks at the pages of all domains, without taking part. */
  observer(): MachineObserver {
    return this.machine.observer();
  }

  /** What a domain has printed on its console, the last of it. */
  terminal(domid: number): string {
    return this.#consoles.terminals.get(domid) ?? '';
  }

  openProgram(domid = 0): HostProgram {
    const { hypervisor, machine, clock } = this;
    const storeOf = (owner: Domain) => this.#storeFromOutside(owner);
    const admit = (text: string) => this.#admissions.add('act', text);
    const [time, faults] = [this.#scheduler, this.#faults];
    return openProgram({ hypervisor, machine, time, faults, clock, storeOf, admit }, domid);
  }

  openStore(): StoreClient {
    const dial = this.#activity.noted(recordedDial(this.store.connect({ domid: 0 }), this.#note));
    const client = openStoreClient({ dial, clock: this.clock, random: this.random });
    this.#outsiders.add(client);
    client.onStateChange(({ kind }) => {
      if (kind === 'closed') this.#outsiders.delete(client);
    });
    return client;
  }

  /** Lets `ms` of the world's time pass as fast as it can, and comes to rest; for tests, at pace 0. */
  advance(ms: number): Promise<void> {
    return this.#scheduler.advance(ms);
  }

  /** Resolves when nothing moves until the next timer. */
  async settled(): Promise<void> {
    do await this.#activity.settled();
    while (!this.#scheduler.isAtRest);
  }

  /** Called once, by createWorld: builds the host, lets it run for a while, then opens its doors. */
  async boot(options: WorldOptions): Promise<void> {
    const { pace, storeSocketPath, guestSocketPath, domains, plan, network = new SimNetwork() } = options;
    const { dom0 } = this.hypervisor;
    await bootDom0(dom0.store);
    dom0.start('backend drivers', () =>
      runDomainBackends(dom0, dom0Backends(dom0, network, this.#intercept, this.endReports)),
    );
    const consolePorts = this.#consoles.ports((domid) => this.hypervisor.get(domid));
    dom0.start('xenconsoled', () => runConsoled(dom0, consolePorts, this.#consoles.terminals));
    dom0.start('xl', () => this.toolstack.superviseDomains());
    dom0.start('boot of the guests', async () => {
      for (const config of domains ?? demoDomains) {
        // Some may run already, if this has to begin again.
        if (!this.toolstack.byName(config.name)) await this.toolstack.create(config);
      }
      const operatorPlan = domains ? plan : demoPlan;
      if (operatorPlan) startOperator(dom0, this.toolstack, operatorPlan);
    });
    await this.advance(upMs);
    if (storeSocketPath !== undefined) this.#listener = await this.store.listen(storeSocketPath);
    if (guestSocketPath !== undefined) await this.#openGuestSocket(guestSocketPath);
    this.world.pace = pace;
  }

  /** The way to the store of a program that is steered from outside. */
  #storeFromOutside({ domid, name, gate }: Domain): Dial {
    const link = worldLink(this.store.connect({ domid }), { time: this.#scheduler, domid, name, gate });
    return recordedDial(link, this.#note);
  }

  async #openGuestSocket(socketPath: string): Promise<void> {
    if (this.#pages.folder === undefined) return;
    const { machine, hypervisor, toolstack } = this;
    const time = this.#scheduler;
    const guests = new GuestSocket(socketPath, {
      machine,
      hypervisor,
      toolstack,
      time,
      pagesFolder: this.#pages.folder,
      storeOf: (owner) => this.#storeFromOutside(owner),
      note: (text) => this.#admissions.add('act', text),
      onRing: ({ domid }) => strikeVchan(this.machine, this.#faults, domid),
    });
    await guests.listen();
    this.#guests = guests;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#guests?.close();
    this.#scheduler.close();
    this.hypervisor.stop();
    for (const client of [...this.#outsiders]) await client.close();
    await this.#listener?.close();
    await this.store.close();
    this.machine.close();
    this.#pages.close();
  }
}
