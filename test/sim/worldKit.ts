/** Worlds for tests: closed when the test ends, read as a whole, and followed event by event. */
import type { StoreClient } from '../../server/host/storeClient';
import { demoDomains } from '../../server/sim/demo';
import { createWorld } from '../../server/sim/world';
import type { World, WorldOptions } from '../../server/sim/world';
import type { DomainConfig } from '../../server/sim/toolstack/config';
import { childPath } from '../../server/wire/xsPath';
import { formatXsPerm } from '../../server/wire/xsPerms';
import { ManualClock } from './manualClock';

export interface Node {
  readonly value: string;
  /** As xenstore-ls prints them: `n0,r1`. */
  readonly perms: string;
}

export type Dump = ReadonlyMap<string, Node>;

/**
 * A driver domain and two guests that it serves: what needs some guests, and not all kinds of them, boots these
 * in a fifth of the time of the whole demo.
 */
export const fewDomains = demoDomains.slice(0, 3);

const open = new Set<World>();

/** A quiet world on a clock of its own, unless the options say otherwise. */
export async function openWorld(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await createWorld({ seed: 1, pace: 0, clock: new ManualClock(), ...options });
  open.add(world);
  return world;
}

export async function closeWorlds(): Promise<void> {
  for (const world of open) await world.close();
  open.clear();
}

/** Every node of the world; its store is not changed by looking. */
export async function dump(world: World): Promise<Dump> {
  const store = world.openStore();
  const nodes = new Map<string, Node>();
  const visit = async (path: string): Promise<void> => {
    const [value, perms, names] = await Promise.all([
      store.read(path),
      store.getPerms(path),
      store.directory(path),
    ]);
    nodes.set(path, { value: value.toString('latin1'), perms: perms.map(formatXsPerm).join() });
    for (const name of names) await visit(childPath(path, name));
  };
  await visit('/');
  await store.close();
  return nodes;
}

/** The paths of all changes below `/` from now on, in order; with the values found there, if asked. */
export async function followAll(world: World, options: { values?: boolean } = {}): Promise<string[]> {
  const store: StoreClient = world.openStore();
  const watch = await store.watch('/');
  const seen: string[] = [];
  void (async () => {
    for await (const event of watch) {
      if (event.kind === 'initial') continue;
      if (!options.values) seen.push(event.path);
      else seen.push(`${event.path} = ${await valueOf(store, event.path)}`);
    }
  })();
  await world.settled();
  return seen;
}

async function valueOf(store: StoreClient, path: string): Promise<string> {
  return store.read(path).then(
    (value) => value.toString('latin1'),
    () => '(gone)',
  );
}

/** A small guest for tests that need only one part of a whole host. */
export function plainGuest(overrides: Partial<DomainConfig> = {}): DomainConfig {
  return {
    name: 'guest',
    type: 'pv',
    memoryMiB: 192,
    vcpus: 1,
    kernel: '/boot/vmlinux',
    ramdisk: '/boot/domu.img',
    cmdline: 'console=hvc0',
    nics: [],
    disks: [],
    onPoweroff: 'destroy',
    onCrash: 'destroy',
    guest: () => Promise.resolve(),
    ...overrides,
  };
}
