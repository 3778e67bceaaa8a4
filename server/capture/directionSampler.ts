/**
 * One direction of a sampled page: the count of what passed, and the new bytes that the page still
 * shows. Of everything that was produced since the last sample the page holds the last ring full;
 * the rest passed unseen, and how much that was is known exactly.
 *
 * Bytes that wait are what the producer wrote. Bytes that were consumed already may be overwritten
 * this moment by what is not published yet. A producer writes from its index on, so it destroys the
 * oldest bytes first: as long as those that we know from the last sample stand untouched, so do the
 * younger ones. Where that cannot be told the bytes are called doubtful.
 */
import type { BrimProbe } from './brimProbe';
import { ByteCounter, type CountResult } from './byteCounter';
import type { DirectionLayout } from './pageLayouts';

/** Fewer known bytes than this may be equal by chance. */
const minKnownBytes = 8;
/** Of many the oldest and the youngest are compared: to compare all was a fifth of a look at a moving ring. */
const probeBytes = 64;

/** `bytes` from `start` to `end`, in the order of the stream; valid during the call. */
export type UseFreshBytes = (bytes: Uint8Array, start: number, end: number, isSure: boolean) => void;

export class DirectionSampler {
  readonly counter: ByteCounter;
  result: CountResult = 'first';
  /** How many new bytes the last sample shows, and the index of the first of them. */
  freshBytes = 0;
  freshFrom = 0;
  /** Produced since the last sample and overwritten since: nobody saw them. */
  unseenBytes = 0;
  totalUnseenBytes = 0;
  /** When the indices became insane: whether bytes of the array changed with them. */
  wasWritten = false;
  #isConsumedSure = false;

  readonly #brim: BrimProbe | undefined;

  /** With a `brim` where the array is not in the page. */
  constructor(
    readonly layout: DirectionLayout,
    brim?: BrimProbe,
  ) {
    this.#brim = brim;
    this.counter = new ByteCounter(layout.sizeBytes);
  }

  /** Nothing moved, or nothing could be told. */
  still(): void {
    this.counter.producedBytes = 0;
    this.counter.consumedBytes = 0;
    this.freshBytes = 0;
    this.unseenBytes = 0;
    this.result = this.counter.isInsane ? 'insane' : 'still';
  }

  /** The indices are about to be set anew. */
  restart(prod: number, cons: number): void {
    this.counter.forgetPair(prod, cons);
    this.still();
  }

  /** `now` is the page with these indices, `before` the page as of the last good sample. */
  take(prod: number, cons: number, nowMs: number, now: Uint8Array, before: Uint8Array | undefined): void {
    const { counter } = this;
    const { sizeBytes } = this.layout;
    this.result = counter.count(prod, cons, nowMs);
    this.freshBytes = 0;
    this.unseenBytes = 0;
    if (this.result === 'insane') {
      this.wasWritten = this.#brim ? this.#brim.hasChanged(cons) : this.#hasArrayChanged(now, before);
      return;
    }
    this.#brim?.keep(prod, cons);
    const isAnew = this.result === 'first' || this.result === 'reset';
    this.freshBytes = isAnew ? counter.usedBytes : Math.min(counter.producedBytes, sizeBytes);
    this.freshFrom = (prod - this.freshBytes) >>> 0;
    this.unseenBytes = isAnew ? 0 : counter.producedBytes - this.freshBytes;
    this.totalUnseenBytes += this.unseenBytes;
    const hasConsumed = this.freshBytes > counter.usedBytes;
    this.#isConsumedSure =
      hasConsumed && before !== undefined && !isAnew && this.#knownStand(prod, now, before);
  }

  #hasArrayChanged(now: Uint8Array, before: Uint8Array | undefined): boolean {
    const { offsetBytes, sizeBytes } = this.layout;
    const array = (page: Uint8Array) => page.subarray(offsetBytes, offsetBytes + sizeBytes);
    return before !== undefined && Buffer.compare(array(now), array(before)) !== 0;
  }

  /** Hands on the new bytes of the last sample: up to four pieces. */
  eachFresh(page: Uint8Array, use: UseFreshBytes): void {
    const waiting = Math.min(this.freshBytes, this.counter.usedBytes);
    const consumed = this.freshBytes - waiting;
    if (consumed > 0) this.#pieces(page, this.freshFrom, consumed, this.#isConsumedSure, use);
    if (waiting > 0) this.#pieces(page, (this.freshFrom + consumed) >>> 0, waiting, true, use);
  }

  #pieces(page: Uint8Array, from: number, length: number, isSure: boolean, use: UseFreshBytes): void {
    const { offsetBytes, sizeBytes } = this.layout;
    const at = from & (sizeBytes - 1);
    const first = Math.min(length, sizeBytes - at);
    use(page, offsetBytes + at, offsetBytes + at + first, isSure);
    if (length > first) use(page, offsetBytes, offsetBytes + length - first, isSure);
  }

  /** Whether the bytes just before the new ones are what they were: the oldest of them, and the youngest. */
  #knownStand(prod: number, now: Uint8Array, before: Uint8Array): boolean {
    const known = this.layout.sizeBytes - this.freshBytes;
    if (known < minKnownBytes) return false;
    const probed = Math.min(known, probeBytes);
    return (
      this.#stand(prod, probed, now, before) && this.#stand(this.freshFrom - probed, probed, now, before)
    );
  }

  /** `from` is an index of the stream. */
  #stand(from: number, length: number, now: Uint8Array, before: Uint8Array): boolean {
    const { offsetBytes, sizeBytes } = this.layout;
    for (let at = from; length > 0; at++, length--) {
      const offset = offsetBytes + (at & (sizeBytes - 1));
      if (now[offset] !== before[offset]) return false;
    }
    return true;
  }
}
