import assert from 'node:assert/strict';
import fc from 'fast-check';
import { VchanTap, maxKeptBytes } from '../../server/capture/vchanTap';
import { XenscopeError } from '../../server/host/errors';
import type { ObservedPage } from '../../server/host/observer';
import { VCHAN_PAGE } from '../../server/wire/vchanPage';

const { fields } = VCHAN_PAGE;
type Ring = 'left' | 'right';

/** A vchan as its two ends have it: rings of so many bytes, and what was written into them in all. */
class Pages {
  readonly words = Buffer.alloc(24);
  readonly rings: Record<Ring, Buffer>;
  readonly written: Record<Ring, number[]> = { left: [], right: [] };
  isGone = false;
  refusal: XenscopeError | undefined;
  copiedBytes = 0;
  /** Called before each copy of a ring: somebody else is at work. */
  meanwhile: () => void = () => undefined;
  readonly observed: ObservedPage;

  constructor(sizeBytes: number, startIndex = 0) {
    this.rings = { left: Buffer.alloc(sizeBytes), right: Buffer.alloc(sizeBytes) };
    for (const ring of ['left', 'right'] as const) {
      this.set(ring, 'prod', startIndex);
      this.set(ring, 'cons', startIndex);
    }
    this.observed = {
      id: 'vchan:1:8',
      kind: 'vchan',
      domid: 1,
      ringBytes: [sizeBytes, sizeBytes],
      found: 'made for a test',
      copy: (into, offset = 0) => {
        if (!this.isGone) this.words.copy(into, 0, offset, offset + into.length);
        return !this.isGone;
      },
      copyRing: (ring, into, offset) => {
        this.meanwhile();
        if (this.refusal) throw this.refusal;
        assert.ok(offset + into.length <= sizeBytes);
        this.copiedBytes += into.length;
        this.rings[ring as Ring].copy(into, 0, offset);
        return true;
      },
    };
  }

  index(ring: Ring, which: 'prod' | 'cons'): number {
    return this.words.readUInt32LE(fields[`${ring}_${which}`].offsetBytes);
  }

  set(ring: Ring, which: 'prod' | 'cons', value: number): void {
    this.words.writeUInt32LE(value >>> 0, fields[`${ring}_${which}`].offsetBytes);
  }

  /** As much as there is room for. */
  write(ring: Ring, bytes: Uint8Array): void {
    const size = this.rings[ring].length;
    const room = size - ((this.index(ring, 'prod') - this.index(ring, 'cons')) >>> 0);
    const part = bytes.subarray(0, room);
    this.put(ring, part);
    this.set(ring, 'prod', this.index(ring, 'prod') + part.length);
    this.written[ring].push(...part);
  }

  /** Bytes that are not published yet. */
  put(ring: Ring, bytes: Uint8Array): void {
    const at = this.index(ring, 'prod');
    bytes.forEach((byte, next) => (this.rings[ring][(at + next) & (this.rings[ring].length - 1)] = byte));
  }

  read(ring: Ring, most = Infinity): void {
    const waiting = (this.index(ring, 'prod') - this.index(ring, 'cons')) >>> 0;
    this.set(ring, 'cons', this.index(ring, 'cons') + Math.min(waiting, most));
  }
}

const text = (value: string) => Buffer.from(value);
const told = (tap: VchanTap) =>
  tap.take().passed.map(({ ring, bytes, unseenBytes }) => [ring, bytes.toString('latin1'), unseenBytes]);

describe('a vchan that is listened to', () => {
  it('tells both directions in the order in which they were seen', () => {
    const pages = new Pages(1024, 2 ** 32 - 5);
    const tap = new VchanTap(pages.observed);
    assert.equal(tap.look(0), 'moved');
    pages.write('left', text('hello, server'));
    assert.equal(tap.look(1), 'moved');
    pages.read('left');
    pages.write('right', text('hello, client'));
    assert.equal(tap.look(2), 'moved');
    assert.equal(tap.look(3), 'same');
    assert.deepEqual(told(tap), [
      ['left', 'hello, server', 0],
      ['right', 'hello, client', 0],
    ]);
    assert.deepEqual([tap.left.counter.totalProducedBytes, tap.right.counter.usedBytes], [13, 13]);
    assert.deepEqual(told(tap), []);
  });

  it('begins with what waits when it comes', () => {
    const pages = new Pages(1024);
    pages.write('left', text('read before'));
    pages.read('left');
    pages.write('left', text('still there'));
    const tap = new VchanTap(pages.observed);
    tap.look(0);
    assert.deepEqual(told(tap), [['left', 'still there', 0]]);
  });

  it('copies what is new and not the whole ring', () => {
    const pages = new Pages(2 ** 20);
    const tap = new VchanTap(pages.observed);
    tap.look(0);
    pages.write('left', text('a few bytes'));
    tap.look(1);
    assert.equal(pages.copiedBytes, 11);
  });

  it('counts what passed unseen, exactly', () => {
    const pages = new Pages(1024);
    const tap = new VchanTap(pages.observed);
    tap.look(0);
    for (let round = 0; round < 5; round++) {
      pages.write('right', Buffer.alloc(1000, round));
      pages.read('right');
    }
    tap.look(1);
    const [passed] = tap.take().passed;
    assert.deepEqual([passed!.bytes.length, passed!.unseenBytes], [1024, 5 * 1000 - 1024]);
    assert.equal(passed!.bytes.at(-1), 4);
    assert.equal(tap.right.unseenBytes, 5 * 1000 - 1024);
  });

  it('never tells a byte for certain that was another one', () => {
    const step = fc.record({
      ring: fc.constantFrom<Ring>('left', 'right'),
      writes: fc.uint8Array({ minLength: 0, maxLength: 1500 }),
      reads: fc.nat(1500),
      unpublished: fc.uint8Array({ maxLength: 200 }),
      isLooked: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(2 ** 32 - 1), (steps, startIndex) => {
        const pages = new Pages(1024, startIndex);
        const tap = new VchanTap(pages.observed);
        tap.look(0);
        const at: Record<Ring, number> = { left: 0, right: 0 };
        steps.forEach(({ ring, writes, reads, unpublished, isLooked }, time) => {
          pages.write(ring, writes);
          pages.read(ring, reads);
          const room = 1024 - ((pages.index(ring, 'prod') - pages.index(ring, 'cons')) >>> 0);
          pages.put(ring, unpublished.subarray(0, room));
          if (!isLooked) return;
          tap.look(time);
          for (const { ring: which, bytes, unseenBytes, doubtfulBytes } of tap.take().passed) {
            const from = at[which] + unseenBytes;
            const truth = Buffer.from(pages.written[which].slice(from, from + bytes.length));
            assert.equal(bytes.length, truth.length);
            assert.deepEqual(bytes.subarray(doubtfulBytes), truth.subarray(doubtfulBytes));
            at[which] = from + bytes.length;
          }
          for (const which of ['left', 'right'] as const) {
            assert.equal(tap[which].counter.totalProducedBytes, pages.written[which].length);
            assert.equal(at[which], pages.written[which].length);
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('takes nothing while the indices move under it, and all of it with the next look', () => {
    const pages = new Pages(1024);
    const tap = new VchanTap(pages.observed);
    tap.look(0);
    pages.write('left', text('a'));
    pages.meanwhile = () => pages.write('left', text('b'));
    assert.equal(tap.look(1), 'torn');
    pages.meanwhile = () => undefined;
    tap.look(2);
    assert.equal(
      told(tap)
        .map(([, bytes]) => bytes)
        .join(''),
      Buffer.from(pages.written.left).toString(),
    );
  });

  it('copies nothing by indices that cannot be', () => {
    const pages = new Pages(1024);
    const tap = new VchanTap(pages.observed);
    tap.look(0);
    pages.set('left', 'prod', 5000);
    tap.look(1);
    assert.ok(tap.left.counter.isInsane);
    assert.deepEqual([pages.copiedBytes, told(tap).length], [0, 0]);
  });

  it('holds whatever a hostile end writes into the words', () => {
    const near = fc.integer({ min: -3000, max: 3000 });
    const index = fc.oneof(near, fc.nat(2 ** 32 - 1));
    const look = fc.record({ prod: index, cons: index, ring: fc.constantFrom<Ring>('left', 'right') });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 50 }), (looks) => {
        const pages = new Pages(1024);
        const tap = new VchanTap(pages.observed);
        looks.forEach(({ prod, cons, ring }, time) => {
          pages.set(ring, 'prod', prod);
          pages.set(ring, 'cons', cons);
          tap.look(time);
          for (const { bytes, unseenBytes, doubtfulBytes } of tap.take().passed) {
            assert.ok(bytes.length <= 1024 && unseenBytes >= 0);
            assert.ok(doubtfulBytes >= 0 && doubtfulBytes <= bytes.length);
          }
          assert.ok(tap[ring].counter.usedBytes <= 1024);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('counts where the bytes cannot be reached, and says why', () => {
    const pages = new Pages(4096);
    const tap = new VchanTap(pages.observed);
    tap.look(0);
    pages.refusal = new XenscopeError('notOurs', 'The grant is for somebody else.');
    pages.write('left', Buffer.alloc(300));
    tap.look(1);
    assert.equal(tap.unreachable?.message, 'The grant is for somebody else.');
    assert.deepEqual(told(tap), [['left', '', 300]]);
    pages.refusal = undefined;
    pages.write('left', text('now it can'));
    tap.look(2);
    assert.equal(tap.unreachable, undefined);
    assert.deepEqual(told(tap), [['left', 'now it can', 0]]);
  });

  it('keeps so much and no more of what nobody takes, and says how much it left out', () => {
    const pages = new Pages(4096);
    const tap = new VchanTap(pages.observed);
    tap.look(0);
    const rounds = (2 * maxKeptBytes) / 4096;
    for (let round = 0; round < rounds; round++) {
      pages.write('left', Buffer.alloc(4096, round));
      tap.look(round);
      pages.read('left');
    }
    const { passed, leftOutBytes } = tap.take();
    const kept = passed.reduce((sum, { bytes }) => sum + bytes.length, 0);
    assert.ok(kept <= maxKeptBytes && kept > maxKeptBytes / 2, `${kept}`);
    assert.equal(kept + leftOutBytes, rounds * 4096);
    assert.equal(passed.at(-1)!.bytes[0], (rounds - 1) & 0xff);
  });

  it('says when the vchan is gone', () => {
    const pages = new Pages(1024);
    const tap = new VchanTap(pages.observed);
    tap.look(0);
    pages.isGone = true;
    assert.equal(tap.look(1), 'gone');
  });
});
