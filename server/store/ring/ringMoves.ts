/**
 * What either end of a xenstore ring does with the page, in micro-steps and in the order of
 * docs/misc/xenstore-ring.txt and xenstored's domain.c: read both indices once, check them, copy,
 * move the own index, and ring when the round is done. Each work is a generator that names a step
 * and then does it, so that somebody may come between two of them.
 */
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import { SaidStep, hexIndex, moveIndex, ringDoorbell } from '../../host/microSteps';
import type { RingWork } from '../../host/microSteps';
import type { RingStep, RingStepKind } from '../../host/steps';
import { advanceIndex, occupancy, ringSpans } from '../../wire/ringIndex';
import { XS_RING_BYTES } from '../../wire/xsRing';
import { REQ_RING, RSP_RING, type RingHalf } from './ringHalves';

export type RingSide = 'guest' | 'server';

/** Indices that cannot be: nothing was copied by them. */
export interface InsaneIndices {
  readonly kind: 'insane';
  /** One clause with the numbers. */
  readonly text: string;
}

export type Taken = InsaneIndices | { readonly kind: 'bytes'; readonly bytes: Buffer };
export type Put = InsaneIndices | { readonly kind: 'bytes'; readonly count: number };

const nothingTaken: Taken = { kind: 'bytes', bytes: Buffer.alloc(0) };
const nothingPut: Put = { kind: 'bytes', count: 0 };

export class RingMoves {
  /** One move takes no more than a ring holds, and the taken bytes are used before the next one. */
  readonly #taken = Buffer.alloc(XS_RING_BYTES);
  /** An index moved since we rang last. */
  #isUntold = false;

  constructor(
    readonly memory: SharedMemory,
    readonly port: EventPort,
    readonly side: RingSide,
  ) {}

  /** Takes all that lies in the ring. The bytes are valid until the next call; `tell` is to follow. */
  *take(ring: RingHalf): RingWork<Taken> {
    const { memory } = this;
    const cons = memory.load32(ring.consOffset);
    const prod = memory.load32(ring.prodOffset);
    const fill = occupancy(prod, cons, XS_RING_BYTES);
    if (fill.kind === 'insane') return insane(ring, prod, cons, fill.distance);
    const { used } = fill;
    if (used === 0) return nothingTaken;
    yield this.#step('copy', () => `${used} bytes out of ${ring.name}, from ${hexIndex(cons)}`);
    let done = 0;
    for (const { offset, length } of ringSpans(cons, used, XS_RING_BYTES)) {
      memory.copyOut(ring.arrayOffset + offset, this.#taken.subarray(done, done + length));
      done += length;
    }
    yield* this.#moveIndex(`${ring.name}_cons`, ring.consOffset, cons, advanceIndex(cons, used));
    this.#isUntold = true;
    return { kind: 'bytes', bytes: this.#taken.subarray(0, used) };
  }

  /** Puts as many of the bytes into the ring as there is room for; `tell` is to follow. */
  *put(ring: RingHalf, bytes: Buffer): RingWork<Put> {
    const { memory } = this;
    const cons = memory.load32(ring.consOffset);
    const prod = memory.load32(ring.prodOffset);
    const fill = occupancy(prod, cons, XS_RING_BYTES);
    if (fill.kind === 'insane') return insane(ring, prod, cons, fill.distance);
    const count = Math.min(fill.free, bytes.length);
    if (count === 0) return nothingPut;
    const verdict = yield this.#step(
      'copy',
      () => `${count} bytes into ${ring.name}, from ${hexIndex(prod)}`,
    );
    this.#copyIn(ring, prod, bytes.subarray(0, count));
    const isOverrun = verdict === 'overrun';
    const moved = isOverrun ? yield* this.#overrun(ring, prod, count, bytes) : count;
    yield* this.#moveIndex(`${ring.name}_prod`, ring.prodOffset, prod, advanceIndex(prod, moved));
    this.#isUntold = true;
    return { kind: 'bytes', count: isOverrun ? bytes.length : count };
  }

  /**
   * Writes on as one does that never looks for room: the rest of the bytes, and all of them again
   * until they lie once round the ring. Answers how many bytes that is with the first `count`.
   */
  *#overrun(ring: RingHalf, prod: number, count: number, bytes: Buffer): RingWork<number> {
    const times = Math.ceil((XS_RING_BYTES + 1) / bytes.length);
    const all = bytes.length * times;
    yield this.#step(
      'copy',
      () => `${all - count} bytes more into ${ring.name}, over bytes that were not read`,
    );
    for (let at = count; at < all;) {
      const from = at % bytes.length;
      const piece = bytes.subarray(from, from + XS_RING_BYTES);
      this.#copyIn(ring, advanceIndex(prod, at), piece);
      at += piece.length;
    }
    return all;
  }

  /** No more bytes than the ring is long. */
  #copyIn(ring: RingHalf, index: number, bytes: Buffer): void {
    let done = 0;
    for (const { offset, length } of ringSpans(index, bytes.length, XS_RING_BYTES)) {
      this.memory.copyIn(ring.arrayOffset + offset, bytes.subarray(done, done + length));
      done += length;
    }
  }

  /** Sets all four indices to 0 and fills both rings with 0xff, so that nothing old can be taken for a message. */
  *wipe(): RingWork<void> {
    for (const ring of [REQ_RING, RSP_RING]) {
      yield* this.#setIndexZero(`${ring.name}_cons`, ring.consOffset);
      yield* this.#setIndexZero(`${ring.name}_prod`, ring.prodOffset);
    }
    yield this.#step('copy', () => 'both rings filled with 0xff');
    this.memory.copyIn(0, noMessages);
  }

  /** Writes a word beside the indices. */
  *setState(name: string, offset: number, value: number): RingWork<void> {
    const before = this.memory.load32(offset);
    const verdict = yield this.#step('state', () => `${name} ${before} → ${value}`);
    if (verdict !== 'skip') this.memory.store32(offset, value);
  }

  /** Rings if an index moved since we rang: a doorbell carries no count, so one ring tells of both indices. */
  *tell(): RingWork<void> {
    if (!this.#isUntold) return;
    this.#isUntold = false;
    yield* this.notify();
  }

  notify(): RingWork<void> {
    const other = this.side === 'guest' ? 'server' : 'guest';
    return ringDoorbell(this.port, this.side, other);
  }

  #setIndexZero(name: string, offset: number): RingWork<void> {
    return this.#moveIndex(name, offset, this.memory.load32(offset), 0);
  }

  #moveIndex(name: string, offset: number, from: number, to: number): RingWork<void> {
    return moveIndex(this.memory, this.side, { name, offset, from, to });
  }

  #step(kind: RingStepKind, say: () => string): RingStep {
    return new SaidStep(kind, this.side, say);
  }
}

const noMessages = Buffer.alloc(2 * XS_RING_BYTES, 0xff);

function insane({ name }: RingHalf, prod: number, cons: number, distance: number): InsaneIndices {
  const text =
    `${name}_prod is ${hexIndex(prod)} and ${name}_cons ${hexIndex(cons)}, ` +
    `${distance} bytes apart in a ring of ${XS_RING_BYTES}`;
  return { kind: 'insane', text };
}
