/**
 * Tells whether the writer of a ring has written on to the brim, of a ring whose bytes nobody copies: those
 * that lie just before the reader's index are the last that a writer may reach. When its index has run
 * past them and they changed, it wrote its way there; when they stand as they did, the index is wrong.
 */
import type { ObservedPage } from '../host/observer';
import { indexDistance, ringSpans } from '../wire/ringIndex';

/** A few bytes may be the same again by chance. */
const probeBytes = 32;

export class BrimProbe {
  readonly #page: ObservedPage;
  readonly #ring: 'left' | 'right';
  readonly #sizeBytes: number;
  #kept = Buffer.alloc(probeBytes);
  #seen = Buffer.alloc(probeBytes);
  /** Of the bytes that are kept; undefined while none are. */
  #cons: number | undefined;

  constructor(page: ObservedPage, ring: 'left' | 'right', sizeBytes: number) {
    this.#page = page;
    this.#ring = ring;
    this.#sizeBytes = sizeBytes;
  }

  /** The indices make sense. */
  keep(cons: number): void {
    this.#cons = this.#copy(this.#kept, cons) ? cons : undefined;
  }

  /** The indices make no sense any more: whether the bytes that were kept are others now. False where nobody can tell. */
  hasChanged(): boolean {
    return this.#cons !== undefined && this.#copy(this.#seen, this.#cons) && !this.#seen.equals(this.#kept);
  }

  /** False where the bytes cannot be had, or not without mapping more than the page of the indices. */
  #copy(into: Buffer, cons: number): boolean {
    const page = this.#page;
    if (!page.isRingAtHand?.(this.#ring)) return false;
    let done = 0;
    try {
      for (const { offset, length } of ringSpans(
        indexDistance(cons, probeBytes),
        probeBytes,
        this.#sizeBytes,
      )) {
        if (!page.copyRing!(this.#ring, into.subarray(done, done + length), offset)) return false;
        done += length;
      }
    } catch {
      // It went this moment; the copy of the page says so.
      return false;
    }
    return true;
  }
}
