/** Both ends of a pair of byte rings over one page: any sizes, across every end, and against a side that breaks the rules. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BufferMemory } from '../../server/host/bufferMemory';
import type { EventPort } from '../../server/host/events';
import type { RingWork } from '../../server/host/microSteps';
import { ByteRingEnd } from '../../server/xenbus/rings/byteRingEnd';
import type { ByteRing } from '../../server/xenbus/rings/byteRingEnd';

const sizeBytes = 64;

function open(start = 0) {
  const memory = new BufferMemory({ buffer: new SharedArrayBuffer(4096), offset: 0, bytes: 4096 }, 'write');
  const ring = (name: 'in' | 'out', at: number): ByteRing => ({
    name,
    consOffset: at,
    prodOffset: at + 4,
    memory,
    offsetBytes: name === 'in' ? 1024 : 1024 + sizeBytes,
    sizeBytes,
  });
  for (const offset of [0, 4, 64, 68]) memory.store32(offset, start);
  const rings: string[] = [];
  const port = (side: string): EventPort => ({
    port: 1,
    notify: () => void rings.push(side),
    onEvent: undefined,
    unmask: () => undefined,
    close: () => undefined,
  });
  const pair = { indexes: memory, in: ring('in', 0), out: ring('out', 64) };
  return {
    memory,
    rings,
    front: new ByteRingEnd(pair, 'frontend', port('frontend')),
    back: new ByteRingEnd(pair, 'backend', port('backend')),
  };
}

/** All steps of a work, each done; answers what it answers, and what the steps said. */
function done<T>(work: RingWork<T>): { readonly value: T; readonly said: readonly string[] } {
  const said: string[] = [];
  for (;;) {
    const step = work.next('do');
    if (step.done) return { value: step.value, said };
    said.push(step.value.text);
  }
}

describe('a pair of byte rings', () => {
  it('carries bytes in both directions, in order, across the end of the ring and of the index', () => {
    const part = fc.record({
      toBackend: fc.boolean(),
      bytes: fc.uint8Array({ maxLength: 100 }),
      take: fc.nat(80),
    });
    const starts = fc.constantFrom(0, 60, 0xffff_fff0, 0xffff_ffff);
    fc.assert(
      fc.property(starts, fc.array(part, { maxLength: 60 }), (start, parts) => {
        const { front, back } = open(start);
        const waiting = { toBackend: Buffer.alloc(0), toFrontend: Buffer.alloc(0) };
        for (const { toBackend, bytes, take } of parts) {
          const [from, to] = toBackend ? [front, back] : [back, front];
          const way = toBackend ? 'toBackend' : 'toFrontend';
          assert.equal(from.space(), sizeBytes - waiting[way].length);
          const put = bytes.subarray(0, from.space());
          if (put.length > 0) done(from.put(put));
          waiting[way] = Buffer.concat([waiting[way], put]);
          assert.equal(to.ready(), waiting[way].length);
          const count = Math.min(take, to.ready());
          if (count === 0) continue;
          assert.deepEqual(done(to.take(count)).value, waiting[way].subarray(0, count));
          waiting[way] = waiting[way].subarray(count);
        }
      }),
    );
  });

  it('says each step, moves the index after the bytes, and rings the other side for each', () => {
    const { front, back, rings, memory } = open();
    assert.deepEqual(done(front.put(Buffer.from('hello'))).said, [
      '5 bytes into out, from 0x0',
      'out_prod 0x0 → 0x5',
      'rings at the backend',
    ]);
    assert.deepEqual(done(back.take(5)).said, [
      '5 bytes out of out, from 0x0',
      'out_cons 0x0 → 0x5',
      'rings at the frontend',
    ]);
    assert.deepEqual(rings, ['frontend', 'backend']);
    const work = back.put(Buffer.from('x'));
    work.next('do');
    work.next('do');
    assert.equal(memory.load32(4), 0, 'the bytes are there, and not told yet');
  });

  it('neither reads nor writes by indices that cannot be, and says so', () => {
    const { front, back, memory } = open();
    memory.store32(68, sizeBytes + 1);
    assert.throws(() => back.ready(), { code: 'protocol', message: /65 bytes in out, which holds 64/ });
    memory.store32(64, 0xffff_0000);
    assert.throws(() => front.space(), { code: 'protocol' });
    // What the other side writes into our own words changes nothing: where we are we know ourselves.
    memory.store32(4, 12_345);
    assert.equal(back.space(), sizeBytes);
  });
});
