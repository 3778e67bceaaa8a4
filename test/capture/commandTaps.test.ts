/** All command rings of a host: when they are looked at, and how much that costs. */
import assert from 'node:assert/strict';
import { CommandTaps, maxCommandTaps } from '../../server/capture/commandTaps';
import type { ObservedPage, Observer } from '../../server/host/observer';
import { ManualClock } from '../sim/manualClock';
import { CommandRing } from '../support/commandRing';
import { SlotPage } from '../support/slotPage';

function rig(tellsMoves: boolean) {
  const clock = new ManualClock();
  let pages: ObservedPage[] = [];
  const changes = new Set<() => void>();
  const moves = new Set<(domid: number | undefined) => void>();
  const listen = <T>(all: Set<T>, one: T) => {
    all.add(one);
    return () => all.delete(one);
  };
  const observer: Observer = {
    pages: () => pages,
    onChange: (listener) => listen(changes, listener),
    ...(tellsMoves && { onMove: (listener: (domid: number | undefined) => void) => listen(moves, listener) }),
  };
  const seen: string[] = [];
  const taps = new CommandTaps({
    observer,
    clock,
    intervalMs: 500,
    listener: {
      appeared: ({ id }) => seen.push(`${id} appeared`),
      looked: (_, { result, requests, responses }) =>
        seen.push(`${result} ${requests.length} ${responses.length}`),
      gone: ({ id }) => seen.push(`${id} gone`),
    },
    onMistake: (error) => {
      throw error;
    },
  });
  return {
    clock,
    taps,
    listeners: () => changes.size + moves.size,
    share: (...all: ObservedPage[]) => {
      pages = all;
      for (const change of changes) change();
    },
    move: (domid: number) => {
      for (const moved of moves) moved(domid);
    },
    /** What was told since it was asked last. */
    news: () => seen.splice(0),
  };
}

const poll = { cmd: 'poll', id: 5n } as const;
const id = 'device:3:pvcalls/0';

describe('taps on the command rings of a host', () => {
  it('do nothing while there is none, and look as often as is asked for while there is', () => {
    const { clock, taps, share, news, listeners } = rig(false);
    share(new SlotPage().observed);
    clock.tick(10_000);
    assert.deepEqual([news(), clock.waiting], [[], 0]);
    const ring = new CommandRing();
    share(new SlotPage().observed, ring.observed);
    clock.tick(500);
    assert.deepEqual(news(), [`${id} appeared`, 'moved 0 0']);
    ring.request(1, poll);
    clock.tick(499);
    assert.deepEqual(news(), []);
    clock.tick(1);
    assert.deepEqual(news(), ['moved 1 0']);
    taps.setInterval(10);
    ring.respond(1, 'poll', 0, 5n);
    clock.tick(10);
    assert.deepEqual([news(), taps.intervalMs], [['moved 0 1'], 10]);
    share();
    clock.tick(10);
    assert.deepEqual(news(), [`${id} gone`]);
    clock.tick(1_000);
    assert.equal(clock.waiting, 0);
    taps.close();
    taps.close();
    assert.equal(listeners(), 0);
  });

  it('look with each move of either end, and need no clock for it', () => {
    const { clock, taps, share, move, news } = rig(true);
    const ring = new CommandRing();
    share(ring.observed);
    move(7);
    assert.deepEqual(news(), [`${id} appeared`, 'moved 0 0']);
    ring.request(1, poll);
    move(0);
    assert.deepEqual(news(), [], 'a backend has nothing to answer yet');
    move(3);
    assert.deepEqual(news(), ['moved 1 0']);
    ring.respond(1, 'poll', 0, 5n);
    move(0);
    assert.deepEqual(news(), ['moved 0 1']);
    assert.deepEqual([clock.waiting, taps.intervalMs], [0, 0]);
  });

  it('are bounded, and say which are left out', () => {
    const { taps, share, move, news } = rig(true);
    const many = Array.from({ length: maxCommandTaps + 3 }, (_, domid) => ({
      ...new CommandRing().observed,
      id: `ring ${domid}`,
      domid: domid + 1,
    }));
    share(...many);
    move(1);
    assert.equal(news().filter((line) => line.endsWith('appeared')).length, maxCommandTaps);
    const last = [1, 2, 3].map((more) => maxCommandTaps + more);
    assert.deepEqual(
      taps.leftOut.map(({ domid }) => domid),
      last,
    );
  });

  it('go on when one ring cannot be read, and try it again', () => {
    const { clock, taps, share, news } = rig(false);
    let isRefused = true;
    const ring = new CommandRing();
    const page = ring.observed;
    const refused: ObservedPage = {
      ...page,
      copy: (into, offset) => {
        if (isRefused) throw new Error('refused');
        return page.copy(into, offset);
      },
    };
    share(refused);
    clock.tick(500);
    assert.ok(news().includes('gone 0 0'));
    isRefused = false;
    clock.tick(500);
    assert.deepEqual(news(), ['moved 0 0']);
    taps.close();
  });
});
