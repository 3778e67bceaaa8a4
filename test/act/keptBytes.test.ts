/** What is kept of a vchan until a page asks: in order, the oldest dropped first, and few pieces however small they come. */
import assert from 'node:assert/strict';
import { KeptBytes, joinedBytes } from '../../server/act/keptBytes';

describe('bytes that are kept until somebody takes them', () => {
  const numbered = (from: number, count: number) =>
    Buffer.from(Array.from({ length: count }, (_, at) => (from + at) % 251));

  it('come back in order, of whatever sizes they were', () => {
    const kept = new KeptBytes();
    const piece = Buffer.alloc(3 * joinedBytes);
    let bytes = 0;
    for (const count of [1, 1, 5000, 1, 4095, 1, 4096, 12_288, 2, 4094, 1]) {
      // Who hands them over uses the same memory for the next.
      numbered(bytes, count).copy(piece);
      kept.add(piece.subarray(0, count));
      bytes += count;
      assert.equal(kept.bytes, bytes);
    }
    assert.deepEqual(kept.take(), numbered(0, bytes));
    assert.deepEqual([kept.bytes, kept.pieces, kept.take().length], [0, 0, 0]);
    kept.add(numbered(7, 3));
    assert.deepEqual(kept.take(), numbered(7, 3));
  });

  it('are few pieces, though they come one by one, and between longer ones', () => {
    const kept = new KeptBytes();
    for (let at = 0; at < 262_144; at++) kept.add(numbered(at, 1));
    assert.equal(kept.pieces, 64);
    assert.deepEqual(kept.take(), numbered(0, 262_144));
    for (let at = 0; at < 1000; at++) {
      kept.add(numbered(0, at % 2 ? 1 : joinedBytes));
      kept.dropTo(262_144);
    }
    assert.ok(kept.pieces <= 130, String(kept.pieces));
  });

  it('are dropped from the oldest on, and counted; the last piece stays', () => {
    const kept = new KeptBytes();
    for (let at = 0; at < 3 * joinedBytes; at++) kept.add(numbered(at, 1));
    assert.equal(kept.dropTo(2 * joinedBytes), joinedBytes);
    assert.equal(kept.dropTo(2 * joinedBytes), 0);
    assert.equal(kept.dropTo(0), joinedBytes);
    assert.deepEqual(kept.take(), numbered(2 * joinedBytes, joinedBytes));
  });
});
