import assert from 'node:assert/strict';
import { loadKoffi } from '../../native/koffi';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { memoryAt } from '../../native/mappedMemory';
import { noNotify, piecesOf } from '../../native/notifyPieces';
import { PAGE_BYTES } from '../../server/host/pages';
import { throwsCode } from '../support/throwsCode';

const libraries = new XenLibraries();
const canChangeBits = process.platform === 'linux' && libraries.state('atomic').kind === 'loaded';

/** Memory of C for a test; given back by whoever ends the test. */
function allocate(pages: number): bigint {
  return loadKoffi().alloc('uint8_t', pages * PAGE_BYTES) as bigint;
}

if (process.platform === 'linux') {
  for (const views of [true, false]) {
    describe(`memory that C mapped, ${views ? 'under a buffer' : 'copied at each access'}`, () => {
      let pointer: bigint;
      beforeEach(() => (pointer = allocate(3)));
      afterEach(() => loadKoffi().free(pointer));

      const whole = (access: 'read' | 'write' = 'write') =>
        memoryAt([{ pointer, pages: 3 }], access, libraries, views);

      it('reads what the other view of it wrote, words, bytes and pieces', () => {
        const [ours, theirs] = [whole(), memoryAt([{ pointer, pages: 3 }], 'read', libraries, true)];
        ours.store32(8, 0xfffffff0);
        assert.equal(theirs.load32(8), 0xfffffff0);
        assert.equal(ours.load32(8), 0xfffffff0);
        assert.equal(ours.load8(11), 0xff);
        ours.store8(9, 0x112);
        assert.equal(theirs.load8(9), 0x12);
        ours.store32(12, -1);
        assert.equal(ours.load32(12), 0xffffffff);
        const piece = Buffer.from('a piece of text across pages');
        ours.copyIn(PAGE_BYTES - 5, piece);
        const [seen, copied] = [Buffer.alloc(piece.length), Buffer.alloc(piece.length)];
        theirs.copyOut(PAGE_BYTES - 5, seen);
        ours.copyOut(PAGE_BYTES - 5, copied);
        assert.deepEqual([seen, copied], [piece, piece]);
        ours.copyOut(0, new Uint8Array(0));
        ours.copyIn(3 * PAGE_BYTES, new Uint8Array(0));
      });

      it('changes a byte in one piece, or says what it needs for that', () => {
        const memory = whole();
        memory.store8(5, 0b1100);
        if (!views && !canChangeBits) return throwsCode(() => memory.and8(5, 1), 'unsupported');
        assert.equal(memory.and8(5, 0b0110), 0b1100);
        assert.equal(memory.or8(5, 0b1000_0001), 0b0100);
        assert.equal(memory.load8(5), 0b1000_0101);
      });

      it('joins pieces that lie anywhere', () => {
        const page = (at: number) => ({ pointer: pointer + BigInt(at * PAGE_BYTES), pages: 1 });
        whole().store32(2 * PAGE_BYTES, 22);
        const turned = memoryAt([page(2), page(0)], 'write', libraries, views);
        assert.equal(turned.bytes, 2 * PAGE_BYTES);
        assert.equal(turned.load32(0), 22);
        turned.copyIn(PAGE_BYTES - 1, Buffer.from([7, 8]));
        assert.equal(whole().load8(0), 8);
        assert.equal(whole().load8(3 * PAGE_BYTES - 1), 7);
      });

      it('lets nobody write who may only read, and nothing outside be touched', () => {
        const memory = whole('read');
        throwsCode(() => memory.store32(0, 1), 'refused');
        throwsCode(() => memory.store8(0, 1), 'refused');
        throwsCode(() => memory.and8(0, 1), 'refused');
        throwsCode(() => memory.or8(0, 1), 'refused');
        throwsCode(() => memory.copyIn(0, new Uint8Array(1)), 'refused');
        for (const offset of [-1, 3 * PAGE_BYTES, 0.5, NaN, Infinity]) {
          assert.throws(() => memory.load8(offset), RangeError);
          assert.throws(() => memory.load32(offset), RangeError);
          assert.throws(() => memory.copyOut(offset, new Uint8Array(1)), RangeError);
        }
        assert.throws(() => memory.load32(2), RangeError);
      });

      it('is out of reach once it was revoked, for the reason that was given first', () => {
        const memory = whole();
        assert.equal(memory.dead, undefined);
        memory.revoke('It was unmapped.');
        memory.revoke('Again.');
        assert.equal(memory.dead, 'It was unmapped.');
        throwsCode(() => memory.load32(0), 'gone');
        throwsCode(() => memory.load8(0), 'gone');
        throwsCode(() => memory.store8(0, 1), 'gone');
        throwsCode(() => memory.or8(0, 1), 'gone');
        throwsCode(() => memory.copyOut(0, new Uint8Array(1)), 'gone');
        throwsCode(() => memory.copyIn(0, new Uint8Array(1)), 'gone');
      });
    });
  }
}

if (process.platform === 'linux') {
  describe('memory that is copied at each access', () => {
    it('lets nothing reach C that is no bytes', () => {
      const pointer = allocate(1);
      const memory = memoryAt([{ pointer, pages: 1 }], 'write', libraries, false);
      for (const bytes of [{}, '1', [1], undefined, { length: 4 }] as never[]) {
        assert.throws(() => memory.copyOut(0, bytes), TypeError);
        assert.throws(() => memory.copyIn(0, bytes), TypeError);
      }
      loadKoffi().free(pointer);
    });
  });
}

describe('pages of which one is to notify', () => {
  const byte = (clearByteOffset: number) => ({ clearByteOffset });
  it('are mapped in one piece when nobody is to be told', () => {
    assert.deepEqual(piecesOf(3, undefined), [{ first: 0, count: 3, notify: noNotify }]);
    assert.deepEqual(piecesOf(3, {}), [{ first: 0, count: 3, notify: noNotify }]);
  });

  it('are mapped apart from the page with the byte, which notifies', () => {
    const pieces = piecesOf(4, { clearByteOffset: PAGE_BYTES + 7, signalPort: 3 });
    assert.deepEqual(pieces, [
      { first: 0, count: 1, notify: noNotify },
      { first: 1, count: 1, notify: { offset: 7, port: 3 } },
      { first: 2, count: 2, notify: noNotify },
    ]);
    assert.equal(piecesOf(1, byte(0)).length, 1);
    assert.equal(piecesOf(2, byte(0)).length, 2);
    assert.equal(piecesOf(2, byte(2 * PAGE_BYTES - 1)).length, 2);
  });

  it('signal by the first page when there is no byte to clear', () => {
    const [first] = piecesOf(2, { signalPort: 9 });
    assert.deepEqual(first, { first: 0, count: 1, notify: { offset: 0xffffffff, port: 9 } });
  });
});
