/** A simulated host with its flight recorder, which is always on. */
import { joinTaps } from '../capture/joinTaps';
import { Journal } from '../capture/journal';
import { recorderOf } from '../capture/journalFile';
import { recordAdmissions } from '../capture/recordAdmissions';
import { recordHost } from '../capture/recordHost';
import { recordStore } from '../capture/storeRecorder';
import type { Host, HostRecorder } from '../host/host';
import type { WorldOptions } from '../sim/world';
import { systemClock } from './systemClock';

export interface RecordedWorld extends Host {
  readonly recorder: HostRecorder;
}

/**
 * All that passes through its store is recorded from the first byte on, and what comes from outside; its
 * rings from when it is up.
 */
export async function openRecordedWorld(options: Omit<WorldOptions, 'clock'>): Promise<RecordedWorld> {
  // Loaded when it is needed: the other verbs start without it.
  const { createWorld } = await import('../sim/world');
  const journal = new Journal({ clock: systemClock });
  const recorded = recordStore(journal);
  const tap = options.tap ? joinTaps(recorded, options.tap) : recorded;
  const world = await createWorld({ ...options, clock: systemClock, tap });
  const stopAdmissions = recordAdmissions(journal, world.world);
  const stopRings = recordHost(journal, world.observer(), systemClock);
  const { kind, clock, random } = world;
  return {
    kind,
    clock,
    random,
    world: world.world,
    endReports: world.endReports,
    recorder: recorderOf(journal),
    openStore: () => world.openStore(),
    openProgram: (domid) => world.openProgram(domid),
    observer: () => world.observer(),
    close: async () => {
      stopAdmissions();
      stopRings();
      await world.close();
    },
  };
}
