import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BufferMemory, copyPart } from '../../server/host/bufferMemory';

const bytes = 4096;
const content = Uint8Array.from({ length: bytes }, (_, at) => (at * 167 + (at >> 8)) & 0xff);
const memory = new BufferMemory({ buffer: content.buffer, offset: 0, bytes }, 'read');

describe('memory over a buffer', () => {
  it('copies pieces of any length from anywhere', () => {
    const piece = fc
      .tuple(fc.nat(bytes), fc.oneof(fc.nat(80), fc.nat(bytes)))
      .filter(([offset, length]) => offset + length <= bytes);
    fc.assert(
      fc.property(piece, ([offset, length]) => {
        const into = new Uint8Array(length);
        memory.copyOut(offset, into);
        assert.deepEqual(into, content.slice(offset, offset + length));
      }),
    );
  });

  it('copies no more than there is where less will do, and else refuses', () => {
    const into = new Uint8Array(32).fill(0xff);
    copyPart(memory, into, bytes - 4);
    assert.deepEqual([...into], [...content.slice(bytes - 4), ...new Array<number>(28).fill(0xff)]);
    assert.throws(() => memory.copyOut(bytes - 4, into), RangeError);
  });
});
