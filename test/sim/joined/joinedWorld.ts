/** A quiet world that programs may join, in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { joinWorld } from '../../../server/cli/joinWorld';
import type { Joining } from '../../../server/cli/joinWorld';
import type { World, WorldOptions } from '../../../server/sim/world';
import { openFilePages } from '../../../native/pages';
import { GuestClient } from '../../support/guestClient';
import { closeWorlds, openWorld } from '../worldKit';

export interface JoinedWorld {
  readonly world: World;
  readonly socketPath: string;
  join(domain: string): Promise<Joining>;
  /** A device of a joined domain. */
  device(kind: number, domid: number): Promise<GuestClient>;
  remove(): void;
}

export async function openJoinedWorld(options: Partial<WorldOptions> = {}): Promise<JoinedWorld> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'joined-'));
  const socketPath = path.join(folder, 'guests');
  const world = await openWorld({
    domains: [],
    pages: openFilePages(),
    guestSocketPath: socketPath,
    ...options,
  });
  return {
    world,
    socketPath,
    join: (domain) => joinWorld(socketPath, domain),
    device: (kind, domid) => GuestClient.open(socketPath, kind, domid),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** One for each test of the describe that calls this, and how a domain of it is joined. */
export function useJoinedWorld(): {
  readonly joined: () => JoinedWorld;
  domid(name: string): Promise<number>;
} {
  let joined: JoinedWorld;
  beforeEach(async () => (joined = await openJoinedWorld()));
  afterEach(async () => {
    await closeWorlds();
    joined.remove();
  });
  return { joined: () => joined, domid: async (name) => (await joined.join(name)).domid };
}

/** Turns of the event loop until it is so; the test's own time limit ends a wait in vain. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Steps a held world until it has done what is looked for; what joins it may take a while to ask. */
export async function stepTo({ world }: World, what: RegExp): Promise<void> {
  for (;;) {
    const move = await world.step();
    if (move && what.test(move.text)) return;
    await new Promise((resolve) => setTimeout(resolve, move ? 0 : 1));
  }
}
