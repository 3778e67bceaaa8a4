/** A ring at rest: nobody asks the doctor about it, and what is told of it is still what the doctor would say. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PageSampler, restIntervalMs } from '../../../server/capture/pageSampler';
import { diagnose } from '../../../server/doctor/doctor';
import { HistoryKeeper } from '../../../server/model/rings/ringHistory';
import { judgeIntervalMs } from '../../../server/model/rings/ringModel';
import type { RingRow, RingsFrame } from '../../../server/model/rings/ringTypes';
import { RingWatch } from '../../../server/model/rings/ringWatch';
import { ManualClock } from '../../sim/manualClock';
import { ObservedRingPage, PageObserver } from '../../support/observedPage';
import { rawFrame } from '../../support/rawConnection';

const intervalMs = 40;
const request = rawFrame({ type: 'READ', reqId: 1, payload: 'name|' });
const bound = { pendingToServer: false, pendingToGuest: false, toldServer: 1, toldGuest: 1 };

function rig(kind: 'xenstore' | 'console', isSimulated: boolean) {
  const page = new ObservedRingPage({ kind });
  if (isSimulated) page.inside = bound;
  const clock = new ManualClock();
  const asked = { times: 0, lastMs: -Infinity };
  let isHeld = false;
  let isLookedAt = false;
  const observed = page.observed;
  const { copy } = observed;
  Object.assign(observed, {
    copy: (into: Uint8Array, offset?: number) => {
      isLookedAt = true;
      return copy(into, offset);
    },
  });
  const watch = new RingWatch({
    observer: new PageObserver([observed]),
    clock,
    isHeld: () => isHeld,
    judge: (history, activeMs) => {
      asked.times++;
      asked.lastMs = clock.nowMs();
      return diagnose(history, activeMs);
    },
  });
  const frames: RingsFrame[] = [];
  const told: { readonly is: unknown; readonly shouldBe: unknown }[] = [];
  // Looks whenever the other looked, and judges each time.
  const eager = new PageSampler(page.observed);
  const history = new HistoryKeeper(eager);
  let activeMs = clock.nowMs();
  let lastMs = activeMs;
  watch.subscribe(
    (frame) => {
      if (!isHeld) activeMs += frame.timeMs - lastMs;
      lastMs = frame.timeMs;
      frames.push(frame);
      if (isLookedAt) history.fold(eager.sample(frame.timeMs), activeMs);
      isLookedAt = false;
      const [row] = frame.rings;
      if (!row || frame.timeMs - asked.lastMs < judgeIntervalMs) return;
      // Not asserted here: what a listener throws ends no sampling, and no test.
      told.push({ is: said(row), shouldBe: said({ verdict: diagnose(history, activeMs)[0]! }) });
    },
    { intervalMs },
  );
  return { page, clock, asked, frames, told, watch, hold: (held: boolean) => (isHeld = held) };
}

function said({ verdict: { rule, severity, text, evidence } }: Pick<RingRow, 'verdict'>) {
  return { rule, severity, text, evidence };
}

type Rig = ReturnType<typeof rig>;

const things: Record<string, (rig: Rig, amount: number) => void> = {
  produce: ({ page }, amount) => void page.produce(page.layout.directions[0]!.name, Buffer.alloc(amount, 65)),
  answer: ({ page }, amount) => void page.produce(page.layout.directions[1]!.name, Buffer.alloc(amount, 66)),
  consume: ({ page }) => page.layout.directions.forEach(({ name }) => page.consume(name)),
  ask: ({ page }) => page.pass(page.layout.directions[0]!.name, request),
  scribble: ({ page }, amount) => page.copyIn(page.layout.directions[0]!.name, Buffer.alloc(amount, 67)),
  setBack: ({ page }) => page.setPair(page.layout.directions[0]!.name, 0, 0),
  spoil: ({ page }, amount) => page.setPair(page.layout.directions[1]!.name, 5_000 + amount, 3),
  connection: ({ page }, amount) => page.setWord('connection', amount % 2),
  error: ({ page }, amount) => page.layout.kind === 'xenstore' && page.setWord('error', amount % 4),
  tell: ({ page }) =>
    page.inside && (page.inside = { ...page.inside, toldServer: (page.inside.toldServer ?? 0) + 1 }),
  ring: ({ page }, amount) =>
    page.inside && (page.inside = { ...page.inside, pendingToGuest: amount % 2 === 0 }),
  unbind: ({ page }) => page.inside && (page.inside = { ...page.inside, toldServer: undefined }),
  go: ({ page }, amount) => (page.isGone = amount % 2 === 0),
  tear: ({ page }, amount) =>
    (page.beforeCopy =
      amount % 2 === 0 ? () => page.pass(page.layout.directions[0]!.name, request) : undefined),
  hold: ({ hold }, amount) => hold(amount % 2 === 0),
};

const step = fc.record({
  what: fc.constantFrom(...Object.keys(things)),
  amount: fc.integer({ min: 0, max: 1_100 }),
  thenMs: fc.constantFrom(20, 90, 250, 600, 1_300, 3_500, 12_000),
});

describe('a ring at rest', () => {
  it('is told as the doctor would judge it now, whatever happened before', () => {
    let compared = 0;
    const kind = fc.constantFrom('xenstore', 'console');
    fc.assert(
      fc.property(kind, fc.boolean(), fc.array(step, { maxLength: 12 }), (which, isSimulated, steps) => {
        const scene = rig(which, isSimulated);
        for (const { what, amount, thenMs } of steps) {
          things[what]!(scene, amount);
          scene.clock.tick(thenMs);
        }
        for (const { is, shouldBe } of scene.told) assert.deepEqual(is, shouldBe);
        compared += scene.told.length;
      }),
      { numRuns: 100 },
    );
    assert.ok(compared > 1_000, `${compared} frames without a judgement`);
  });

  it('costs no judgement, and is the same object from frame to frame', () => {
    const { clock, asked, frames, page, watch } = rig('xenstore', true);
    page.pass('req', request);
    clock.tick(15_000);
    const { times } = asked;
    const { samples } = watch.detail('xenstore:3')!;
    frames.length = 0;
    clock.tick(60_000);
    assert.equal(asked.times, times);
    assert.equal(new Set(frames.map(({ rings }) => rings[0])).size, 1);
    const looks = watch.detail('xenstore:3')!.samples - samples;
    assert.ok(looks >= 60_000 / (2 * restIntervalMs), `it is looked at all the same, ${looks} times`);
    const { usedBytes } = watch.strip('xenstore:3', clock.nowMs() - 1_000)!.directions[0]!;
    assert.ok(
      usedBytes.every((used) => used === 0),
      'and has a history',
    );
  });

  it('is in the list as it was found to be by whoever looked at it alone', () => {
    for (let phaseMs = 0; phaseMs < 100; phaseMs += 25) {
      const { clock, frames, page, watch } = rig('xenstore', true);
      clock.tick(15_000 + phaseMs);
      page.pass('req', request);
      // Until nothing more is said of the movement, which may be found between two frames.
      for (let ms = 0; ms < 1_300; ms++) {
        clock.tick(1);
        watch.detail('xenstore:3');
      }
      clock.tick(2_000);
      const [row] = frames.at(-1)!.rings;
      assert.equal(row!.directions[0]!.producedPerSecond, 0, `after ${phaseMs} ms`);
      assert.equal(row, watch.detail('xenstore:3')!.row);
    }
  });

  it('is at rest no more as soon as it moves, its doorbell is rung, or it goes', () => {
    for (const wake of [
      ({ page }: Rig) => page.produce('req', request),
      ({ page }: Rig) => (page.inside = { ...bound, toldServer: undefined }),
      ({ page }: Rig) => (page.isGone = true),
    ]) {
      const scene = rig('xenstore', true);
      scene.clock.tick(15_000);
      const { times } = scene.asked;
      wake(scene);
      scene.clock.tick(judgeIntervalMs + 2 * intervalMs);
      assert.ok(scene.asked.times > times);
    }
  });

  it('flowed until the world was held, and still does however long that lasts', () => {
    const { clock, frames, page, hold } = rig('xenstore', false);
    clock.tick(15_000);
    page.pass('req', request);
    clock.tick(500);
    hold(true);
    clock.tick(30_000);
    assert.equal(frames.at(-1)!.rings[0]!.verdict.rule, 'flowing');
    hold(false);
    clock.tick(2_000);
    assert.equal(frames.at(-1)!.rings[0]!.verdict.rule, 'idle');
  });

  it('was set anew a while ago, and is told so for a while', () => {
    const { clock, frames, page } = rig('xenstore', false);
    page.pass('req', request);
    clock.tick(15_000);
    page.setPair('req', 0, 0);
    clock.tick(5_000);
    const { verdict } = frames.at(-1)!.rings[0]!;
    assert.match(verdict.evidence.join(), /set anew in the last 10 s/);
    clock.tick(8_000);
    const after = frames.at(-1)!.rings[0]!.verdict;
    assert.equal(after.rule, verdict.rule);
    assert.doesNotMatch(after.evidence.join(), /set anew/);
  });

  it('accuses who does not look, although nothing moves', () => {
    const { clock, frames, page } = rig('xenstore', true);
    clock.tick(15_000);
    page.produce('req', request);
    clock.tick(3_300);
    assert.equal(frames.at(-1)!.rings[0]!.verdict.rule, 'notify-lost');
    const before = frames.at(-1)!.rings[0]!.verdict.text;
    clock.tick(2_000);
    assert.notEqual(frames.at(-1)!.rings[0]!.verdict.text, before, 'for how long is told anew');
  });
});
