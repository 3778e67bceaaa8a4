/** The pure machines, whole: each view that there can be, not a sample of them. */
import assert from 'node:assert/strict';
import { isXenbusMove } from '../../server/wire/xenbusDance';
import type { XenbusSide } from '../../server/wire/xenbusDance';
import { XenbusState } from '../../server/wire/xenbusState';
import type { BackendPolicy, BackendView } from '../../server/xenbus/policies/backendPolicy';
import { classicBackend } from '../../server/xenbus/policies/classic';
import { nextFrontendStep } from '../../server/xenbus/policies/frontendPolicy';
import type { FrontendHabits, FrontendView } from '../../server/xenbus/policies/frontendPolicy';
import { linuxBackend } from '../../server/xenbus/policies/linux';
import { modernBackend } from '../../server/xenbus/policies/modern';

const states = Object.values(XenbusState);
const bools = [false, true];
const { Unknown, Initialising, InitWait, Initialised, Connected, Closing, Closed } = XenbusState;

function* backendViews(): Generator<BackendView> {
  for (const own of states)
    for (const other of states)
      for (const online of bools)
        for (const isSetUp of bools)
          for (const hotplug of ['due', 'hangs', 'done'] as const)
            // Rings are only mapped by a driver that has prepared the device.
            for (const isAttached of isSetUp && hotplug === 'done' ? bools : [false])
              yield { own, other, online, isSetUp, hotplug, isAttached };
}

function* frontendViews(): Generator<FrontendView> {
  for (const own of states)
    for (const other of states)
      for (const online of bools)
        for (const isFresh of bools)
          for (const isAttached of isFresh ? bools : [false])
            yield { own, other, online, isFresh, isAttached };
}

const habits: FrontendHabits[] = [Initialised, Connected].flatMap((published) =>
  (['always', 'ifUsed', 'never'] as const).flatMap((closesFirst) =>
    bools.map((reopens) => ({ published, closesFirst, reopens })),
  ),
);

function mustBeLegal(side: XenbusSide, from: XenbusState, to: XenbusState, view: object): void {
  // Preparing a device anew may leave its state where it is.
  if (from === to) return;
  assert.ok(isXenbusMove(side, from, to), `${from} → ${to} from ${JSON.stringify(view)}`);
}

/** What a view becomes when the step is done and the other side stands still. */
function afterBackend(policy: BackendPolicy, view: BackendView): BackendView | 'ended' | undefined {
  const step = policy.next(view);
  switch (step?.kind) {
    case undefined:
      return undefined;
    case 'end':
      return 'ended';
    case 'plug':
      return { ...view, hotplug: 'done' };
    case 'release':
      return { ...view, isAttached: false };
    case 'init':
      return { ...view, own: step.to, isSetUp: true };
    case 'attach':
      return { ...view, own: step.to, isAttached: true };
    case 'switch':
      return { ...view, own: step.to, isAttached: view.isAttached && step.to === Connected };
  }
}

for (const policy of [classicBackend, modernBackend, linuxBackend]) {
  describe(`the ${policy.name} backend`, () => {
    it('makes legal moves only, and prepares and maps once, whatever it sees', () => {
      for (const view of backendViews()) {
        const step = policy.next(view);
        if (!step) continue;
        if ('to' in step) mustBeLegal('backend', view.own, step.to, view);
        if (step.kind === 'attach') {
          assert.ok(view.isSetUp && view.hotplug === 'done' && !view.isAttached, JSON.stringify(view));
          assert.ok(view.other === Initialised || view.other === Connected, JSON.stringify(view));
        }
        if (step.kind === 'release') assert.ok(view.isAttached, JSON.stringify(view));
        if (step.kind === 'plug') assert.equal(view.hotplug, 'due', JSON.stringify(view));
      }
    });

    it('comes to rest when the other side stands still', () => {
      for (const first of backendViews()) {
        let view = first;
        for (let steps = 0; ; steps++) {
          assert.ok(steps < 10, `goes in a circle from ${JSON.stringify(first)}`);
          const next = afterBackend(policy, view);
          if (next === undefined || next === 'ended') break;
          view = next;
        }
      }
    });

    it('never keeps rings where there is no connection, but under Closing', () => {
      for (const view of backendViews()) {
        if (!view.isAttached || view.own === Unknown) continue;
        const next = afterBackend(policy, view);
        if (next !== undefined) continue;
        assert.ok(view.own >= Connected && view.own !== Closed, JSON.stringify(view));
      }
    });
  });
}

describe('backends', () => {
  const seen: BackendView = {
    own: Connected,
    other: Closed,
    online: true,
    isSetUp: true,
    hotplug: 'done',
    isAttached: true,
  };

  it('close word for word in the classic way, and through Closing in the Linux way', () => {
    assert.deepEqual(classicBackend.next(seen), { kind: 'switch', to: Closed });
    assert.deepEqual(modernBackend.next(seen), { kind: 'switch', to: Closed });
    assert.deepEqual(linuxBackend.next(seen), { kind: 'switch', to: Closing });
  });

  it('differ in what they do with a closed device whose frontend begins anew', () => {
    const closed = { ...seen, own: Closed, other: Initialising, isAttached: false } as const;
    assert.deepEqual(classicBackend.next(closed), { kind: 'switch', to: Initialising });
    assert.deepEqual(modernBackend.next(closed), { kind: 'switch', to: InitWait });
    assert.deepEqual(modernBackend.next({ ...closed, online: false }), { kind: 'end' });
    assert.deepEqual(linuxBackend.next({ ...closed, online: false }), { kind: 'end' });
  });

  it('answer a Closing that the toolstack wrote as their kind does', () => {
    const told = { ...seen, own: Closing, other: Initialising, isAttached: false } as const;
    assert.deepEqual(modernBackend.next(told), { kind: 'switch', to: Closed });
    assert.equal(classicBackend.next(told), undefined);
    const inUse = { ...told, other: Connected, isAttached: true } as const;
    for (const policy of [classicBackend, modernBackend, linuxBackend]) {
      assert.equal(policy.next(inUse), undefined, `${policy.name}: the frontend has to close first`);
    }
  });
});

describe('a frontend', () => {
  it('makes legal moves only, whatever it sees and whatever its habits are', () => {
    for (const habit of habits)
      for (const view of frontendViews()) {
        const step = nextFrontendStep(view, habit);
        if (!step) continue;
        if ('to' in step) mustBeLegal('frontend', view.own, step.to, { ...view, ...habit });
        if (step.kind === 'attach') assert.ok(!view.isAttached && view.other === InitWait);
        if (step.kind === 'release') assert.ok(view.isAttached);
      }
  });

  it('closes before it connects only if that is its habit', () => {
    const view = {
      own: Initialising,
      other: InitWait,
      online: true,
      isFresh: true,
      isAttached: false,
    } as const;
    const habit: FrontendHabits = { published: Connected, closesFirst: 'always', reopens: true };
    assert.deepEqual(nextFrontendStep({ ...view, isFresh: false }, habit), { kind: 'switch', to: Closing });
    assert.deepEqual(nextFrontendStep(view, habit), { kind: 'attach', to: Connected });
    // A backend that stays in InitWait never answers: the frontend waits, and does not skip Closing.
    assert.equal(nextFrontendStep({ ...view, own: Closing, isFresh: false }, habit), undefined);
  });

  it('begins anew by itself only while the device is online', () => {
    const view = { own: Closed, other: Closed, online: true, isFresh: true, isAttached: false } as const;
    const habit: FrontendHabits = { published: Connected, closesFirst: 'never', reopens: true };
    assert.deepEqual(nextFrontendStep(view, habit), { kind: 'switch', to: Initialising });
    assert.equal(nextFrontendStep({ ...view, online: false }, habit), undefined);
    assert.equal(nextFrontendStep(view, { ...habit, reopens: false }), undefined);
  });
});
