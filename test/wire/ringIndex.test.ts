import assert from 'node:assert/strict';
import fc from 'fast-check';
import { advanceIndex, indexDistance, mustNotify, occupancy, ringSpans } from '../../server/wire/ringIndex';

const index = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.integer({ min: -2048, max: 2048 }).map((near) => near >>> 0),
);

describe('ring indices', () => {
  it('count over 2^32', () => {
    assert.equal(advanceIndex(0xfffffff0, 0x20), 0x10);
    assert.equal(indexDistance(0x10, 0xfffffff0), 0x20);
    fc.assert(
      fc.property(index, fc.nat(4096), (cons, count) => {
        assert.equal(indexDistance(advanceIndex(cons, count), cons), count);
      }),
    );
  });

  it('take a full ring for full, neither empty nor insane', () => {
    assert.deepEqual(occupancy(1024, 0, 1024), { kind: 'sane', used: 1024, free: 0 });
    assert.deepEqual(occupancy(7, 7, 1024), { kind: 'sane', used: 0, free: 1024 });
  });

  it('call a pair insane from one more than the ring holds on', () => {
    assert.deepEqual(occupancy(1025, 0, 1024), { kind: 'insane', distance: 1025 });
    assert.deepEqual(occupancy(0, 1, 1024), { kind: 'insane', distance: 0xffffffff });
  });

  it('split what crosses the end of the ring, and lose nothing', () => {
    assert.deepEqual(ringSpans(1020, 10, 1024), [
      { offset: 1020, length: 4 },
      { offset: 0, length: 6 },
    ]);
    assert.deepEqual(ringSpans(0, 1024, 1024), [{ offset: 0, length: 1024 }]);
    fc.assert(
      fc.property(index, fc.nat(1024), (start, length) => {
        const offsets = ringSpans(start, length, 1024).flatMap((span) =>
          Array.from({ length: span.length }, (_, at) => span.offset + at),
        );
        const expected = Array.from({ length }, (_, at) => advanceIndex(start, at) % 1024);
        assert.deepEqual(offsets, expected);
      }),
    );
  });

  it('notify exactly when the event lies in what was just published', () => {
    assert.ok(mustNotify(0, 1, 1));
    assert.ok(!mustNotify(0, 1, 2));
    assert.ok(!mustNotify(1, 2, 1));
    fc.assert(
      fc.property(index, fc.integer({ min: 1, max: 64 }), fc.nat(200), (before, count, ahead) => {
        const event = advanceIndex(before, ahead);
        assert.equal(mustNotify(before, advanceIndex(before, count), event), ahead >= 1 && ahead <= count);
      }),
    );
  });
});
