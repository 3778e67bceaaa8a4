/**
 * Counts what passed through one direction of a ring between samples. The indices run freely, so
 * their differences are exact modulo 2^32, however much of it nobody saw. A reset breaks the count:
 * an index that runs back, or ahead faster than any memory is, was set and not moved.
 */
import { indexDistance } from '../wire/ringIndex';

/** No two domains hand over more than a gigabyte per second through a page. */
export const maxBytesPerMs = 1_000_000;
/** Movement that is believed however short the time: clocks of worlds may stand still. */
export const maxBytesAtOnce = 2 ** 20;
/** Beyond half of all numbers "ahead" and "back" cannot be told apart. */
const maxDistance = 2 ** 31;

export type CountResult = 'first' | 'still' | 'moved' | 'insane' | 'reset';

export class ByteCounter {
  /** The last sane pair that was seen. */
  prod = 0;
  cons = 0;
  /** Bytes that wait, as of the last sane pair. */
  usedBytes = 0;
  /** Moved between the last two sane pairs; 0 after a reset. */
  producedBytes = 0;
  consumedBytes = 0;
  /** Since the counter was made: at least so much, and exactly so much while `resets` is 0. */
  totalProducedBytes = 0;
  totalConsumedBytes = 0;
  resets = 0;
  /** The pair as it was read last, sane or not. */
  readProd = 0;
  readCons = 0;
  isInsane = false;
  #hasPair = false;
  #pairMs = 0;

  constructor(readonly sizeBytes: number) {}

  /** Whether `prod` and `cons` are a pair that was seen, and not set anew since. */
  get hasPair(): boolean {
    return this.#hasPair;
  }

  /** How far the indices as read last are apart; more than the ring holds when they are insane. */
  get distance(): number {
    return indexDistance(this.readProd, this.readCons);
  }

  /** Takes a stable pair. */
  count(prod: number, cons: number, nowMs: number): CountResult {
    this.readProd = prod;
    this.readCons = cons;
    this.producedBytes = 0;
    this.consumedBytes = 0;
    this.isInsane = indexDistance(prod, cons) > this.sizeBytes;
    if (this.isInsane) return 'insane';
    const produced = indexDistance(prod, this.prod);
    const consumed = indexDistance(cons, this.cons);
    const wasKnown = this.#hasPair;
    const believedBytes = Math.min(
      maxDistance,
      maxBytesAtOnce + Math.max(0, nowMs - this.#pairMs) * maxBytesPerMs,
    );
    this.#hasPair = true;
    this.#pairMs = nowMs;
    this.prod = prod;
    this.cons = cons;
    this.usedBytes = indexDistance(prod, cons);
    if (!wasKnown) return 'first';
    if (produced > believedBytes || consumed > believedBytes) {
      this.resets++;
      return 'reset';
    }
    this.producedBytes = produced;
    this.consumedBytes = consumed;
    this.totalProducedBytes += produced;
    this.totalConsumedBytes += consumed;
    return produced > 0 || consumed > 0 ? 'moved' : 'still';
  }

  /** The indices are being set anew, and this is how they stand: what comes next is counted from there. */
  forgetPair(prod: number, cons: number): void {
    this.readProd = prod;
    this.readCons = cons;
    this.isInsane = false;
    if (!this.#hasPair) return;
    this.#hasPair = false;
    this.producedBytes = 0;
    this.consumedBytes = 0;
    this.resets++;
  }
}
