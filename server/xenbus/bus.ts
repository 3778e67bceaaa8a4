/**
 * Finds the devices of a domain as they come and go, hands each to a driver, and tells the drivers
 * what others write into the devices' own folders: one watch for all of them.
 */
import type { StoreClient } from '../host/storeClient';
import { XenbusState } from '../wire/xenbusState';
import { nodeName } from '../wire/xsPath';
import { BackendDriver } from './backendDriver';
import type { MakeDevice } from './deviceClass';
import { deviceEvent, deviceKind, deviceRoot } from './devicePath';
import type { DeviceRoot } from './devicePath';
import { FrontendDriver } from './frontendDriver';
import { readNames, readState } from './nodes';
import type { BackendPolicy } from './policies/backendPolicy';
import type { FrontendHabits } from './policies/frontendPolicy';
import type { XenbusPorts } from './ports';

/** A guest may write any number of folders where its devices are. */
const maxDevices = 4096;

interface Kind {
  /** Devices of the kind that are somebody else's, by their number, are left alone. All are ours when absent. */
  takes?(devid: string): boolean;
}

export interface BackendKind extends Kind {
  readonly policy: BackendPolicy;
  readonly make: MakeDevice;
}

export interface FrontendKind extends Kind {
  readonly habits: FrontendHabits;
  readonly make: MakeDevice;
}

/** By the kind in the path: `vif`, `vbd`, `qdisk`. Kinds without a driver are left alone. */
export type BackendKinds = Readonly<Record<string, BackendKind>>;
export type FrontendKinds = Readonly<Record<string, FrontendKind>>;

/** Whether a device is there, and whose, shows in its folder and in these nodes; the others say nothing of it. */
const saysOfPresence = new Set(['', 'state', 'frontend', 'frontend-id', 'backend', 'backend-id']);

/** What the bus needs of a driver. */
interface Driver {
  run(signal: AbortSignal): Promise<boolean>;
  look(...stale: readonly ('own' | 'online' | 'hotplug')[]): Promise<void>;
}

interface Held {
  readonly gone: AbortController;
  readonly driver: Driver;
  /** Its driver has given it up; it begins anew when the toolstack says so. */
  hasEnded: boolean;
}

/** Serves devices below `root`, e.g. `backend` or `backend/qdisk/3`, until the signal of the ports is aborted. */
export function runBackends(ports: XenbusPorts, root: string, kinds: BackendKinds): Promise<void> {
  const make = (path: string, { policy, make: makeClass }: BackendKind) =>
    new BackendDriver({ ports, path, make: makeClass, policy });
  return new Bus(ports, deviceRoot(root), kinds, make).run();
}

/** Drives the devices below `device`. */
export function runFrontends(ports: XenbusPorts, kinds: FrontendKinds, root = 'device'): Promise<void> {
  const make = (path: string, { habits, make: makeClass }: FrontendKind) =>
    new FrontendDriver({ ports, path, make: makeClass, habits });
  return new Bus(ports, deviceRoot(root), kinds, make).run();
}

class Bus<OfDevice extends Kind> {
  readonly #held = new Map<string, Held>();
  readonly #running = new Set<Promise<void>>();

  constructor(
    private readonly ports: XenbusPorts,
    private readonly root: DeviceRoot,
    private readonly kinds: Readonly<Record<string, OfDevice>>,
    private readonly makeDriver: (path: string, kind: OfDevice) => Driver,
  ) {}

  async run(): Promise<void> {
    const { ports, root } = this;
    try {
      await ports.follow(root.path, (event) => this.#onEvent(event.path), ports.signal);
    } finally {
      for (const { gone } of this.#held.values()) gone.abort(new Error('the drivers have ended'));
      await Promise.all(this.#running);
    }
  }

  async #onEvent(path: string): Promise<void> {
    const event = deviceEvent(this.root, path);
    if (!event) return;
    if (event.kind === 'folder') return this.#lookAround();
    const held = this.#held.get(event.path);
    if (held && !held.hasEnded) {
      if (event.node === 'state') void held.driver.look('own');
      else if (event.node === 'online') void held.driver.look('online');
      else if (event.node === 'hotplug-status') void held.driver.look('hotplug');
    }
    if (saysOfPresence.has(event.node)) await this.#check([event.path]);
  }

  async #lookAround(): Promise<void> {
    const below = await foldersBelow(this.ports.store, this.root);
    await this.#check([...new Set([...below, ...this.#held.keys()])]);
  }

  async #check(paths: readonly string[]): Promise<void> {
    const known = paths.filter((path) => this.#isOurs(path));
    const states = await Promise.all(known.map((path) => readState(this.ports.store, path)));
    for (const [place, path] of known.entries()) this.#update(path, states[place]!);
  }

  #isOurs(path: string): boolean {
    const kind = deviceKind(this.root, path);
    if (!Object.hasOwn(this.kinds, kind)) return false;
    return this.kinds[kind]!.takes?.(nodeName(path)) ?? true;
  }

  #update(path: string, state: XenbusState): void {
    const held = this.#held.get(path);
    if (state === XenbusState.Unknown) {
      held?.gone.abort(new Error(`${path} is gone`));
      this.#held.delete(path);
    } else if (!held) {
      if (this.#held.size < maxDevices) this.#hold(path);
    } else if (held.hasEnded && state === XenbusState.Initialising) this.#hold(path);
  }

  /** Runs a driver until the device is gone. */
  #hold(path: string): void {
    const { ports, kinds } = this;
    const driver = this.makeDriver(path, kinds[deviceKind(this.root, path)]!);
    const held: Held = { gone: new AbortController(), driver, hasEnded: false };
    this.#held.set(path, held);
    const signal = AbortSignal.any([held.gone.signal, ports.signal]);
    const run = this.#run(path, held, signal).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #run(path: string, held: Held, signal: AbortSignal): Promise<void> {
    try {
      const wasThere = await held.driver.run(signal);
      held.hasEnded = true;
      // Whoever began anew while the driver was still giving things back was not heard.
      if (wasThere && !signal.aborted) await this.#check([path]);
    } catch (error) {
      held.hasEnded = true;
      // A device that goes away under its driver is an everyday thing.
      if (!signal.aborted) this.ports.log(`the driver of ${path} failed: ${String(error)}`);
    }
  }
}

async function foldersBelow(store: StoreClient, { path, depth }: DeviceRoot): Promise<string[]> {
  let level = [path];
  for (let step = 0; step < depth; step++) {
    const below = await Promise.all(level.map((folder) => readNames(store, folder)));
    level = level.flatMap((folder, place) => below[place]!.map((name) => `${folder}/${name}`));
  }
  return level;
}
