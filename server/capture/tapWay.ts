/**
 * One direction of a vchan that is listened to: which bytes are to be copied for a pair of indices, and
 * what of them is new. Of a ring only that piece is copied, however long it is. What is not new but was
 * seen just before is copied with it, as far as it tells whether the writer has come round meanwhile: it
 * writes from its index on, and so destroys the oldest bytes first.
 */
import { indexDistance, ringSpans } from '../wire/ringIndex';
import { ByteCounter } from './byteCounter';

export type VchanRingName = 'left' | 'right';

/** What one look showed of one ring. */
export interface Passed {
  readonly ring: VchanRingName;
  /** Milliseconds since the epoch, of the host's clock. */
  readonly timeMs: number;
  /** The new bytes, in the order of the stream. */
  readonly bytes: Buffer;
  /** So many passed before them and were overwritten, or could not be reached: nobody saw them. */
  readonly unseenBytes: number;
  /** So many of the first of `bytes` may have been overwritten while they were copied. */
  readonly doubtfulBytes: number;
}

/** Copies bytes of the ring from an offset on; false when the ring is gone. May throw. */
export type CopyRing = (into: Uint8Array, offset: number) => boolean;

/** A copy that ends at the producer's index. */
export interface RingCopy {
  readonly bytes: Buffer;
  /** So many of the first of them were known. */
  readonly knownBytes: number;
}

/** Seen before, and kept to compare. */
const maxTailBytes = 1024;
/** Fewer known bytes than this may be equal by chance. */
const minKnownBytes = 8;

export class TapWay {
  readonly counter: ByteCounter;
  /** Looks that found new bytes: at least so often something was written. */
  writes = 0;
  unseenBytes = 0;
  /** The youngest bytes that were seen, up to the producer's index. */
  #tail: Buffer = Buffer.alloc(0);

  constructor(
    readonly ring: VchanRingName,
    readonly sizeBytes: number,
  ) {
    this.counter = new ByteCounter(sizeBytes);
  }

  /** What may be new by these indices. Undefined when the ring is gone; throws what `copy` throws. */
  copy(prod: number, cons: number, copy: CopyRing): RingCopy | undefined {
    const freshBytes = this.#mostFresh(prod, cons);
    const knownBytes = freshBytes === 0 ? 0 : Math.min(this.#tail.length, this.sizeBytes - freshBytes);
    const bytes = Buffer.alloc(freshBytes + knownBytes);
    let done = 0;
    for (const { offset, length } of ringSpans(
      indexDistance(prod, bytes.length),
      bytes.length,
      this.sizeBytes,
    )) {
      if (!copy(bytes.subarray(done, done + length), offset)) return undefined;
      done += length;
    }
    return { bytes, knownBytes };
  }

  /** The indices held still while that was copied. `seen` is undefined where the bytes cannot be reached. */
  take(prod: number, cons: number, nowMs: number, seen: RingCopy | undefined): Passed | undefined {
    const { counter } = this;
    const result = counter.count(prod, cons, nowMs);
    if (result === 'insane') return undefined;
    const isAnew = result === 'first' || result === 'reset';
    const freshBytes = isAnew ? counter.usedBytes : Math.min(counter.producedBytes, this.sizeBytes);
    if (freshBytes === 0) return undefined;
    const bytes = seen?.bytes.subarray(Math.max(0, seen.bytes.length - freshBytes)) ?? Buffer.alloc(0);
    const unseenBytes = (isAnew ? freshBytes : counter.producedBytes) - bytes.length;
    const consumedBytes = Math.max(0, bytes.length - counter.usedBytes);
    const doubtfulBytes = seen && this.#stands(seen) ? 0 : consumedBytes;
    this.writes++;
    this.unseenBytes += unseenBytes;
    this.#remember(bytes, unseenBytes === 0 && !isAnew);
    return { ring: this.ring, timeMs: nowMs, bytes, unseenBytes, doubtfulBytes };
  }

  /** More may be copied than is new: which it is the counter says. */
  #mostFresh(prod: number, cons: number): number {
    const used = indexDistance(prod, cons);
    if (used > this.sizeBytes) return 0;
    if (!this.counter.hasPair) return used;
    const produced = indexDistance(prod, this.counter.prod);
    return Math.min(this.sizeBytes, produced);
  }

  /** Whether the known bytes before the new ones are what they were. */
  #stands({ bytes, knownBytes }: RingCopy): boolean {
    if (knownBytes < minKnownBytes) return false;
    return this.#tail.subarray(this.#tail.length - knownBytes).equals(bytes.subarray(0, knownBytes));
  }

  #remember(bytes: Buffer, goesOn: boolean): void {
    const all = goesOn ? Buffer.concat([this.#tail, bytes]) : Buffer.from(bytes);
    this.#tail = all.length > maxTailBytes ? Buffer.from(all.subarray(all.length - maxTailBytes)) : all;
  }
}
