/** Who looks changes nothing: a world leads the same life whether it is observed or not. */
import assert from 'node:assert/strict';
import { openFilePages } from '../../native/pages';
import { Journal } from '../../server/capture/journal';
import { recordHost } from '../../server/capture/recordHost';
import type { Observer } from '../../server/host/observer';
import { PAGE_BYTES } from '../../server/host/pages';
import type { WorldMove } from '../../server/host/worldControl';
import { demoPlan } from '../../server/sim/demo';
import { createWorld } from '../../server/sim/world';
import type { World, WorldOptions } from '../../server/sim/world';
import { ManualClock } from './manualClock';

const observedMs = 60_000;

/** Everything that happens in the first minutes of a world, in order. */
async function journal(options: Partial<WorldOptions>, onMove: (world: World) => void): Promise<string[]> {
  const moves: string[] = [];
  // Nobody looks while it boots.
  const there: { world?: World } = {};
  const world = await createWorld({
    seed: 11,
    pace: 0,
    clock: new ManualClock(),
    plan: demoPlan,
    onMove: ({ number, atMs, text }: WorldMove) => {
      moves.push(`${number} ${atMs} ${text}`);
      if (there.world) onMove(there.world);
    },
    ...options,
  });
  there.world = world;
  await world.advance(observedMs);
  await world.close();
  return moves;
}

describe('a world that is observed', () => {
  it('keeps the journal of one that is not, whatever its pages are', async () => {
    const alone = await journal({}, () => undefined);
    let observer: Observer | undefined;
    let copies = 0;
    let pendings = 0;
    const seen = Buffer.alloc(PAGE_BYTES);
    const look = (world: World) => {
      observer ??= world.observer();
      for (const page of observer.pages()) {
        assert.equal(page.copy(seen), true);
        copies++;
        if (page.inside?.pendingToServer) pendings++;
      }
    };
    const pages = process.platform === 'linux' ? { pages: openFilePages() } : {};
    const observed = await journal(pages, look);
    assert.ok(alone.length > 1000, `only ${alone.length} moves`);
    assert.ok(copies > alone.length && pendings > 0, 'it was looked at, at moments that matter');
    assert.deepEqual(observed, alone);
  }).timeout(60_000);

  it('keeps it while its rings are recorded', async () => {
    const alone = await journal({}, () => undefined);
    const record = new Journal({ clock: new ManualClock() });
    let stop: (() => void) | undefined;
    const clock = new ManualClock();
    const recorded = await journal({}, (world) => {
      stop ??= recordHost(record, world.observer(), clock);
      // Otherwise it would look no more once it has used up what one round allows.
      clock.tick(1);
    });
    stop?.();
    const kinds = new Set([...record.entries()].map(({ kind }) => kind));
    for (const kind of ['movement', 'notify', 'message', 'state'] as const) assert.ok(kinds.has(kind), kind);
    assert.deepEqual(recorded, alone);
  }).timeout(60_000);
});
