/** Acts on a device in any order, while the drivers of both ends live with them, and the toolstack takes it away. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Acts } from '../../server/act/acts';
import type { DeviceAct } from '../../server/act/devices/deviceAct';
import { systemClock } from '../../server/cli/systemClock';
import { XenscopeError } from '../../server/host/errors';
import { XenbusState } from '../../server/wire/xenbusState';
import { linuxBackend } from '../../server/xenbus/policies/linux';
import { modernBackend } from '../../server/xenbus/policies/modern';
import { back, front, illegal, openRig, turn } from '../xenbus/rig';

const lives = 60;

const act: fc.Arbitrary<DeviceAct> = fc.oneof(
  fc.constantFrom('reconnect', 'offline', 'online', 'forceClose', 'cleanUp').map((kind) => ({ kind })),
  fc.record({
    kind: fc.constant('move' as const),
    side: fc.constantFrom('frontend' as const, 'backend' as const),
    to: fc.integer({ min: 0, max: 9 }),
  }),
);
const step = fc.record({ act, turns: fc.integer({ min: 0, max: 12 }), takesBack: fc.boolean() });
const life = fc.record({
  isLinux: fc.boolean(),
  reopens: fc.boolean(),
  steps: fc.array(step, { maxLength: 8 }),
});

describe('a device that is acted on', () => {
  it('never keeps what its drivers held, nor comes back when it was removed', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(life, async ({ isLinux, reopens, steps }) => {
        const rig = await openRig();
        try {
          rig.runBackend(isLinux ? linuxBackend : modernBackend);
          rig.runFrontend({ published: XenbusState.Initialised, closesFirst: 'ifUsed', reopens });
          await rig.add();
          const acts = new Acts({
            store: rig.store,
            nameDomain: (domid) => `domain ${domid}`,
            isReal: false,
            allowDomain0Edits: () => false,
            clock: systemClock,
            isHeld: () => false,
          });
          for (const { act: each, turns, takesBack } of steps) {
            for (let count = 0; count < turns; count++) await turn();
            await live(acts, each, takesBack);
          }
          const last = acts.perform({ kind: 'device', path: front, act: { kind: 'forceClose' } }, true);
          await Promise.all([last.catch(mustBeSaid), rig.remove()]);
          await rig.holdsNothing();
          for (const path of [front, back]) {
            await assert.rejects(rig.store.getPerms(path), { storeError: 'ENOENT' });
          }
          assert.deepEqual(illegal(rig.moves), [], 'no driver was led to a move that the rules do not have');
        } finally {
          await rig.close();
        }
      }),
      { numRuns: lives },
    );
  });

  async function live(acts: Acts, each: DeviceAct, takesBack: boolean): Promise<void> {
    // Nobody waits for a reconnect: the next act comes in the middle of it.
    const nobody = new AbortController();
    const edit = { kind: 'device', path: front, act: each } as const;
    const done = acts.perform(edit, true, nobody.signal).catch(mustBeSaid);
    if (each.kind === 'reconnect') nobody.abort();
    const undoId = (await done)?.undoId;
    if (takesBack && undoId !== undefined) await acts.undo(undoId).catch(mustBeSaid);
  }
});

/** Refused, overtaken, or no longer waited for: in any case a sentence. */
function mustBeSaid(error: unknown): undefined {
  assert.ok(error instanceof XenscopeError, String(error));
  assert.ok(['refused', 'overtaken', 'cancelled', 'gone'].includes(error.code), error.message);
  return undefined;
}
