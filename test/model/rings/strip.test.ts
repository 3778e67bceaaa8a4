import assert from 'node:assert/strict';
import { slotMs, stripSlots, Strip } from '../../../server/model/rings/strip';
import { watchRings } from './watchRings';

const startMs = 1_700_000_000_000;

describe('the strip of a ring', () => {
  it('begins anew where the clock was set back: slots, beginning and rate', () => {
    const strip = new Strip(['req']);
    for (let slot = 0; slot < 50; slot++) {
      strip.begin(startMs + slot * slotMs);
      strip.add(0, 10, 100, 100, 1);
    }
    const backMs = startMs - 3_600_000;
    assert.equal(strip.begin(backMs), false, 'what moved since the last sample belongs to no moment');
    strip.add(0, 7, 0, 0, 0);
    const anew = strip.read(0);
    assert.equal(anew.startMs, backMs);
    assert.deepEqual(anew.directions[0]!.usedBytes, [7]);
    assert.equal(strip.rate(0, 'produced', backMs), 0);
    assert.equal(strip.begin(backMs + 5 * slotMs), true);
    strip.add(0, 0, 300, 0, 0);
    assert.equal(strip.rate(0, 'produced', backMs + 6 * slotMs), 500, '300 bytes in six slots');
    assert.deepEqual(strip.read(0).directions[0]!.usedBytes, [7, null, null, null, null, 0]);
  });

  it('tells a rate that stays until the slots that make it are over', () => {
    const strip = new Strip(['req']);
    const at = (slots: number, ms = 0) => startMs + slots * slotMs + ms;
    strip.begin(startMs);
    assert.ok(strip.isQuiet(at(1)));
    strip.begin(at(20, 30));
    strip.begin(at(20, 60));
    strip.add(0, 0, 1_234, 1_234, 2);
    assert.equal(strip.rate(0, 'produced', at(20, 99)), 0, 'the slot is not over');
    assert.ok(!strip.isQuiet(at(20, 99)));
    const rates = new Set<number>();
    for (let ms = 0; ms < 10 * slotMs; ms += 7) rates.add(strip.rate(0, 'consumed', at(21, ms)));
    assert.deepEqual([...rates], [1_234]);
    assert.equal(strip.rate(0, 'messages', at(30, 99)), 2);
    assert.ok(!strip.isQuiet(at(30, 99)));
    assert.equal(strip.rate(0, 'produced', at(31)), 0);
    assert.ok(strip.isQuiet(at(31)));
  });

  it('begins anew even where the clock was set back by less than a slot', () => {
    const strip = new Strip(['req']);
    strip.begin(startMs + 50);
    strip.add(0, 9, 100, 0, 0);
    assert.equal(strip.begin(startMs + 20), false);
    strip.add(0, 3, 0, 0, 0);
    assert.deepEqual(strip.read(0).directions[0]!.usedBytes, [3]);
  });

  it('holds two minutes and forgets what is older', () => {
    const strip = new Strip(['req']);
    for (let slot = 0; slot < stripSlots + 10; slot++) {
      strip.begin(startMs + slot * slotMs);
      strip.add(0, slot, 0, 0, 0);
    }
    const { usedBytes } = strip.read(0).directions[0]!;
    assert.deepEqual([usedBytes.length, usedBytes[0], usedBytes.at(-1)], [stripSlots, 10, stripSlots + 9]);
  });
});

describe('the strip of a ring that is watched', () => {
  it('holds the most that waited and all that passed in each slot, with marks', () => {
    const { clock, subscribe, page, watch } = watchRings();
    subscribe(20);
    clock.tick(slotMs);
    page.produce('req', Buffer.alloc(600, 1));
    clock.tick(slotMs);
    page.consume('req');
    page.setPair('rsp', 9, 20);
    clock.tick(slotMs);
    const strip = watch.strip('xenstore:1')!;
    const [req] = strip.directions;
    assert.equal(Math.max(...req!.usedBytes.map((bytes) => bytes ?? 0)), 600);
    assert.equal(
      req!.producedBytes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
      600,
    );
    assert.ok(strip.marks.some(({ what }) => what.includes('insane')));
  });

  it('has no level where the indices mean nothing', () => {
    const { clock, subscribe, page, watch } = watchRings();
    subscribe(20);
    const levels = () => {
      const { directions } = watch.strip('xenstore:1')!;
      return directions.map(({ usedBytes }) => usedBytes.at(-1));
    };
    page.produce('rsp', Buffer.alloc(40));
    clock.tick(3 * slotMs);
    assert.deepEqual(levels(), [0, 40]);
    page.setPair('req', 9, 20);
    clock.tick(3 * slotMs);
    assert.deepEqual(levels(), [null, 40], 'impossible indices');
    page.setPair('req', 20, 20);
    page.setWord('connection', 1);
    clock.tick(3 * slotMs);
    assert.deepEqual(levels(), [null, null], 'a reconnect is under way');
    page.setWord('connection', 0);
    clock.tick(3 * slotMs);
    assert.deepEqual(levels(), [0, 40]);
  });

  it('is bounded, knows where nobody looked, and gives only what is new when asked', () => {
    const { clock, subscribe, watch } = watchRings();
    const first = subscribe();
    clock.tick(5_000);
    first.stop();
    clock.tick(10_000);
    subscribe();
    clock.tick(1_000);
    const { directions } = watch.strip('xenstore:1')!;
    assert.ok(directions[0]!.usedBytes.filter((bytes) => bytes === null).length > 90);
    clock.tick(10 * stripSlots * slotMs);
    assert.equal(watch.strip('xenstore:1')!.directions[0]!.usedBytes.length, stripSlots);
    const fresh = watch.strip('xenstore:1', clock.nowMs() - 1_000)!;
    assert.ok(fresh.directions[0]!.usedBytes.length <= 11);
  });

  it('does not press what passed while nobody looked into one moment', () => {
    const { clock, subscribe, page, last } = watchRings();
    subscribe().stop();
    const first = subscribe();
    clock.tick(100);
    first.stop();
    page.pass('req', Buffer.alloc(1_000_000));
    clock.tick(60_000);
    subscribe();
    clock.tick(0);
    assert.equal(last().rings[0]!.directions[0]!.producedPerSecond, 0);
  });
});
