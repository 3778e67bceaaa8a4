/** Random lives of event channels under a schedule that orders, delays, loses and doubles as it likes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EventPort } from '../../../server/host/events';
import { effort, seed } from '../../fuzz/seed';
import { newMachine } from '../../support/machineHost';

const bells = 3;

type Step =
  | { readonly act: 'ring'; readonly bell: number; readonly end: number; readonly isLost: boolean }
  | { readonly act: 'deliver'; readonly which: number; readonly times: number }
  | { readonly act: 'unmask' | 'rebind' | 'deafen' | 'listen'; readonly bell: number; readonly end: number };

const bell = fc.nat(bells - 1);
const end = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constant('ring' as const), bell, end, isLost: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('deliver' as const),
      which: fc.nat(10),
      times: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constantFrom('unmask' as const, 'unmask' as const, 'deafen' as const, 'listen' as const),
      bell,
      end,
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('rebind' as const), bell, end }) },
);

/** One end, and what may be said of it without knowing how it works. */
interface End {
  port: EventPort;
  /** Somebody rang, nothing was lost, and it has not been told since. */
  isOwed: boolean;
  told: number;
  /** More than this it may never be told. */
  atMost: number;
  isMasked: boolean;
}

class Doorbells {
  readonly machine = newMachine({
    schedule: (deliver, { kind }) => {
      if (kind === 'ring' && this.loses) return 'lost';
      this.travelling.push(deliver);
      return 'sent';
    },
  });
  readonly travelling: (() => void)[] = [];
  loses = false;
  opened = 2 * bells;
  readonly sides = [1, 2].map((domid) => {
    this.machine.createDomain(domid);
    return { domid, events: this.machine.portsOf(domid).events };
  });
  readonly pairs = Array.from({ length: bells }, () => {
    const near = this.end(this.sides[0]!.events.bindUnbound(2));
    const far = this.end(this.sides[1]!.events.bindInterdomain(1, near.port.port));
    far.atMost = 1;
    return [near, far] as const;
  });

  end(port: EventPort): End {
    const end: End = { port, isOwed: false, told: 0, atMost: 0, isMasked: false };
    this.listen(end);
    return end;
  }

  listen(end: End): void {
    end.port.onEvent = () => {
      assert.equal(end.isMasked, false, 'told while masked');
      end.isMasked = true;
      end.isOwed = false;
      end.told++;
      assert.ok(end.told <= end.atMost, `told ${end.told} times, rung ${end.atMost} times`);
    };
  }

  do(step: Step): void {
    if (step.act === 'deliver') return this.deliver(step.which, step.times);
    const pair = this.pairs[step.bell]!;
    const end = pair[step.end]!;
    switch (step.act) {
      case 'ring':
        return this.ring(end, pair[1 - step.end]!, step.isLost);
      case 'unmask':
        end.isMasked = false;
        return end.port.unmask();
      case 'deafen':
        end.port.onEvent = undefined;
        return;
      case 'listen':
        return this.listen(end);
      case 'rebind':
        return this.rebind(pair, step.end);
    }
  }

  ring(from: End, to: End, isLost: boolean): void {
    this.loses = isLost;
    from.port.notify();
    this.loses = false;
    to.atMost++;
    if (!isLost) to.isOwed = true;
  }

  deliver(which: number, times: number): void {
    if (this.travelling.length === 0) return;
    const [deliver] = this.travelling.splice(which % this.travelling.length, 1);
    // What comes twice may be told twice.
    if (times > 1) for (const end of this.pairs.flat()) end.atMost++;
    for (let time = 0; time < times; time++) deliver!();
  }

  /** One end closes its port and binds again to the other, which stays. */
  rebind(pair: readonly [End, End], which: number): void {
    const [closed, kept] = [pair[which]!, pair[1 - which]!];
    closed.port.close();
    closed.port.notify();
    const { events } = this.sides[which]!;
    closed.port = events.bindInterdomain(this.sides[1 - which]!.domid, kept.port.port);
    this.opened++;
    closed.isMasked = false;
    closed.isOwed = true;
    closed.atMost++;
    this.listen(closed);
  }

  /** Everybody listens and looks until nothing travels any more. */
  settle(): void {
    for (let round = 0; round < 3; round++) {
      for (const end of this.pairs.flat()) {
        this.listen(end);
        end.isMasked = false;
        end.port.unmask();
      }
      while (this.travelling.length > 0) this.travelling.shift()!();
    }
  }
}

describe('random lives of doorbells', () => {
  it('lose no wake-up that was not lost on the way, make up none, and do not pile up', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const doorbells = new Doorbells();
        for (const each of steps) {
          doorbells.do(each);
          // To each port one ring, and one look at what waited.
          assert.ok(doorbells.travelling.length <= 2 * doorbells.opened);
        }
        doorbells.settle();
        for (const end of doorbells.pairs.flat()) assert.equal(end.isOwed, false, 'rung and never told');
      }),
      { numRuns: 500 * effort, seed },
    );
  }).timeout(60_000 * effort);
});
