/**
 * One end of a pair of byte rings, `in` to the frontend and `out` to the backend, as second consoles and 9pfs
 * have them. The other side can write every word of the page: of its indices each is read once and checked
 * before anything is copied, and of the own ones the truth is kept here.
 */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import { SaidStep, hexIndex, moveIndex, ringDoorbell } from '../../host/microSteps';
import type { RingWork } from '../../host/microSteps';
import { advanceIndex, occupancy, ringSpans } from '../../wire/ringIndex';

export interface ByteRing {
  readonly name: 'in' | 'out';
  /** Where its indices stand in the page of indices. */
  readonly prodOffset: number;
  readonly consOffset: number;
  /** Where its bytes lie: in the same page, or in pages of their own. */
  readonly memory: SharedMemory;
  readonly offsetBytes: number;
  /** A power of two. */
  readonly sizeBytes: number;
}

export interface ByteRingPair {
  /** The page of indices, as this end has it. */
  readonly indexes: SharedMemory;
  readonly in: ByteRing;
  readonly out: ByteRing;
}

export class ByteRingEnd {
  readonly #indexes: SharedMemory;
  readonly #port: EventPort;
  readonly #side: 'frontend' | 'backend';
  readonly #input: ByteRing;
  readonly #output: ByteRing;
  #cons: number;
  #prod: number;

  /** Goes on where the indices of this side stand. */
  constructor(pair: ByteRingPair, side: 'frontend' | 'backend', port: EventPort) {
    this.#indexes = pair.indexes;
    this.#port = port;
    this.#side = side;
    [this.#input, this.#output] = side === 'frontend' ? [pair.in, pair.out] : [pair.out, pair.in];
    this.#cons = this.#indexes.load32(this.#input.consOffset);
    this.#prod = this.#indexes.load32(this.#output.prodOffset);
  }

  /** Bytes that can be read. Throws `protocol` where the indices cannot be. */
  ready(): number {
    return this.#fill(this.#input, this.#indexes.load32(this.#input.prodOffset), this.#cons).used;
  }

  /** Bytes that can be written. Throws `protocol` where the indices cannot be. */
  space(): number {
    return this.#fill(this.#output, this.#prod, this.#indexes.load32(this.#output.consOffset)).free;
  }

  /** Takes `count` bytes, no more than are ready, and rings: the other side may wait for room. */
  *take(count: number): RingWork<Buffer> {
    const { name, consOffset: offset, memory, offsetBytes, sizeBytes } = this.#input;
    const from = this.#cons;
    yield new SaidStep('copy', this.#side, () => `${count} bytes out of ${name}, from ${hexIndex(from)}`);
    const bytes = Buffer.alloc(count);
    let done = 0;
    for (const span of ringSpans(from, count, sizeBytes)) {
      memory.copyOut(offsetBytes + span.offset, bytes.subarray(done, (done += span.length)));
    }
    this.#cons = advanceIndex(from, count);
    yield* moveIndex(this.#indexes, this.#side, { name: `${name}_cons`, offset, from, to: this.#cons });
    yield* this.#ring();
    return bytes;
  }

  /** Puts bytes, no more than there is room for, and rings. */
  *put(bytes: Uint8Array): RingWork<void> {
    const { name, prodOffset: offset, memory, offsetBytes, sizeBytes } = this.#output;
    const from = this.#prod;
    yield new SaidStep(
      'copy',
      this.#side,
      () => `${bytes.length} bytes into ${name}, from ${hexIndex(from)}`,
    );
    let done = 0;
    for (const span of ringSpans(from, bytes.length, sizeBytes)) {
      memory.copyIn(offsetBytes + span.offset, bytes.subarray(done, (done += span.length)));
    }
    this.#prod = advanceIndex(from, bytes.length);
    yield* moveIndex(this.#indexes, this.#side, { name: `${name}_prod`, offset, from, to: this.#prod });
    yield* this.#ring();
  }

  #ring(): RingWork<void> {
    return ringDoorbell(this.#port, this.#side, this.#side === 'frontend' ? 'backend' : 'frontend');
  }

  #fill({ name, sizeBytes }: ByteRing, prod: number, cons: number) {
    const fill = occupancy(prod, cons, sizeBytes);
    if (fill.kind === 'sane') return fill;
    throw new XenscopeError(
      'protocol',
      `The ring is broken: ${fill.distance} bytes in ${name}, which holds ${sizeBytes}.`,
      { wayOut: 'Have both ends close and connect anew.' },
    );
  }
}
