/**
 * A simulated host: a real Xenstored, a toolstack and drivers in domain 0, and guests that live in
 * it. All chance comes from one seed and all waiting goes through one scheduler, so the same seed
 * makes the same life as long as nobody reaches in from outside.
 */
import type { Clock, Random } from '../host/clock';
import type { Host, WorldControl } from '../host/host';
import type { StoreClient } from '../host/storeClient';
import { openStoreClient } from '../store/client/storeClient';
import { Xenstored } from '../store/xenstored';
import { Activity } from './activity';
import { demoDomains, demoPlan } from './demo';
import { blkback, netback, qdisk, vkbd } from './devices/backends';
import { runBus } from './devices/bus';
import { bootDom0 } from './dom0/boot';
import { runConsoled } from './dom0/consoled';
import { startOperator } from './dom0/operator';
import type { OperatorPlan } from './dom0/operator';
import { Hypervisor } from './hypervisor';
import { Scheduler } from './scheduler';
import { SeededRandom } from './seededRandom';
import type { DomainConfig } from './toolstack/config';
import { Toolstack } from './toolstack/toolstack';

export interface WorldOptions {
  readonly seed: number;
  /** 1 is human speed, 0 is quiet. */
  readonly pace: number;
  readonly clock: Clock;
  /** Where other programs may reach the store; nowhere when absent. */
  readonly storeSocketPath?: string;
  readonly log?: (line: string) => void;
  /** Who lives there, in the order of their start; the demo host when absent. */
  readonly domains?: readonly DomainConfig[];
  /** What the operator does; absent with `domains`: nothing. */
  readonly plan?: OperatorPlan;
}

/** How long the host has been up when one first looks: its guests have booted and connected. */
const upMs = 90_000;

/** What comes from outside draws its chance elsewhere, so that it cannot change the guests' lives. */
const outsideSeedOffset = 0.5;

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
  readonly world: WorldControl;
  readonly store: Xenstored;
  readonly hypervisor: Hypervisor;
  readonly toolstack: Toolstack;

  readonly #scheduler: Scheduler;
  readonly #activity = new Activity();
  readonly #outsiders = new Set<StoreClient>();
  #listener: { readonly path: string; close(): Promise<void> } | undefined;
  #closed = false;

  constructor({ seed, clock, log = () => undefined }: WorldOptions) {
    this.clock = clock;
    this.random = new SeededRandom(seed + outsideSeedOffset);
    this.#scheduler = new Scheduler({
      clock,
      startMs: clock.nowMs() - upMs,
      settled: () => this.#activity.settled(),
    });
    this.store = new Xenstored({ clock, log });
    const openStore = (domid: number) =>
      openStoreClient({
        dial: this.#activity.noted(this.store.connect({ domid })),
        clock: this.#scheduler,
        reconnect: false,
      });
    const ports = { clock: this.#scheduler, random: new SeededRandom(seed), openStore, log };
    this.hypervisor = new Hypervisor(ports, this.store);
    this.toolstack = new Toolstack(this.hypervisor);
    this.world = worldControl(seed, this.#scheduler, () => this.#listener?.path);
  }

  /** The world's own time, in milliseconds since the epoch. */
  nowMs(): number {
    return this.#scheduler.nowMs();
  }

  /** Timers that wait in the world; none once it is closed. */
  get waitingTimers(): number {
    return this.#scheduler.waiting;
  }

  /** Watches that the world's own domains hold. */
  get watches(): number {
    return this.hypervisor.list().reduce((sum, domain) => sum + domain.watches, 0);
  }

  openStore(): StoreClient {
    const dial = this.#activity.noted(this.store.connect({ domid: 0 }));
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
  settled(): Promise<void> {
    return this.#activity.settled();
  }

  /** Called once, by createWorld: builds the host, lets it run for a while, then opens its doors. */
  async boot({ pace, storeSocketPath, domains, plan }: WorldOptions): Promise<void> {
    const { dom0 } = this.hypervisor;
    await bootDom0(dom0.store);
    dom0.start('backend drivers', () => runBus(dom0, 'backend', { vif: netback, vbd: blkback, qdisk, vkbd }));
    dom0.start('xenconsoled', () => runConsoled(dom0));
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
    this.world.pace = pace;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#scheduler.close();
    this.hypervisor.stop();
    for (const client of [...this.#outsiders]) await client.close();
    await this.#listener?.close();
    await this.store.close();
  }
}

function worldControl(
  seed: number,
  scheduler: Scheduler,
  socketPath: () => string | undefined,
): WorldControl {
  return {
    seed,
    get pace() {
      return scheduler.pace;
    },
    set pace(pace: number) {
      scheduler.pace = pace;
    },
    get storeSocketPath() {
      return socketPath();
    },
  };
}
